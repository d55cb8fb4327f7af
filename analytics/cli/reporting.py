"""The command that writes the report."""

from datetime import date
from pathlib import Path

import click

from analytics.cli.common import DAY, common_options, echo_json

_ENDINGS = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
}


@click.command(
    epilog="Example: analytics report --since 2026-03-09 --until 2026-03-15 --compare previous"
)
@click.option("--output", type=click.Path(path_type=Path), help="As [report] path.")
@click.option("--since", type=DAY, help="The first day, as 2026-03-09.")
@click.option("--until", type=DAY, help="The last day.")
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
    since: date | None,
    until: date | None,
    aspect: str | None,
    compare: str | None,
    format_name: str,
) -> None:
    """Write the HTML report of the last published results, or the tables behind it."""
    from analytics.config.loading import load_config
    from analytics.reporting import make_report

    if since and until and until < since:
        raise click.UsageError(
            f"--until {until} is before --since {since}. Give the earlier day to --since"
        )
    if compare and not since:
        raise click.UsageError("--compare previous needs --since, the first day of the span")
    if aspect == "":
        raise click.UsageError("--aspect is empty. Leave it out for posts as a whole")
    if output is not None:
        _check_ending(output, format_name)
    config = load_config(config_path)
    path = make_report(
        config,
        output.absolute() if output else None,
        since=since,
        until=until,
        aspect=aspect,
        compares=compare is not None,
        format_name=format_name,
    )
    if as_json:
        echo_json({"status": "done", "report": str(path)})
    else:
        click.echo(f"{'Report' if format_name == 'html' else 'Tables'}: {path}")


def _check_ending(output: Path, format_name: str) -> None:
    ending = _ENDINGS.get(output.suffix.lower(), format_name)
    if ending != format_name:
        raise click.UsageError(
            f"--output {output}: its ending is that of --format {ending}, and --format"
            f" {format_name} would be written. Add --format {ending}, or give another --output"
        )
