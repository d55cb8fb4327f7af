"""The command `distill augment`."""

from pathlib import Path

import click

from analytics.cli.common import (
    DTYPES,
    ENGINES,
    common_options,
    echo_json,
    exit_with,
    stop_on_signal,
)
from analytics.contract.errors import AnalyticsError


@click.command(
    epilog="Example: analytics distill augment --model assistant/model --data DATA:train"
    " --output augmented"
)
@click.option("--model", required=True, help="The assistant: folder, name or hub id.")
@click.option("--data", required=True, help="PATH:SPLIT[,n=N][,folds=1-4].")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Where it goes.")
@click.option(
    "--engine",
    type=ENGINES,
    default="auto",
    show_default=True,
    help="What runs the model.",
)
@click.option(
    "--dtype",
    type=DTYPES,
    default="auto",
    show_default=True,
    help="Number type of the engine.",
)
@click.option(
    "--max-rationale-tokens",
    type=click.IntRange(8),
    help="Tokens of a reply.  [default: what the model was trained with, else 512]",
)
@click.option("--text-only", is_flag=True, help="Leave the pictures out.")
@common_options
def augment(
    config_path: Path | None,
    as_json: bool,
    model: str,
    data: str,
    output: Path,
    engine: str,
    dtype: str,
    max_rationale_tokens: int | None,
    text_only: bool,
) -> None:
    """Let the assistant explain the training set; keep what ends in the right label.

    The result is a rationale data set like the teacher's, for `--rationales`. A run that
    was stopped goes on where it was. Exit code 3: done, and some were rejected.
    """
    from analytics import __version__
    from analytics.cli.progress import RichListener
    from analytics.config.loading import cache_folder
    from analytics.contract.decoding import Decoding
    from analytics.contract.model_folder import find_empty_parts
    from analytics.engine.loading import SERVED, load_engine
    from analytics.engine.models import resolve_model
    from distillation.augment import MAKER, check_folder, find_response_tokens, identify
    from distillation.augment import augment as augment_examples
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.specs import load_spec, parse_spec
    from distillation.teacher.run import check_output

    del config_path  # all settings are options here
    if engine == SERVED:
        raise click.UsageError(
            f"--engine {SERVED}: the assistant is a folder of weights, whose contract and training "
            "data its rationales carry on. For those of a model behind a server use `analytics "
            "distill teacher --url URL`."
        )
    spec = parse_spec(data)
    check_output(output, maker=MAKER)  # before a model is fetched or assembled
    cache = cache_folder()
    folder = resolve_model(model, cache_dir=cache)
    sees_pictures = folder.accepts_images and not text_only
    examples = load_spec(spec, pictures=open_cached_pictures(cache) if sees_pictures else None)
    max_rationale_tokens = max_rationale_tokens or find_response_tokens(folder.path)
    may_be_empty = find_empty_parts(folder.path)
    made_of = identify(
        folder.model_id,
        dataset=spec.name,
        split=spec.split,
        max_rationale_tokens=max_rationale_tokens,
        may_be_empty=may_be_empty,
    )
    check_folder(output, made_of)
    loaded = load_engine(
        engine, folder, decoding=Decoding(max_rationale_tokens=max_rationale_tokens), dtype=dtype
    )
    try:
        with stop_on_signal() as is_stopped, RichListener(is_shown=not as_json) as listener:
            manifest = augment_examples(
                examples,
                loaded,
                output=output,
                dataset=spec.name,
                split=spec.split,
                version=__version__,
                max_rationale_tokens=max_rationale_tokens,
                may_be_empty=may_be_empty,
                model=folder.path,
                is_stopped=is_stopped,
                on_start=lambda n: listener.start("augment", n, "posts"),
                on_done=listener.advance,
            )
    finally:
        loaded.close()
    if manifest is None:
        raise AnalyticsError(
            f"stopped by the user. What is finished is kept in {output}; run the command again "
            "to go on"
        )
    if as_json:
        echo_json({"status": "done", "output": str(output), **manifest})
    else:
        click.echo(
            f"{manifest['count_rationales']} rationales, {manifest['count_rejects']} rejects:"
            f" {output}"
        )
        for reason, count in manifest["count_rejects_by_reason"].items():
            click.echo(f"  rejected, {reason}: {count}")
    if manifest["count_rejects"]:
        exit_with(3)
