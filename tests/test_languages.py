"""Which language posts are in, where their source does not say."""

import json
from pathlib import Path

import duckdb
import pytest

from analytics.languages import UNDETERMINED, detect_language, detect_languages
from analytics.store import languages as stored
from tests.ingesting import read_sources

ENGLISH = "The new bridge is a disgrace, nobody can cross it without waiting for an hour"
GERMAN = "Die neue Brücke ist eine Frechheit, man wartet jeden Morgen eine Stunde lang"
RUSSIAN = "Сегодня на улице холодно, но настроение всё равно хорошее"
JAPANESE = "新しい橋はとても便利で、毎朝の通勤が楽になりました"


def _ingest(connection: duckdb.DuckDBPyConnection, folder: Path, *rows: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / "posts.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    read_sources(connection, [path], platform="forum")


def _read(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str | None, str | None]]:
    rows = connection.execute("select native_id, lang, detected_lang from posts").fetchall()
    return {post: (lang, detected) for post, lang, detected in rows}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        (RUSSIAN, "ru"),
        (JAPANESE, "ja"),
        (ENGLISH.upper(), "en"),
        (f"@straße @müller {ENGLISH} https://example.org/ein/langer/weg", "en"),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    assert detect_language(text, 0.8) == code


@pytest.mark.parametrize(
    "text", ["", "🔥🔥🔥", "https://example.org/was", "@somebody", "12:30 1,000", "ok", "x" * 2_000]
)
def test_what_cannot_be_told_is_undetermined(text: str) -> None:
    assert detect_language(text, 0.8) == UNDETERMINED


def test_only_posts_without_a_language_are_looked_at(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _ingest(
        connection,
        tmp_path / "in",
        {"id": "1", "text": ENGLISH},
        {"id": "2", "text": GERMAN, "lang": "nl"},  # the source is believed
        {"id": "3", "text": "🔥"},
    )
    done: list[int] = []
    assert detect_languages(connection, on_posts=done.append) == 2
    assert _read(connection) == {"1": (None, "en"), "2": ("nl", None), "3": (None, UNDETERMINED)}
    assert sum(done) == 2
    assert detect_languages(connection) == 0  # und was looked at, too


def test_an_edited_text_is_looked_at_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _ingest(connection, tmp_path / "in", {"id": "1", "text": ENGLISH})
    detect_languages(connection)
    _ingest(connection, tmp_path / "in", {"id": "1", "text": GERMAN})
    assert detect_languages(connection) == 1
    assert _read(connection) == {"1": (None, "de")}


def test_another_confidence_detects_all_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _ingest(connection, tmp_path / "in", {"id": "1", "text": "TBH tons of street dogs. Lol"})
    detect_languages(connection, min_confidence=0.99)
    assert _read(connection) == {"1": (None, UNDETERMINED)}
    assert detect_languages(connection, min_confidence=0.1) == 1
    assert _read(connection)["1"][1] != UNDETERMINED


def test_a_stopped_detection_goes_on(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_WINDOW_ROWS", 2)
    rows = [{"id": str(i), "text": f"{i}: {ENGLISH}"} for i in range(6)]
    _ingest(connection, tmp_path / "in", *rows)
    answers = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        detect_languages(connection, is_stopped=lambda: next(answers))
    assert sum(code == "en" for _, code in _read(connection).values()) == 2
    assert detect_languages(connection) == 4
    assert {code for _, code in _read(connection).values()} == {"en"}


def test_processes_say_the_same(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics import languages

    texts = [ENGLISH, GERMAN, RUSSIAN, JAPANESE]
    rows = [{"id": str(i), "text": f"{i} {texts[i % 4]}"} for i in range(40)]
    _ingest(connection, tmp_path / "in", *rows)
    monkeypatch.setattr(languages, "_MIN_TEXTS_SHARED", 1)
    monkeypatch.setattr(languages, "_BLOCK_TEXTS", 7)
    detect_languages(connection, n_processes=2)
    codes = ["en", "de", "ru", "ja"]
    assert _read(connection) == {str(i): (None, codes[i % 4]) for i in range(40)}
