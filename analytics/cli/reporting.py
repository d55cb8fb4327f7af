"""The command that writes the report."""

from datetime import datetime
from pathlib import Path

import click

from analytics.cli.common import common_options, echo_json

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(
    epilog="Example: analytics report --since 2026-03-09 --until 2026-03-15 --compare previous"
)
@click.option("--output", type=click.Path(path_type=Path), help="As [report] path.")
@click.option("--since", type=_DAY, metavar="DAY", help="The first day, as 2026-03-09.")
@click.option("--until", type=_DAY, metavar="DAY", help="The last day.")
@click.option("--aspect", help="Sentiment toward this aspect, not of posts as a whole.")
@click.option(
    "--compare",
    type=click.Choice(["previous"]),
    help="Against the span of the same length before --since.  [default: the last 7 days"
    " against the 7 before]",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["html", "parquet", "csv", "json"]),
    default="html",
    show_default=True,
    help="parquet, csv: a folder with the table behind each figure; json: one file of them.",
)
@common_options
def report(
    config_path: Path | None,
    as_json: bool,
    output: Path | None,
    since: datetime | None,
    until: datetime | None,
    aspect: str | None,
    compare: str | None,
    format_name: str,
) -> None:
    """Write the HTML report of the last published results, or the tables behind it."""
    from analytics.config.loading import load_config
    from analytics.reporting import make_report

    if since and until and until < since:
        raise click.UsageError(f"--until {until:%Y-%m-%d} is before --since {since:%Y-%m-%d}")
    if compare and not since:
        raise click.UsageError("--compare previous needs --since, the first day of the span")
    config = load_config(config_path)
    path = make_report(
        config,
        output.absolute() if output else None,
        since=since.date() if since else None,
        until=until.date() if until else None,
        aspect=aspect,
        compares=compare is not None,
        format_name=format_name,
    )
    if as_json:
        echo_json({"status": "done", "report": str(path)})
    else:
        click.echo(f"{'Report' if format_name == 'html' else 'Tables'}: {path}")
