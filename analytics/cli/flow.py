"""The commands that write: run, ingest, media, infer, marts, report."""

import os
from pathlib import Path
from typing import Any

import click

from analytics.cli.common import (
    ENGINES,
    common_options,
    echo_json,
    exit_with,
    make_printable,
    stop_on_signal,
)

_model_option = click.option("--model", "model", help="As [model] name.")
_engine_option = click.option("--engine", "engine", type=ENGINES, help="As [model] engine.")
_reread_option = click.option(
    "--reread", is_flag=True, help="Read files again that were read before."
)

_no_media_option = click.option(
    "--no-media",
    is_flag=True,
    help="Leave out the pictures: none is prepared or fetched; a later run does it.",
)
_fetch_option = click.option(
    "--fetch/--no-fetch", "fetch", default=None, help="As [media] fetch: pictures at addresses."
)

_force_option = click.option(
    "--force",
    is_flag=True,
    help="Store what is good of files with too many rejects, too: [ingest] max_reject_share = 1.",
)


@click.command(epilog="Example: analytics run --config analytics.toml")
@_model_option
@_engine_option
@_reread_option
@_force_option
@_no_media_option
@_fetch_option
@common_options
def run(
    config_path: Path | None,
    as_json: bool,
    model: str | None,
    engine: str | None,
    reread: bool,
    force: bool,
    no_media: bool,
    fetch: bool | None,
) -> None:
    """Ingest, prepare pictures, judge, build marts, check, and write the report.

    What is already done is not done again: files that were read, contents that
    were judged. A run that died goes on where it stopped.
    """
    _run(
        config_path,
        as_json,
        "run",
        model=model,
        engine=engine,
        rereads=reread,
        forces=force,
        leaves_media=no_media,
        fetch=fetch,
    )


@click.command(epilog="Example: analytics ingest dumps/RC_2026-03.zst --format reddit")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "format_name", default="auto", help="Connector; auto detects it.")
@click.option("--platform", help="Platform of the posts of a table.")
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Column of a table.")
@click.option(
    "--include-private",
    is_flag=True,
    help="Also posts that were not for all to read (Mastodon).",
)
@click.option("--preview", is_flag=True, help="Say what would be read, and how; store nothing.")
@_reread_option
@_force_option
@_no_media_option
@_fetch_option
@common_options
def ingest(
    config_path: Path | None,
    as_json: bool,
    paths: tuple[Path, ...],
    format_name: str,
    platform: str | None,
    mapping: tuple[str, ...],
    include_private: bool,
    preview: bool,
    reread: bool,
    force: bool,
    no_media: bool,
    fetch: bool | None,
) -> None:
    """Read PATHS, or the sources of the configuration, into the warehouse.

    With --preview nothing is stored: it says which format each path has and how sure that is,
    what its first 1,000 records are, which column of a table holds what, and how to write it
    down in the configuration.

    Of a file of whose records more than a fifth, and at least 20, are rejects, only these are
    stored: its format may have changed. The other files are read, and the exit code is 3 (1
    if there is no other).
    """
    from analytics.config.settings import SourceConfig

    pairs: dict[str, str] = {}
    for entry in mapping:
        field, column = _split_pair(entry)
        if field in pairs:
            raise click.UsageError(f"--map names {field!r} twice: {pairs[field]} and {column}")
        pairs[field] = column
    sources = tuple(
        # As paths of the configuration: one file has one name, and links stay.
        SourceConfig(
            path=Path(os.path.abspath(path)),
            format=format_name,
            platform=platform,
            mapping=pairs,
            include_private=include_private,
        )
        for path in paths
    )
    if not paths and (format_name != "auto" or platform or mapping or include_private):
        raise click.UsageError("--format, --platform, --map and --include-private go with PATHS")
    if preview:
        given = {"--reread": reread, "--force": force, "--no-media": no_media, "--fetch": fetch}
        if ignored := [name for name, value in given.items() if value]:
            raise click.UsageError(
                f"--preview stores nothing, so {', '.join(ignored)} would change nothing. "
                "Leave one of them out"
            )
        _preview(config_path, as_json, sources)
        return
    _run(
        config_path,
        as_json,
        "ingest",
        sources=sources or None,
        rereads=reread,
        forces=force,
        leaves_media=no_media,
        fetch=fetch,
    )


