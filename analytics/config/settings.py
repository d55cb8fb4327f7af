"""Every setting, its default and its meaning; `docs/config.md` is made from it."""

import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

EngineName = Literal["auto", "transformers", "vllm", "openai", "ray"]
DtypeName = Literal["auto", "float32", "bfloat16", "float16"]
RationaleChoice = Literal["all", "none"]
RationaleReason = Literal["uncertain", "sample", "top"]


def setting(help_text: str, *, example: Any = None, **kwargs: Any) -> Any:
    """A dataclass field that carries its description, and an example if it is unset."""
    return field(metadata={"help": help_text, "example": example}, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseConfig:
    """Where results are kept."""

    path: Path = setting("the DuckDB file", default=Path("warehouse.duckdb"))
    data_dir: Path = setting("folder of prepared pictures", default=Path("data"))
    picture_folders: tuple[str, ...] = setting(
        "folders whose pictures any dump may name, beside those in its own folder", default=()
    )
    memory_mb: int | None = setting(
        "memory that DuckDB may use, in MiB; beyond it, it spills to a folder beside the file;"
        " unset: 256 a core, at least 512; one thread for each 256",
        default=None,
        example=2048,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One file or folder to read."""

    path: Path = setting("file or folder of a dump")
    format: str = setting("connector name, or auto to detect it", default="auto")
    platform: str | None = setting("platform of the posts of a table", default=None)
    mapping: dict[str, str] = setting(
        "columns of a table by post field, e.g. { text = 'body' }", default_factory=dict
    )
    include_private: bool = setting(
        "also posts that were not for all to read, where the format tells them apart (mastodon)",
        default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectConfig:
    """One thing that is tracked."""

    name: str = setting("how it is called in results")
    aliases: tuple[str, ...] = setting(
        "words, #hashtags, @mentions or $cashtags that name it", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestConfig:
    """How sources are read."""

    max_reject_share: float = setting(
        "nothing is stored of a file of whose records a larger share, and at least 20, are"
        " rejects; 1.0 stores what is good of any file, as --force does",
        default=0.2,
    )
    detect_languages: bool = setting(
        "detect the language of posts whose source names none: `posts.detected_lang`", default=True
    )
    min_language_confidence: float = setting(
        "a language that is less probable is 'und', undetermined", default=0.8
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaConfig:
    """How pictures that dumps name by an address are fetched."""

    fetch: bool = setting(
        "fetch them; off: nothing outside this machine is asked for a picture", default=False
    )
    max_minutes: float = setting(
        "no address is begun with after so long in one run, the next run goes on; 0: no limit",
        default=60.0,
    )
    concurrency: int = setting("requests under way at once, all hosts together", default=16)
    per_host: int = setting("requests under way at once to one host", default=4)
    pause_s: float = setting("from one request to the next at one host, in seconds", default=0.1)
    connect_timeout_s: float = setting("to find and reach a host, in seconds", default=10.0)
    read_timeout_s: float = setting("for a server to send anything, in seconds", default=20.0)
    total_timeout_s: float = setting("for one whole picture, redirects included", default=60.0)
    max_bytes: int = setting("a larger file is not read on", default=16 * 1024 * 1024)
    max_pixels: int = setting("a picture with more is not decoded", default=50_000_000)
    max_tries: int = setting(
        "runs in which an address is tried whose host fails or is busy", default=5
    )
    allowed_hosts: tuple[str, ...] = setting(
        "hosts that may have private addresses, as 'host' (ports 80 and 443) or 'host:port'",
        default=(),
    )
    user_agent: str | None = setting(
        "what servers are told; name a contact; unset: analytics/VERSION",
        default=None,
        example="our-research/1.0 (mail@example.org)",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Which model judges, and what runs it."""

    name: str = setting(
        "a bundled model, a model folder, or a hub id; with engine openai: its name at the server",
        default="smol-139m",
    )
    engine: EngineName = setting("what runs the model", default="auto")
    dtype: DtypeName = setting(
        "precision of the weights; auto: bfloat16 where the hardware has it", default="auto"
    )
    batch_size: int | None = setting(
        "items a batch; unset: the engine decides", default=None, example=32
    )
    options: dict[str, Any] = setting(
        "passed to the engine as they are; docs/engines.md lists them", default_factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InferConfig:
    """How posts are judged."""

    post_level: bool = setting("judge each post as a whole, beside its aspects", default=True)
    rationales: RationaleChoice | tuple[RationaleReason, ...] = setting(
        "which contents get a written rationale: all, none, or a list of the next three",
        default=("uncertain", "top", "sample"),
    )
    uncertain_below: float = setting(
        "`uncertain`: the first label is less than this more probable than the second", default=0.2
    )
    sample_share: float = setting(
        "`sample`: this share of the contents, drawn by their keys", default=0.02
    )
    top_posts: int = setting(
        "`top`: so many of most engagement, at post level and (50 at most) of each aspect",
        default=50,
    )
    mask_mentions: bool = setting(
        "handles in texts, like @name, are @user to the model, but those that aspects are found"
        " by; results of masked texts are kept apart",
        default=False,
    )
    chunk_items: int = setting("contents under way at once, which a killed run loses", default=256)
    engine_timeout_s: float = setting(
        "an engine that shows no progress for so long is ended and loaded again; 0: never",
        default=1800.0,
    )
    max_rationale_tokens: int = setting("length limit of a rationale, in tokens", default=320)
    repetition_penalty: float = setting("1.0 is none", default=1.0)
    max_bad_share: float = setting(
        "a run fails when a larger share of new contents cannot be judged", default=0.05
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """The HTML report."""

    path: Path = setting("where the report is written", default=Path("report.html"))
    title: str = setting("its title", default="Sentiment report")
    max_posts: int = setting("posts shown with picture and rationale", default=50)
    time_zone: str = setting(
        "whose days and weeks are counted, in marts and report: an IANA name like Europe/Berlin",
        default="UTC",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksConfig:
    """What makes a run end with exit code 3, beside what is always checked."""

    min_coverage: float = setting(
        "a smaller share of the items that a run could judge has a prediction; 0: not checked",
        default=0.9,
    )
    volume_weeks: int = setting(
        "the last complete week's posts, in all and by platform, are compared with the median of"
        " so many weeks before it, all of which must be there; 0: not checked",
        default=4,
    )
    min_volume: float = setting("fewer posts than this times the median", default=0.2)
    max_volume: float = setting("more posts than this times the median", default=5.0)
    min_weekly_posts: int = setting("a median below this is too small to compare with", default=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsConfig:
    """Alerts of `analytics run`: spikes and steps (docs/alerts.md)."""

    enabled: bool = setting("write them", default=True)
    path: Path = setting("where alerts are written, as JSON", default=Path("alerts.json"))
    false_alarms_per_year: float = setting(
        "alerts a year, of one aspect on one platform, in which nothing happened", default=1.0
    )
    days: int = setting("what was found in so many last whole days is an alert", default=7)
    max_series: int = setting(
        "aspects on platforms that are watched, those of most posts", default=100
    )
    webhook: str | None = setting(
        "new alerts are posted to this address; one with a secret goes into the environment"
        " variable ANALYTICS_WEBHOOK_URL, a token into ANALYTICS_WEBHOOK_TOKEN",
        default=None,
        example="https://hooks.example.org/sentiment",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The resolved configuration. Paths are absolute."""

    warehouse: WarehouseConfig = field(default_factory=WarehouseConfig)
    sources: tuple[SourceConfig, ...] = ()
    aspects: tuple[AspectConfig, ...] = ()
    ingest: IngestConfig = field(default_factory=IngestConfig)
    media: MediaConfig = field(default_factory=MediaConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    infer: InferConfig = field(default_factory=InferConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    checks: ChecksConfig = field(default_factory=ChecksConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    folder: Path = field(default_factory=Path.cwd)
    """Where the file stands; relative paths start here."""


SECTIONS: dict[str, type] = {
    "warehouse": WarehouseConfig,
    "ingest": IngestConfig,
    "media": MediaConfig,
    "model": ModelConfig,
    "infer": InferConfig,
    "report": ReportConfig,
    "checks": ChecksConfig,
    "alerts": AlertsConfig,
}
LISTS: dict[str, type] = {"sources": SourceConfig, "aspects": AspectConfig}

# (section, key): lowest and highest allowed value
BOUNDS: dict[tuple[str, str], tuple[float, float]] = {
    ("warehouse", "memory_mb"): (64, 100_000_000),
    ("ingest", "max_reject_share"): (0.0, 1.0),
    ("ingest", "min_language_confidence"): (0.0, 1.0),
    ("media", "max_minutes"): (0.0, 1e6),
    ("media", "concurrency"): (1, 256),
    ("media", "per_host"): (1, 64),
    ("media", "pause_s"): (0.0, 3600.0),
    ("media", "connect_timeout_s"): (0.1, 600.0),
    ("media", "read_timeout_s"): (0.1, 600.0),
    ("media", "total_timeout_s"): (0.1, 3600.0),
    ("media", "max_bytes"): (1, 64 * 1024 * 1024),
    ("media", "max_pixels"): (1, 100_000_000),
    ("media", "max_tries"): (1, 1000),
    ("model", "batch_size"): (1, 100_000),
    ("infer", "chunk_items"): (1, 1_000_000),
    ("infer", "engine_timeout_s"): (0.0, 1e6),
    ("infer", "max_rationale_tokens"): (8, 8192),
    ("infer", "repetition_penalty"): (1.0, 2.0),
    ("infer", "uncertain_below"): (0.0, 1.0),
    ("infer", "sample_share"): (0.0, 1.0),
    ("infer", "top_posts"): (0, 1000),
    ("infer", "max_bad_share"): (0.0, 1.0),
    ("report", "max_posts"): (0, 1000),
    ("checks", "min_coverage"): (0.0, 1.0),
    ("checks", "volume_weeks"): (0, 520),
    ("checks", "min_volume"): (0.0, 1.0),
    ("checks", "max_volume"): (1.0, 1e9),
    ("checks", "min_weekly_posts"): (1, 1_000_000_000),
    ("alerts", "false_alarms_per_year"): (0.1, 20.0),
    ("alerts", "days"): (1, 366),
    ("alerts", "max_series"): (1, 10_000),
}


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The types of a field that may be of several."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)
