"""Makes docs/config.md and docs/cli.md anew from the code: `python docs/make_reference.py`."""

from pathlib import Path

import click

from analytics.cli import cli
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
        "",
        "In the environment, tables and lists are written as TOML:"
        " `ANALYTICS_MODEL_OPTIONS='{ max_model_len = 4096 }'`,"
        """ `ANALYTICS_SOURCES='[{ path = "posts.csv" }]'` (this takes the place of the file's"""
        " list). `ANALYTICS_CONFIG` names the file, `ANALYTICS_CACHE_DIR` the folder of models"
        " and `ANALYTICS_AUTHOR_KEY_FILE` the key for author hashes. Another name with this"
        " prefix is an error where it is like one of these, else a warning.",
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
    """The help of every command, and of the commands of a group."""
    lines = ["# Commands", "", "Made by `make docs`."]
    with click.Context(cli, info_name="analytics", **cli.context_settings) as parent:
        for name in cli.list_commands(parent):
            command = cli.get_command(parent, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=parent) as context:
                lines += _render_help(name, command, context)
                if isinstance(command, click.Group):
                    for inner in command.list_commands(context):
                        found = command.get_command(context, inner)
                        assert found is not None
                        with click.Context(found, info_name=inner, parent=context) as deeper:
                            lines += _render_help(f"{name} {inner}", found, deeper)
    return "\n".join(lines) + "\n"


def _render_help(name: str, command: click.Command, context: click.Context) -> list[str]:
    context.max_content_width = 88
    return ["", f"## {name}", "", "```text", command.get_help(context), "```"]


if __name__ == "__main__":
    (DOCS / "config.md").write_text(render_config(), encoding="utf-8")
    (DOCS / "cli.md").write_text(render_cli(), encoding="utf-8")
