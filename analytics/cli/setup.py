"""The commands before the first run: init and doctor."""

from pathlib import Path

import click

from analytics.cli.common import common_options, echo_json, exit_with
from analytics.contract.errors import ConfigError


@click.command(epilog="Example: analytics init demo --sample && cd demo && analytics run")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--sample", is_flag=True, help="With a bundled sample dump, ready to run.")
@click.option("--force", is_flag=True, help="Write over an analytics.toml that is there.")
@common_options
def init(config_path: Path | None, as_json: bool, folder: Path, sample: bool, force: bool) -> None:
    """Write a commented analytics.toml into FOLDER."""
    from analytics.config.template import render_template, write_sample

    target = config_path or folder / "analytics.toml"
    if target.exists() and not force:
        raise ConfigError(f"{target}: is there already. Edit it, or write over it with --force.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if sample:
            write_sample(target)
        else:
            target.write_text(render_template(), encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{target}: cannot be written: {exc.strerror or exc}") from exc
    if as_json:
        echo_json({"status": "done", "config": str(target)})
    else:
        click.echo(f"Wrote {target}. Next: analytics run --config {target}")


@click.command(epilog="Example: analytics doctor --json")
@common_options
def doctor(config_path: Path | None, as_json: bool) -> None:
    """Say what is installed, which engines can run, and why not, with the fix.

    Exit code 1 when something that the configuration needs cannot run.
    """
    from analytics.doctor import examine

    findings = examine(config_path)
    if as_json:
        echo_json(
            {
                "status": "done" if all(f.is_ok or not f.is_needed for f in findings) else "failed",
                "findings": [
                    {
                        "area": f.area,
                        "name": f.name,
                        "is_ok": f.is_ok,
                        "is_needed": f.is_needed,
                        "detail": f.detail,
                        "fix": f.fix,
                    }
                    for f in findings
                ],
            }
        )
    else:
        area = ""
        for finding in findings:
            if finding.area != area:
                area = finding.area
                click.echo(f"{area}:")
            mark = "ok  " if finding.is_ok else ("FAIL" if finding.is_needed else "no  ")
            click.echo(f"  {mark} {finding.name:<14} {finding.detail}")
            if finding.fix and not finding.is_ok:
                click.echo(f"       {'':<14} fix: {finding.fix}")
    exit_with(0 if all(f.is_ok or not f.is_needed for f in findings) else 1)
