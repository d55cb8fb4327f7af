"""`analytics distill teacher`: a large model explains labelled posts; imports too."""

import os
from pathlib import Path
from typing import Any

import click

from analytics.cli.common import common_options, echo_json, exit_with, stop_on_signal
from distillation.cli.options import SPLITS

EXIT_REJECTS = 3
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(
    epilog="Example: analytics distill teacher --data t15 --split train --output rationales "
    "--url http://localhost:8000/v1 --model Qwen/Qwen2.5-VL-72B-Instruct"
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="The labelled data set.",
)
@click.option("--split", type=SPLITS, default="train", show_default=True, help="Its part.")
@click.option("--output", type=_FOLDER, required=True, help="The folder for the rationales.")
@click.option("--url", help="The server, e.g. http://localhost:8000/v1.")
@click.option("--model", help="The model's name at the server; with --import, who wrote the file.")
@click.option(
    "--import",
    "import_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the rationales of a JSON lines file (id, cot) instead of asking a server.",
)
@click.option("--concurrency", type=click.IntRange(1), default=16, show_default=True)
@click.option(
    "--max-attempts",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Answers asked for in each stage before a post is rejected.",
)
@click.option(
    "--max-retries",
    type=click.IntRange(0),
    default=6,
    show_default=True,
    help="Further tries of one request that the server failed.",
)
@click.option(
    "--timeout-s",
    type=click.FloatRange(0, min_open=True),
    default=180.0,
    show_default=True,
    help="Limit of one whole request.",
)
@click.option("--max-tokens", type=click.IntRange(1), default=1024, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Only the first N examples.")
@click.option("--text-only", is_flag=True, help="Leave the pictures out.")
@click.option(
    "--pictures", type=_FOLDER, help="Where prepared pictures are kept.  [default: in --output]"
)
@click.option("--price-in", type=click.FloatRange(0), help="Price of a million prompt tokens.")
@click.option("--price-out", type=click.FloatRange(0), help="Price of a million reply tokens.")
@common_options
def teacher(
    config_path: Path | None,
    as_json: bool,
    data: Path,
    split: str,
    output: Path,
    import_path: Path | None,
    limit: int | None,
    text_only: bool,
    pictures: Path | None,
    **options: Any,
) -> None:
    """Let a large model reason about labelled posts, over an OpenAI-compatible server.

    Stage 1: it reasons and predicts; where it is right, its rationale is kept.
    Stage 2: where it is wrong, it is given the label and explains it. A run
    that was stopped goes on where it was. The key comes from OPENAI_API_KEY.
    """
    from distillation.data.loaders import load_examples, name_dataset
    from distillation.data.pictures import PictureFolder

    if import_path is not None and (options["url"] or limit):
        raise click.UsageError("--url and --limit do not go together with --import")
    kept = None if text_only else PictureFolder(pictures or output / "pictures")
    if import_path is None:
        _check_server_options(options)
    examples = load_examples(data, split, pictures=kept)
    names = {"dataset": name_dataset(data), "split": split}
    if import_path is not None:
        manifest = _import(import_path, examples, output, names, options)
    else:
        manifest = _ask(examples[:limit], output, names, options, is_shown=not as_json)
    if as_json:
        echo_json({"status": "done", "output": str(output), **manifest})
    else:
        _show(manifest, output)
    if manifest["count_rejects"]:
        exit_with(EXIT_REJECTS)


def _check_server_options(options: dict[str, Any]) -> None:
    for name in ("url", "model"):
        if not options[name]:
            raise click.UsageError(f"--{name} is needed (or --import FILE)")
    if (options["price_in"] is None) != (options["price_out"] is None):
        raise click.UsageError("--price-in and --price-out go together")


def _import(
    path: Path, examples: list[Any], output: Path, names: dict[str, str], options: dict[str, Any]
) -> dict[str, Any]:
    from analytics import __version__
    from distillation.teacher.importing import import_rationales

    return import_rationales(
        path, examples, output=output, model=options["model"] or "", version=__version__, **names
    )


def _ask(
    examples: list[Any],
    output: Path,
    names: dict[str, str],
    options: dict[str, Any],
    *,
    is_shown: bool,
) -> dict[str, Any]:
    from analytics import __version__
    from analytics.chat.backoff import Backoff
    from analytics.chat.client import ChatClient
    from analytics.cli.progress import RichListener
    from analytics.contract.errors import AnalyticsError
    from distillation.teacher.run import Prices, run_teacher
    from distillation.teacher.stages import TeacherSettings

    prices = None
    if options["price_in"] is not None:
        prices = Prices(per_million_in=options["price_in"], per_million_out=options["price_out"])
    with stop_on_signal() as is_stopped, RichListener(is_shown=is_shown) as listener:
        done = run_teacher(
            examples,
            output=output,
            client=ChatClient(
                url=options["url"],
                model=options["model"],
                api_key=os.environ.get("OPENAI_API_KEY", ""),
                timeout_s=options["timeout_s"],
                max_connections=options["concurrency"],
                backoff=Backoff(max_retries=options["max_retries"]),
                seed=options["seed"],
                is_stopped=is_stopped,
            ),
            settings=TeacherSettings(
                max_tokens=options["max_tokens"],
                max_attempts=options["max_attempts"],
                seed=options["seed"],
            ),
            version=__version__,
            concurrency=options["concurrency"],
            prices=prices,
            is_stopped=is_stopped,
            on_start=lambda n: listener.start("teacher", n, "posts"),
            on_done=lambda: listener.advance(1),
            **names,
        )
    if done.manifest is None:
        raise AnalyticsError(
            f"stopped by the user. {done.n_done} of {done.n_examples} examples are finished and "
            f"kept in {output}; run the command again to go on"
        )
    return done.manifest


def _show(manifest: dict[str, Any], output: Path) -> None:
    click.echo(
        f"{manifest['count_rationales']} rationales, {manifest['count_rejects']} rejects: {output}"
    )
    for stage, count in manifest["count_by_stage"].items():
        click.echo(f"  {stage}: {count}")
    for reason, count in manifest["count_rejects_by_reason"].items():
        click.echo(f"  rejected, {reason}: {count}")
    if manifest.get("stage_1_accuracy") is not None:
        share = manifest["stage_1_accuracy"]
        click.echo(f"Right by itself: {share:.1%} of {manifest['count_stage_1']}")
    if "prompt_tokens" in manifest:
        tokens = f"{manifest['prompt_tokens']} in, {manifest['output_tokens']} out"
        cost = "" if manifest["cost"] is None else f"; cost {manifest['cost']:.2f}"
        click.echo(f"Tokens: {tokens}{cost}")
