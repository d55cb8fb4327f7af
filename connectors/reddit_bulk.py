"""Reddit's usual comments and submissions in SQL; `reddit` reads the others, and says the same."""

from connectors.protocol import BulkSql

SITE = "https://www.reddit.com"
PICTURE_PATTERN = r"^https?://[^?#]+\.(?:jpe?g|png|gif|webp)(?:[?#]|$)"
# What Reddit leaves in the place of a text that its author or a moderator took away.
STUBS = {
    "[deleted]": "deleted by its author",
    "[deleted by user]": "deleted by its author",
    "[removed]": "removed by moderators",
    "[ Removed by moderator ]": "removed by moderators",
    "[ Removed by Reddit ]": "removed by Reddit",
    "[removed by reddit]": "removed by Reddit",
}
_STUBS_SQL = ", ".join(f"'\"{stub}\"'" for stub in STUBS)
# 1990 to the latest plausible time; other times are for `read_line` to judge.
_EARLIEST_S = 631_152_000


def _is_text(column: str) -> str:
    """A JSON string, not near the limit of a post, and no stub that is written with escapes."""
    return (
        f"({column}[1] = '\"' and strlen({column}) < 90000"
        f" and not (contains({column}, '\\') and regexp_matches({column}, '^\"(\\[|\\\\u)')))"
    )


def _is_simple(column: str) -> str:
    """A JSON string without escapes, or nothing."""
    return f"({column} is null or ({column}[1] = '\"' and not contains({column}, '\\')))"


def _is_time(column: str) -> str:
    digits = f"trim({column}, '\"')"
    return (
        f"(regexp_full_match({column}, '\"[0-9]{{9,10}}\"|[0-9]{{9,10}}')"
        f" and try_cast({digits} as bigint) between {_EARLIEST_S} and $latest_s)"
    )


def _is_late_time(column: str) -> str:
    return f"({column} is null or {column} = 'false' or {_is_time(column)})"


def _is_count(column: str) -> str:
    return f"({column} is null or regexp_full_match({column}, '-?[0-9]{{1,15}}'))"


def _is_parent(column: str) -> str:
    return f"({column} is null or regexp_full_match({column}, '\"t[13]_[0-9A-Za-z_]{{1,59}}\"'))"


def _time(column: str) -> str:
    return f"to_timestamp(try_cast(trim({column}, '\"') as bigint))"


def _late_time(column: str) -> str:
    return f"case when {column} <> 'false' then {_time(column)} end"


def _parent(column: str) -> str:
    return f"'reddit:' || trim({column}, '\"')"


_ID = "trim(id, '\"')"
_URL = "trim(url, '\"')"
_IS_COMMON = " and ".join(
    [
        "regexp_full_match(id, '\"[0-9A-Za-z_]{1,60}\"')",
        _is_simple("author"),
        _is_time("created_utc"),
        *map(_is_late_time, ("edited", "retrieved_on", "retrieved_utc")),
        _is_count("score"),
        _is_parent("crosspost_parent"),
        "(permalink is null or (permalink[1:2] = '\"/' and not contains(permalink, '\\')))",
    ]
)
_IS_COMMENT = " and ".join(
    [
        _is_text("body"),
        _is_parent("parent_id"),
        "(permalink is not null or regexp_full_match(link_id, '\"t3_[0-9A-Za-z]{1,60}\"'))",
    ]
)
_IS_SUBMISSION = " and ".join(
    [
        "body is null",
        _is_text("title"),
        f"(selftext is null or {_is_text('selftext')})",
        _is_count("num_comments"),
        _is_simple("url"),
        "not contains(coalesce(url, ''), '&')",
        "(media_metadata is null or gallery_data is null)",
    ]
)

BULK = BulkSql(
    keys=(
        *("id", "body", "title", "selftext", "author", "created_utc", "edited", "retrieved_on"),
        *("retrieved_utc", "permalink", "link_id", "parent_id", "crosspost_parent", "score"),
        *("num_comments", "url", "media_metadata", "gallery_data"),
    ),
    is_plain=f"{_IS_COMMON} and (({_IS_COMMENT}) or ({_IS_SUBMISSION}))",
    ignored=(
        f"body in ({_STUBS_SQL}) or"
        f" (body is null and (selftext in ({_STUBS_SQL}) or title in ({_STUBS_SQL})))"
    ),
    fields={
        "platform": "'reddit'",
        "native_id": f"case when body is null then 't3_' else 't1_' end || {_ID}",
        "text": (
            "case when body is not null then read_html(body)"
            " when selftext is null or selftext = '\"\"' then read_html(title)"
            " else read_html(title) || chr(10) || chr(10) || read_html(selftext) end"
        ),
        "author": "nullif(nullif(author[2:-2], '[deleted]'), '')",
        "created_at": _time("created_utc"),
        "edited_at": _late_time("edited"),
        "retrieved_at": f"coalesce({_late_time('retrieved_on')}, {_late_time('retrieved_utc')})",
        "url": (
            f"'{SITE}' || case when permalink is not null then permalink[2:-2]"
            f" when body is not null then '/comments/' || link_id[5:-2] || '/_/' || {_ID}"
            f" else '/comments/' || {_ID} end"
        ),
        "reply_to": f"case when body is not null then {_parent('parent_id')} end",
        "repost_of": _parent("crosspost_parent"),
        "likes": "try_cast(score as bigint)",
        "replies": "case when body is null then try_cast(num_comments as bigint) end",
    },
    picture_url=(
        f"case when body is null and regexp_matches({_URL}, '{PICTURE_PATTERN}', 'i')"
        f" then {_URL} end"
    ),
)
