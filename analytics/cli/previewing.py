"""What `analytics ingest --preview` says, for people and for machines."""

import json
import unicodedata
from typing import Any

from analytics.contract.records import Post
from analytics.preview import Preview

_TEXT_CHARACTERS = 100
_MAX_FILES = 3


def preview_as_json(preview: Preview) -> dict[str, Any]:
    """A preview as plain JSON values: posts as they would be stored, without their authors.

    Some platforms name the account in a post's id and address; so does the warehouse then.
    """
    return {
        "path": str(preview.path),
        "connector": preview.connector,
        "confidence": preview.confidence,
        "found": preview.found,
        "others": [{"connector": name, "confidence": sure} for name, sure in preview.others],
        "files": [str(path) for path in preview.files],
        "is_whole": preview.is_whole,
        "counts": dict(preview.counts),
        "reasons": [{"reason": reason, "count": n} for reason, n in preview.reasons],
        "new_fields": preview.new_fields,
        "mapping": dict(preview.mapping),
        "posts": [_post_as_json(post) for post in preview.posts],
        "source": render_source(preview),
    }


def preview_as_text(preview: Preview) -> str:
    """A preview in some lines, the last of them a source for the configuration."""
    lines = [
        f"{preview.path}: {preview.connector} ({preview.found}), {preview.confidence:.0%} sure"
    ]
    if preview.others:
        names = ", ".join(f"{name} ({sure:.0%})" for name, sure in preview.others)
        lines.append(f"  less likely: {names}")
    if len(preview.files) > 1:
        names = ", ".join(
            str(file.relative_to(preview.path)) for file in preview.files[:_MAX_FILES]
        )
        more = ", ..." if len(preview.files) > _MAX_FILES else ""
        lines.append(f"  {len(preview.files)} files ({names}{more}); of the first:")
    n_records = sum(preview.counts.values())
    which = "all" if preview.is_whole else "the first"
    parts = ", ".join(f"{n:,} {name}" for name, n in preview.counts.items() if n)
    lines.append(f"  {which} {n_records:,} records: {parts or 'none'}")
    lines += [f"    rejected, {n:,}: {_one_line(reason, 200)}" for reason, n in preview.reasons]
    if preview.new_fields:
        lines.append(
            f"  fields that the format was not known to have: {', '.join(preview.new_fields)}"
        )
    if preview.mapping:
        lines.append("  columns:")
        lines += [f"    {field:<11} {column}" for field, column in preview.mapping.items()]
    for post in preview.posts:
        lines += ["", *_describe_post(post)]
    lines += ["", "As a source in analytics.toml:", "", render_source(preview)]
    return "\n".join(lines)


def render_source(preview: Preview) -> str:
    """The source as TOML, with what was found out written down."""
    lines = ["[[sources]]", f"path = {_quote(str(preview.path))}"]
    lines.append(f"format = {_quote(preview.connector)}")
    if preview.platform is not None:
        lines.append(f"platform = {_quote(preview.platform)}")
    if preview.include_private:
        lines.append("include_private = true")
    if preview.mapping:
        pairs = ", ".join(f"{field} = {_quote(name)}" for field, name in preview.mapping.items())
        lines.append(f"mapping = {{ {pairs} }}")
    return "\n".join(lines)


def _describe_post(post: Post) -> list[str]:
    facts = [post.created_at.strftime("%Y-%m-%d %H:%M UTC") if post.created_at else "no date"]
    facts += [
        what
        for what, is_there in (
            ("an author", post.author),
            (f"language {post.lang}", post.lang),
            (f"reply to {post.reply_to}", post.reply_to),
            (f"repost of {post.repost_of}", post.repost_of),
            (f"{len(post.media)} media", post.media),
            (f"toward {', '.join(post.aspects)}", post.aspects),
        )
        if is_there
    ]
    counts = ("likes", "reposts", "replies", "views")
    facts += [f"{getattr(post, n):,} {n}" for n in counts if getattr(post, n) is not None]
    return [
        _one_line(f"  {post.post_id}: {'; '.join(facts)}", 200),
        f"    {_one_line(post.text, _TEXT_CHARACTERS) or '(no text)'}",
    ]


def _post_as_json(post: Post) -> dict[str, Any]:
    names = ("post_id", "text", "lang", "url", "reply_to", "repost_of", "quote_of")
    counts = ("likes", "reposts", "replies", "views")
    return {
        **{name: _encodable(getattr(post, name)) for name in names},
        **{name: getattr(post, name) for name in counts},
        "created_at": post.created_at.isoformat() if post.created_at else None,
        "has_author": post.author is not None,
        "media": [
            {"kind": one.kind, "url": one.url, "path": str(one.source_path or "") or None}
            for one in post.media
        ],
        "aspects": post.aspects,
    }


def _one_line(text: str, limit: int) -> str:
    """Text of a stranger in a terminal: on one line, without control and format characters."""
    words = " ".join(text.split())
    safe = "".join(c for c in words if not unicodedata.category(c).startswith("C"))
    return safe if len(safe) <= limit else f"{safe[: limit - 3]}..."


def _encodable(text: str | None) -> str | None:
    """Without lone surrogates, which no output can hold."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _quote(text: str) -> str:
    # A JSON string is a TOML string but for the one control character that JSON leaves alone.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