@click.command(epilog="Example: analytics media --fetch")
@click.option("--retry", is_flag=True, help="Ask again for all that could not be fetched.")
@_fetch_option
@common_options
def media(config_path: Path | None, as_json: bool, retry: bool, fetch: bool | None) -> None:
    """Prepare pictures that are not yet, and fetch those that have an address only.

    What was fetched is kept: a run that was stopped or killed goes on where it was.
    """
    _run(config_path, as_json, "media", fetch=fetch, retries_fetches=retry)


@click.command(epilog="Example: analytics infer --engine vllm")
@_model_option
@_engine_option
@click.option("--retry", is_flag=True, help="Send contents again on which the engine has died.")
@common_options
def infer(
    config_path: Path | None, as_json: bool, model: str | None, engine: str | None, retry: bool
) -> None:
    """Give each item that has none a label, probabilities and a rationale.

    Aspects that are new in the configuration are looked for in all posts first.
    """
    _run(config_path, as_json, "infer", model=model, engine=engine, retries_deadly=retry)


@click.command(epilog="Example: analytics marts --json")
@common_options
def marts(config_path: Path | None, as_json: bool) -> None:
    """Rebuild the marts, run the checks and publish the snapshot."""
    _run(config_path, as_json, "marts")


def _run(
    config_path: Path | None,
    as_json: bool,
    command: str,
    *,
    model: str | None = None,
    engine: str | None = None,
    sources: Any = None,
    rereads: bool = False,
    forces: bool = False,
    retries_deadly: bool = False,
    leaves_media: bool = False,
    fetch: bool | None = None,
    retries_fetches: bool = False,
) -> None:
    from analytics.cli.progress import RichListener
    from analytics.cli.summary import outcome_as_json, outcome_as_text
    from analytics.config.loading import load_config
    from analytics.pipeline import ALL_STEPS, Step, run_steps

    overrides = {
        "model.name": model,
        "model.engine": engine,
        "ingest.max_reject_share": 1.0 if forces else None,
        "media.fetch": fetch,
    }
    if leaves_media and fetch:
        raise click.UsageError("--no-media leaves all pictures out, so --fetch fetches none")
    config = load_config(config_path, overrides=overrides)
    if retries_fetches and not config.media.fetch:
        raise click.UsageError(
            "--retry asks again for pictures at addresses, and [media] fetch is off. Add --fetch"
        )
    steps_of: dict[str, tuple[Step, ...]] = {
        "run": ALL_STEPS,
        "ingest": ("ingest", "media"),
        "media": ("media",),
        "infer": ("infer",),
        "marts": ("marts",),
    }
    steps = tuple(step for step in steps_of[command] if not (leaves_media and step == "media"))
    with RichListener(is_shown=not as_json) as listener, stop_on_signal() as is_stopped:
        outcome = run_steps(
            config,
            command,
            steps,
            sources=sources,
            rereads=rereads,
            listener=listener,
            is_stopped=is_stopped,
            retries_deadly=retries_deadly,
            retries_fetches=retries_fetches,
        )
    if as_json:
        echo_json(outcome_as_json(outcome))
    else:
        click.echo(make_printable(outcome_as_text(outcome)))
    exit_with(outcome.exit_code)


def _preview(config_path: Path | None, as_json: bool, sources: Any) -> None:
    from analytics.cli.previewing import preview_as_json, preview_as_text
    from analytics.config.loading import load_config
    from analytics.contract.errors import ConnectorError
    from analytics.preview import preview_source

    previews = []
    faults = []
    with stop_on_signal() as is_stopped:
        for source in sources or load_config(config_path).sources:
            try:
                found = preview_source(source, is_stopped=is_stopped)
            except ConnectorError as exc:  # the others are looked at all the same
                faults.append(str(exc))
                continue
            previews.append(preview_as_json(found))
            if not as_json:
                click.echo(make_printable(preview_as_text(found)) + "\n")
    if faults:
        raise ConnectorError("\n".join(faults))
    if as_json:
        echo_json({"status": "done", "previews": previews})


def _split_pair(entry: str) -> tuple[str, str]:
    field, separator, column = entry.partition("=")
    if not separator or not field or not column:
        raise click.UsageError(f"--map {entry!r}: write FIELD=COLUMN, e.g. --map text=body")
    return field, column
