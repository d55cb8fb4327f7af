"""Finds the configured aspects in posts, inside DuckDB."""

import re
import unicodedata
from dataclasses import dataclass

import duckdb

from analytics.contract.digests import digest_of
from analytics.store.settings import read_setting, write_setting
from analytics.store.transactions import count_rows, transaction

_SETTING = "aspects_digest"
# Scripts written without spaces: their words have no boundary to look for.
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectRule:
    """An aspect and the RE2 pattern that finds it in a clean text."""

    name: str
    pattern: str


def make_rule(name: str, aliases: tuple[str, ...]) -> AspectRule:
    """The rule for an aspect: its name or an alias as whole words, any case."""
    words = {unicodedata.normalize("NFC", " ".join(word.split())) for word in (name, *aliases)}
    choices = sorted(_bounded_pattern(word) for word in words)
    return AspectRule(name=name, pattern="(?i)" + "|".join(choices))


def match_aspects(
    connection: duckdb.DuckDBPyConnection, rules: tuple[AspectRule, ...], *, only_touched: bool
) -> None:
    """Write the aspects with origin `config`, of all posts or of those in `touched`."""
    scope = "select post_id from touched" if only_touched else "select post_id from posts"
    connection.execute(f"delete from aspects where origin = 'config' and post_id in ({scope})")
    if not rules:
        return
    # In one insert, see `_store_winners` of merge.
    found = " union all ".join(
        f"""
        select post_id, $name_{n}, 'config'
        from posts
        where post_id in ({scope})
            and regexp_matches(clean_text, $pattern_{n})
            and post_id not in (select post_id from aspects where aspect = $name_{n})
        """
        for n in range(len(rules))
    )
    connection.execute(
        f"insert into aspects {found}",
        {f"name_{n}": rule.name for n, rule in enumerate(rules)}
        | {f"pattern_{n}": rule.pattern for n, rule in enumerate(rules)},
    )


def merge_source_aspects(
    connection: duckdb.DuckDBPyConnection, source_file: str, *, replaces: bool
) -> None:
    """Merge `stage_aspects`, what a file names as the aspects of its posts.

    With `replaces`, what it named before and no longer names goes, unless another
    file names it; such posts join `touched`, since a rule may find the aspect still.
    """
    if replaces:
        connection.execute(
            """
            create or replace temp table dropped_aspects as
            select post_id, aspect from source_aspects
            where source_file = ?
                and (post_id, aspect) not in (select (post_id, aspect) from _staging.stage_aspects)
            """,
            [source_file],
        )
        connection.execute(
            "delete from source_aspects where source_file = ?"
            " and (post_id, aspect) in (select (post_id, aspect) from dropped_aspects)",
            [source_file],
        )
        connection.execute(
            """
            delete from aspects
            where origin = 'source'
                and (post_id, aspect) in (select (post_id, aspect) from dropped_aspects)
                and (post_id, aspect) not in (select (post_id, aspect) from source_aspects)
            """
        )
        connection.execute("insert into touched select distinct post_id from dropped_aspects")
    named = "select distinct post_id, aspect from _staging.stage_aspects"
    connection.execute(
        f"""
        insert into source_aspects
        select $file, post_id, aspect from ({named})
        where (post_id, aspect) not in (
            select (post_id, aspect) from source_aspects where source_file = $file
        )
        """,
        {"file": source_file},
    )
    # A file's word outlives a rule that found the same.
    connection.execute(
        f"delete from aspects where origin = 'config' and (post_id, aspect) in ({named})"
    )
    connection.execute(
        f"""
        create or replace temp table named_aspects as
        select post_id, aspect, 'source' from ({named})
        where (post_id, aspect) not in (select (post_id, aspect) from aspects)
        """
    )
    if count_rows(connection, "named_aspects"):  # never an insert without rows, see `match_aspects`
        connection.execute("insert into aspects from named_aspects")
    connection.execute("drop table named_aspects")


def refresh_aspects(connection: duckdb.DuckDBPyConnection, rules: tuple[AspectRule, ...]) -> bool:
    """Match all posts anew if the configured aspects changed; whether they did."""
    digest = digest_of([[rule.name, rule.pattern] for rule in rules])
    if read_setting(connection, _SETTING) == digest:
        return False
    with transaction(connection):
        match_aspects(connection, rules, only_touched=False)
        write_setting(connection, _SETTING, digest)
    return True


def _bounded_pattern(word: str) -> str:
    body = r"\s+".join(_escape(part) for part in word.split(" "))
    before = _boundary(word[0], r"(?:^|[^\pL\pN_])")
    after = _boundary(word[-1], r"(?:$|[^\pL\pN_])")
    return f"{before}{body}{after}"


def _boundary(letter: str, pattern: str) -> str:
    if _SPACELESS.match(letter) or not (letter.isalnum() or letter == "_" or letter in "#@$"):
        return ""
    return pattern


def _escape(text: str) -> str:
    # RE2 knows \x{...} for every code point, which spares a list of its marks.
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):x}}}" for c in text)
