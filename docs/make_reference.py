"""Makes docs/config.md and docs/cli.md anew from the code: `python docs/make_reference.py`."""

from pathlib import Path

import click

from analytics.cli import COMMANDS, cli
from analytics.config.template import describe_settings

DOCS = Path(__file__).resolve().parent


def render_config() -> str:
    """The settings as Markdown tables."""
    lines = [
        "# Settings",
        "",
        "Made by `make docs`. Later wins: default, `analytics.toml`, environment"
        " (`ANALYTICS_SECTION_KEY`), flag. An unknown key is an error. `[[sources]]` and"
        " `[[aspects]]` are lists.",
    ]
    section = ""
    for name, key, kind, default, meaning in describe_settings():
        if name != section:
            section = name
            lines += ["", f"## {name}", "", "| key | type | default | meaning |"]
            lines += ["| --- | --- | --- | --- |"]
        lines.append(f"| `{key}` | {kind} | `{default}` | {meaning} |")
    return "\n".join(lines) + "\n"


def render_cli() -> str:
    """The help of every command."""
    lines = ["# Commands", "", "Made by `make docs`."]
    for name in COMMANDS:
        with click.Context(cli, info_name="analytics", **cli.context_settings) as parent:
            command = cli.get_command(parent, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=parent) as context:
                context.max_content_width = 88
                lines += ["", f"## {name}", "", "```text", command.get_help(context), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (DOCS / "config.md").write_text(render_config(), encoding="utf-8")
    (DOCS / "cli.md").write_text(render_cli(), encoding="utf-8")
