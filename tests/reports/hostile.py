"""A report of the corpus of hostile texts, by the way that texts take: a dump, ingest, a model
that writes what it read, marts, report."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb

from analytics.contract.engine import TextReply
from analytics.contract.labels import label_of
from analytics.contract.prompts import render_target
from analytics.contract.records import Item, Rationale
from analytics.infer import InferSettings, infer
from analytics.store.sql_files import build_marts
from tests.ingesting import read_sources
from tests.reports.databases import draw_picture
from tests.reports.payloads import EVIL, Payload
from tests.scripted import ScriptedEngine, new_run, probabilities_of
from tests.sql.rows import DIGEST, MODEL_ID, make_database, use_model


class EchoingEngine(ScriptedEngine):
    """Writes the post into each part of its rationale, as an injected model may."""

    def _reply(self, item: Item) -> TextReply:
        text = " ".join(item.text.split())[:500]
        rationale = Rationale(
            text_analysis=text,
            image_analysis=text,
            conflict_resolution=text,
            final_conclusion=text,
            label=label_of(probabilities_of(item)),
        )
        return replace(super()._reply(item), text=render_target(rationale))


class Listener:
    """A server on this machine that counts what it is asked for."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.address = f"http://127.0.0.1:{server.server_port}"
        self.requests: list[str] = []


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener, ended afterwards."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.requests.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ingest_corpus(
    folder: Path, corpus: Sequence[Payload], address: str
) -> tuple[duckdb.DuckDBPyConnection, int]:
    """A warehouse of the corpus; how many posts were stored of it.

    A payload is the text, author, address, language and aspect of a post, its picture's
    description, and what a model says of it; `address` takes the place of the evil one.
    """
    dump = folder / "dump.jsonl"
    draw_picture(folder / "picture.jpg", 1)
    with dump.open("w", encoding="utf-8") as file:
        for number, payload in enumerate(corpus):
            text = payload.text.replace(EVIL, address)
            record = {
                "id": f"p{number}",
                "text": f"{text} {number}",
                "author": text[:200],
                "url": text if number % 2 else f"{address}/post/{number}?q={payload.name}",
                "lang": text[:80] if number % 3 == 0 else "en",
                "aspect": text[:200] or payload.name,
                "created_at": f"2026-03-{1 + number % 9:02}T10:00:00Z",
                "likes": 10_000 - number,
            }
            file.write(json.dumps(record) + "\n")
    connection = make_database()
    read_sources(connection, [dump], format="table", platform="x", max_reject_share=1.0)
    # Tables hold no descriptions of pictures; other formats do, in this same column.
    connection.execute(
        "insert into media (post_id, position, kind, status, path, sha256, alt_text)"
        " select post_id, 0, 'image', 'ok', 'picture.jpg', '00', text from posts"
    )
    evil = corpus[0].text.replace(EVIL, address)
    use_model(connection, name=evil, description=evil, is_distilled=False)
    settings = InferSettings(
        model_id=MODEL_ID, result_digest=DIGEST, data_dir=folder, chunk_items=1000
    )
    infer(connection, EchoingEngine, new_run(connection), settings)
    build_marts(connection)
    [(count,)] = connection.execute("select count(*) from posts").fetchall()
    return connection, count
