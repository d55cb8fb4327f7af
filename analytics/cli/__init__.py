"""The `analytics` command.

Commands are imported when they are called, so that `--help` stays fast.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

import analytics
from analytics.contract.errors import AnalyticsError

_WANTS_JSON = "analytics.wants_json"

# command -> (module:object, one line for --help)
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("analytics.cli.setup:init", "Write a commented analytics.toml, or a sample project."),
    "doctor": ("analytics.cli.setup:doctor", "Say what is installed and what can run."),
    "run": ("analytics.cli.flow:run", "Ingest, judge, build marts and write the report."),
    "ingest": ("analytics.cli.flow:ingest", "Read dumps into the warehouse."),
    "media": ("analytics.cli.flow:media", "Prepare pictures, and fetch those of addresses."),
    "infer": ("analytics.cli.flow:infer", "Give each new item a label and a rationale."),
    "marts": ("analytics.cli.flow:marts", "Rebuild the marts and run the checks."),
    "report": ("analytics.cli.reporting:report", "Write the HTML report."),
    "sql": ("analytics.cli.query:sql", "Query the results."),
    "status": ("analytics.cli.query:status", "Show the last runs and who is writing."),
    "label": ("analytics.cli.labelling:label", "Label a sample by hand; import and export labels."),
    "evaluate": ("analytics.cli.gold:evaluate", "Compare predictions with human labels."),
    "distill": ("distillation.cli:distill", "Teach the student: teacher, assistant, student."),
    "forget": ("analytics.cli.gold:forget", "Remove a post or an author for good."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported on first use.

    `lazy` maps a command to (module:object, one line for --help).
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of use."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in self._lazy:
            return None
        module, _, name = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the nearest one is named where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as exc:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self._lazy, n=1) if args else []
            if not near or "Did you mean" in exc.message:
                raise
            raise click.UsageError(f"{exc.message} Did you mean {near[0]!r}?", ctx) from exc

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._lazy.items()])


class RootGroup(LazyGroup):
    """The outermost group: under --json, wrong usage is one JSON object on stdout too.

    --json is an option of the commands, and wrong usage may be met before one is
    known, so the arguments themselves are looked at.
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the group's own options."""
        wants_json = "--json" in args[: args.index("--") if "--" in args else None]
        with _usage_as_json(wants_json):
            context = super().make_context(info_name, args, parent, **extra)
        context.meta[_WANTS_JSON] = wants_json
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the command's options and run it."""
        with _usage_as_json(ctx.meta[_WANTS_JSON]):
            return super().invoke(ctx)


@contextmanager
def _usage_as_json(wants_json: bool) -> Iterator[None]:
    try:
        yield
    except click.UsageError as exc:
        if wants_json:
            found = {"status": "failed", "error": exc.format_message(), "kind": "UsageError"}
            click.echo(json.dumps(found, ensure_ascii=False))
        raise


@click.group(
    cls=RootGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with rejects or failed checks.",
)
@click.version_option(analytics.__version__, prog_name="analytics")
def cli() -> None:
    """What do people feel about the things you track, why, and what changed.

    Example: analytics init && analytics run
    """


def main() -> None:
    """Run the command line; an error that the user can mend is one message."""
    try:
        cli.main(prog_name="analytics")
    except AnalyticsError as exc:
        from analytics.cli.common import make_printable

        click.echo(make_printable(f"analytics: error: {exc}"), err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone, e.g. `| head`
        sys.stderr.close()
        sys.exit(1)
