"""Runs whose model is behind a real local server: it goes away, comes back, and tells tales."""

import base64
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from tests.chat.scripted_server import (
    Answer,
    Asked,
    ScriptedServer,
    fail,
    find_closed_url,
    reason,
    say,
    serve,
)
from tests.engine.served import answer, configure_served, is_label, list_models, say_label
from tests.scripted import rows, scalar, write_config

N_POSTS, CHUNK = 20, 4


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty posts `Tram 0`, `Tram 1`, ... in the working directory."""
    lines = [f"{n},Tram {n},2026-03-02T10:00:00Z" for n in range(N_POSTS)]
    (tmp_path / "posts.csv").write_text("\n".join(["id,text,created_at", *lines]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def run(
    *arguments: str, options: str = "", url: str = "", weights: str = 'weights = "r1"'
) -> Result:
    text = configure_served(
        url,
        options=f"{weights}\nmax_concurrent = 2\n{options}",
        infer=f"chunk_items = {CHUNK}\nmax_bad_share = 0.2",
    )
    write_config(Path(), text)
    return CliRunner().invoke(cli, ["run", *arguments])


@contextmanager
def read() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect("warehouse.duckdb", read_only=True) as connection:
        yield connection


def list_runs() -> list[tuple[str, str | None]]:
    with read() as connection:
        return rows(connection, "select status, error from runs order by started_at")  # type: ignore[return-value]


def told(result: Result) -> str:
    return f"{result.output} {result.stderr} {result.exception}"


def count_posts_asked(server: ScriptedServer) -> int:
    """Requests for posts of ours, probes left out."""
    return sum(a.body["messages"][-1]["content"].count("<post>\nTram") for a in server.asked)


def test_a_server_that_is_not_there_ends_the_run_at_once() -> None:
    url = find_closed_url()
    result = run(url=url)
    assert result.exit_code == 1
    assert f"{url}/: no server answers" in told(result)
    assert "url in [model.options]" in told(result)
    ((status, error),) = list_runs()
    assert status == "failed"
    assert error is not None
    assert url in error
    with read() as connection:
        assert scalar(connection, "select count(*) from posts") == N_POSTS
        assert scalar(connection, "select count(*) from rejects") == 0


def test_a_server_that_goes_away_ends_the_run_and_the_next_goes_on() -> None:
    with ExitStack() as opened:
        server = opened.enter_context(serve(answer))
        url, port = server.url, int(server.url.split(":")[2].partition("/")[0])
        closer = threading.Thread(target=_close_after, args=(server, 2 * CHUNK * 2 + 3, opened))
        closer.start()
        result = run(url=url, options="max_retries = 1")
        closer.join()
    assert result.exit_code == 1
    assert f"{url}/: no server answers" in told(result)
    assert list_runs()[0][0] == "failed"
    with read() as connection:
        n_kept = scalar(connection, "select count(*) from memo")
        n_bare = scalar(connection, "select count(*) from memo where rationale_status is null")
        assert 0 < n_kept < N_POSTS
        # No content was found at fault for what the server did.
        assert scalar(connection, "select count(*) from rejects") == 0
    with serve(answer, port=port) as again:
        assert again.url == url
        result = run(url=url)
        assert count_posts_asked(again) == 2 * (N_POSTS - n_kept) + n_bare
    assert result.exit_code == 0, told(result)
    with read() as connection:
        assert scalar(connection, "select count(*) from predictions") == N_POSTS


@pytest.mark.parametrize("weights", ["", 'weights = "r1"'], ids=["which model", "which dialect"])
def test_a_stop_does_not_wait_for_a_server_that_is_silent_at_the_start(weights: str) -> None:
    with serve(lambda asked: replace(answer(asked), delay_s=60)) as server:

        def stop() -> None:
            while not server.asked:
                time.sleep(0.005)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=stop, daemon=True).start()
        started = time.monotonic()
        result = run(url=server.url, options="timeout_s = 20\nmax_retries = 0", weights=weights)
        assert time.monotonic() - started < 15
    assert result.exit_code == 1
    assert "stopped by the user" in told(result)
    assert list_runs()[0][0] == "interrupted"


def _close_after(server: ScriptedServer, n: int, opened: ExitStack) -> None:
    while count_posts_asked(server) < n:
        time.sleep(0.005)
    opened.close()


def test_a_server_that_comes_back_within_the_retries_costs_nothing() -> None:
    with ExitStack() as opened:
        server = opened.enter_context(serve(answer))
        port = int(server.url.split(":")[2].partition("/")[0])

        def restart() -> None:
            _close_after(server, 2 * CHUNK, opened)
            time.sleep(0.5)
            opened.enter_context(serve(answer, port=port))

        restarter = threading.Thread(target=restart)
        restarter.start()
        result = run(url=server.url, options="max_retries = 12")
        restarter.join()
    assert result.exit_code == 0, told(result)
    assert list_runs() == [("done", None)]
    with read() as connection:
        assert scalar(connection, "select count(*) from predictions") == N_POSTS


@pytest.mark.parametrize("has_password", [False, True], ids=["key", "password"])
def test_no_secret_gets_into_what_a_run_leaves(
    has_password: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server echoes what it was sent, in an error and in its own name."""
    key, password = "sk-s3cret-key", "s3cret-pass"
    basic = base64.b64encode(f"me:{password}".encode()).decode()
    monkeypatch.setenv("OPENAI_API_KEY", key)

    def script(asked: Asked) -> Answer:
        if asked.post == "Tram 3":
            return fail(
                400, f"no {asked.headers['authorization']} {password if has_password else ''}"
            )
        return answer(asked)

    with serve(script) as server:
        url = server.url.replace("//", f"//me:{password}@") if has_password else server.url
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        result = run("--verbose", "--json")
        sent = server.asked[-1].headers["authorization"]
    assert sent == (f"Basic {basic}" if has_password else f"Bearer {key}")
    assert result.exit_code == 3, told(result)
    with read() as connection:
        names = [
            name for (name,) in rows(connection, "select table_name from information_schema.tables")
        ]
        tables = {name: str(rows(connection, f'select * from "{name}"')) for name in names}
    assert "no *** " in tables["rejects"].replace("Bearer ", "").replace("Basic ", "")
    files = {path.name: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert {"warehouse.duckdb", "report.html"} <= set(files)
    assert "HTTP Request: POST" in result.stderr  # the log of all libraries is there
    for secret in ("s3cret", basic):
        assert secret not in told(result)
        assert [name for name, text in tables.items() if secret in text] == []
        assert [name for name, data in files.items() if secret.encode() in data] == []


def test_a_key_in_the_configuration_is_refused_before_anything_is_stored() -> None:
    result = run(url="http://me:s3cret@localhost:1/v1", options='api_key = "s3cret"')
    assert result.exit_code == 1
    assert "analytics.toml: [model] options" in told(result)
    assert "OPENAI_API_KEY" in told(result)
    assert "OPENAI_BASE_URL" in told(result)
    assert "s3cret" not in told(result)
    assert not Path("warehouse.duckdb").exists()


def test_odd_replies_are_stored_and_end_no_run() -> None:
    def script(asked: Asked) -> Answer:
        if is_label(asked):
            return say_label()
        odd = {
            "Tram 0": "\x00\x1b[2J\u202e <script>alert(1)</script>",
            "Tram 1": "half \ud83d pair",
            "Tram 2": "long " * 100_000,
        }
        if asked.post == "Tram 3":
            return say("\x00")
        found = reason("positive", text_analysis=odd.get(asked.post, "plain"))
        body = json.loads(say(found).body)
        body["usage"] = {"prompt_tokens": 1e300, "completion_tokens": 2**70}
        return Answer(body=json.dumps(body).encode())

    with serve(script) as server:
        server.models = list_models(owned_by="\ud800\x00")
        result = run(url=server.url)
    assert result.exit_code == 0, told(result)
    with read() as connection:
        found = rows(connection, "select text_analysis, rationale_status from memo order by 1")
    assert len(found) == N_POSTS
    assert max(len(text or "") for text, _ in found) <= 20_000
    assert "<script>alert" not in Path("report.html").read_text(encoding="utf-8")
