"""Posts to read, as cards."""

from dataclasses import dataclass
from pathlib import Path

from analytics.contract.labels import LABELS
from analytics.contract.prompts import HEADINGS
from reports.charts import Chart, draw_shares
from reports.display import CutText, Link, check_link, cut_text, format_count, format_p
from reports.filters import Filters
from reports.pictures import Thumbnail, read_thumbnail
from reports.records import PostRow

_STATUS_NOTES = {
    "no_label": "The rationale does not say which label it comes to.",
    "ambiguous": "The rationale names more than one label as its prediction.",
    "truncated": "The rationale was cut off at the length limit.",
    "empty": "The model wrote nothing usable.",
}
_MAX_PART = 800
_MAX_ALT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RationalePart:
    """One of the four parts; `text` is None where it was not given."""

    heading: str
    text: CutText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A post as the report shows it.

    `places` are its aspect, platform, language and period among the filters.
    """

    ident: str
    number: int
    row: PostRow
    text: CutText
    link: Link | None
    thumbnail: Thumbnail | None
    alt_text: str
    engagement: str
    bar: Chart | None
    places: tuple[int, int, int, int]
    parts: tuple[RationalePart, ...]
    rationale_note: str
    has_rationale: bool


def make_card(
    ident: str,
    number: int,
    row: PostRow,
    data_dir: Path | None,
    filters: Filters,
    *,
    max_text: int = 480,
) -> Card:
    """The card of a post, without its picture where there is no `data_dir`."""
    parts = tuple(
        RationalePart(heading=HEADINGS[field], text=_cut_part(getattr(row, field)))
        for field in HEADINGS
        if field != "label"
    )
    has_rationale = any(part.text for part in parts)
    note = _STATUS_NOTES.get(row.rationale_status or "", "")
    if row.label is not None and data_dir and not has_rationale and not note:
        note = "The model gave no rationale."
    return Card(
        ident=ident,
        number=number,
        row=row,
        text=cut_text(row.text, max_start=max_text),
        link=check_link(row.url),
        thumbnail=read_thumbnail(data_dir, row.image_path) if data_dir and row.image_path else None,
        alt_text=_alt_text(row),
        engagement=_say_engagement(row),
        bar=_bar(ident, row),
        places=(
            filters.place("aspect", row.aspect),
            filters.place("platform", row.platform),
            filters.place("lang", row.lang),
            filters.place_of_period(row),
        ),
        parts=parts,
        rationale_note=note,
        has_rationale=has_rationale,
    )


def _say_engagement(row: PostRow) -> str:
    """The counts that the platform gave, or their sum where they are not at hand."""
    counts = {"like": row.likes, "repost": row.reposts, "reply": row.replies}
    plurals = {"like": "likes", "repost": "reposts", "reply": "replies"}
    known = [
        f"{format_count(n)} {name if n == 1 else plurals[name]}"
        for name, n in counts.items()
        if n is not None
    ]
    return ", ".join(known) or f"engagement {format_count(row.count_engagement)}"


def _bar(ident: str, row: PostRow) -> Chart | None:
    if row.probabilities is None:
        return None
    words = ", ".join(
        f"{label} {format_p(p)}" for label, p in zip(LABELS, row.probabilities, strict=True)
    )
    return draw_shares(f"{ident}-bar", row.probabilities, f"Probabilities: {words}")


def _cut_part(text: str | None) -> CutText | None:
    return cut_text(text, max_start=_MAX_PART) if text and text.strip() else None


def _alt_text(row: PostRow) -> str:
    if row.image_alt_text and row.image_alt_text.strip():
        return "Picture of the post: " + " ".join(row.image_alt_text.split())[:_MAX_ALT]
    return "Picture of the post (its author gave no description)"
