"""What a report can be filtered by, and the names of it."""

from dataclasses import dataclass, field

from reports.axis import Axis
from reports.display import format_name
from reports.records import PostRow, ReportData

# The names of common codes of ISO 639-1; other codes are shown as they are.
_LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "zh": "Chinese", "und": "not known",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What can be filtered by; posts and charts name the values by their place in these.

    Place 0 of `aspects` is what the report is of: the post level, or its one aspect.
    """

    axis: Axis | None = None
    aspects: tuple[str, ...] = ("",)
    platforms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    _places: dict[tuple[str, str], int] = field(default_factory=dict)

    def place(self, kind: str, value: str) -> int:
        """The place of a value; that of '*' (the others) if it has none, else -1."""
        own = self._places.get((kind, value))
        return own if own is not None else self._places.get((kind, "*"), -1)

    def place_of_period(self, row: PostRow) -> int:
        """The place of the period that a post counts in; -1 where it has no date."""
        if self.axis is None or row.day is None:
            return -1
        found = [n for n, start in enumerate(self.axis.starts) if start <= row.day]
        return found[-1] if found else -1


def make_filters(data: ReportData, axis: Axis | None) -> Filters:
    """The values that the report's cells hold, the most frequent first."""
    level = data.scope.aspect or ""
    aspects: dict[str, int] = {}
    platforms: dict[str, int] = {}
    languages: dict[str, int] = {}
    for cell in data.cells:
        if cell.aspect == level:
            posts = cell.counts.count_posts
            platforms[cell.platform] = platforms.get(cell.platform, 0) + posts
            languages[cell.lang] = languages.get(cell.lang, 0) + posts
        else:
            aspects[cell.aspect] = aspects.get(cell.aspect, 0) + cell.counts.count_posts
    names = {
        "aspect": (level, *_order(aspects)),
        "platform": _order(platforms),
        "lang": _order(languages),
    }
    return Filters(
        axis=axis,
        aspects=names["aspect"],
        platforms=names["platform"],
        languages=names["lang"],
        _places={
            (kind, value): place for kind, values in names.items()
            for place, value in enumerate(values)
        },
    )  # fmt: skip


def name_language(code: str) -> str:
    """The name of a language, its code where the name is not known."""
    return _LANGUAGES.get(code, "other languages" if code == "*" else format_name(code, 24))


def name_platform(platform: str) -> str:
    """The name of a platform."""
    return "other platforms" if platform == "*" else format_name(platform, 40)


def _order(counts: dict[str, int]) -> tuple[str, ...]:
    """Names by number of posts; the others last."""
    return tuple(sorted(counts, key=lambda name: (name == "*", -counts[name], name)))
