"""The rows of marts as the report reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reports.scope import Scope, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many posts, and how many of them have which label."""

    count_posts: int = 0
    count_predicted: int = 0
    count_negative: int = 0
    count_neutral: int = 0
    count_positive: int = 0

    @property
    def net_sentiment(self) -> float | None:
        """Share positive minus share negative; None where nothing is predicted."""
        if not self.count_predicted:
            return None
        return (self.count_positive - self.count_negative) / self.count_predicted

    @property
    def shares(self) -> tuple[float, float, float] | None:
        """The label shares in the fixed order; None where nothing is predicted."""
        if not self.count_predicted:
            return None
        counts = (self.count_negative, self.count_neutral, self.count_positive)
        return counts[0] / sum(counts), counts[1] / sum(counts), counts[2] / sum(counts)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            count_posts=self.count_posts + other.count_posts,
            count_predicted=self.count_predicted + other.count_predicted,
            count_negative=self.count_negative + other.count_negative,
            count_neutral=self.count_neutral + other.count_neutral,
            count_positive=self.count_positive + other.count_positive,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One day (or week, month, quarter, year) of a series."""

    start: date
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The periods of a platform or an aspect, in order, and their sum."""

    name: str
    periods: tuple[Period, ...]

    @property
    def total(self) -> Counts:
        """All periods together."""
        return sum((period.counts for period in self.periods), Counts())


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectTotal:
    """All posts toward one aspect; '' is the post level.

    `count_empty` of the posts have neither text nor usable picture. `count_contents` is not
    known of some days of many: contents do not add up.
    """

    aspect: str
    counts: Counts
    count_contents: int | None
    count_empty: int
    count_platforms: int
    count_undated: int
    first_date: date | None
    last_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectLabel:
    """An aspect of a post and the label of the post toward it."""

    aspect: str
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """A post to read, with what the model said of it.

    `lang` is the language that filters go by, `day` the day (or the start of the period) that
    the post counts in; `aspects` are all of the post, `aspect` the one it was judged toward.
    """

    aspect: str
    post_id: str
    platform: str
    lang: str
    day: date | None
    aspects: tuple[AspectLabel, ...]
    url: str | None
    text: str
    label: str | None
    probabilities: tuple[float, float, float] | None
    text_analysis: str | None
    image_analysis: str | None
    conflict_resolution: str | None
    final_conclusion: str | None
    rationale_label: str | None
    rationale_status: str | None
    contradicts_label: bool | None
    image_path: str | None
    image_alt_text: str | None
    likes: int | None
    reposts: int | None
    replies: int | None
    count_engagement: int
    count_copies: int
    created_at: datetime | None
    # What the rationale says of the text and of the picture alone, where they differ.
    text_label: str | None = None
    image_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """The current model and how far it can be trusted."""

    model_id: str
    name: str
    description: str
    is_distilled: bool
    accepts_images: bool
    count_items: int
    count_predicted: int
    share_predicted: float | None
    mean_confidence: float | None
    count_rationales: int
    count_rationale_ok: int
    count_rationale_no_label: int
    count_rationale_ambiguous: int
    count_rationale_truncated: int
    count_rationale_empty: int
    count_rationale_labels: int
    count_contradictions: int
    share_contradictions: float | None
    count_gold: int
    count_agreements: int
    share_agreement: float | None
    count_empty: int
    count_undated: int
    is_post_level: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRow:
    """One reason for turning records away."""

    stage: str
    reason: str
    count_rejects: int
    example_file: str
    example_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run."""

    run_id: str
    command: str
    status: str
    engine: str | None
    model_id: str | None
    error: str | None
    version: str
    count_read: int
    count_stored: int
    count_items: int
    count_memo_hits: int
    count_engine_labels: int
    count_engine_rationales: int
    count_output_tokens: int
    count_rejects: int
    count_failed_checks: int
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpRow:
    """What was read of one platform."""

    platform: str
    count_posts: int
    count_authors: int
    count_reposts: int
    count_with_picture: int
    count_empty: int
    count_undated: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRow:
    """What became of one kind of media of one platform."""

    platform: str
    kind: str
    status: str
    count_media: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An aspect ('' is the post level) in the span of interest and in the one before it."""

    aspect: str
    now: Counts
    before: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The counts of one period, aspect, platform and language; '*' are those not told apart."""

    start: date
    aspect: str
    platform: str
    lang: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """All that a report shows. `grain` is the period of the series; `sql` holds,
    by figure, the query that made it; `optional` the rows of tables that not every
    warehouse has, by figure; `known_days` the days of posts in and out of the scope."""

    scope: Scope
    window: Window | None
    known_days: Window | None
    time_zone: str
    grain: str
    days: tuple[Period, ...]
    changes: tuple[Change, ...]
    cells: tuple[Cell, ...]
    platforms: tuple[Series, ...]
    aspects: tuple[AspectTotal, ...]
    aspect_series: tuple[Series, ...]
    posts: tuple[PostRow, ...]
    aspect_posts: tuple[PostRow, ...]
    daily_posts: tuple[PostRow, ...]
    conflicts: tuple[PostRow, ...]
    picture_posts: tuple[PostRow, ...]
    surprising_posts: tuple[PostRow, ...]
    model: ModelRow | None
    rejects: tuple[RejectRow, ...]
    runs: tuple[RunRow, ...]
    dumps: tuple[DumpRow, ...]
    media: tuple[MediaRow, ...]
    optional: Mapping[str, tuple[Mapping[str, Any], ...]]
    sql: Mapping[str, str]
