import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
import pytest

from analytics.alerts import TOKEN_VARIABLE, URL_VARIABLE, find_events, tell_alerts, write_alerts
from analytics.chat.backoff import Backoff
from analytics.config.loading import load_config
from analytics.config.settings import AlertsConfig
from analytics.contract.errors import ConfigError, StoreError
from analytics.infer import InferSettings, infer
from analytics.store.aspects import make_rule
from analytics.store.sql_files import build_marts
from analytics.webhook import post_json
from tests.scripted import ScriptedEngine, make_post, new_run, scalar, store_posts, write_config

FIRST = datetime(2025, 11, 3, 12, tzinfo=UTC)
N_DAYS = 90
BURST = N_DAYS - 4


@pytest.fixture
def spiked(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """90 days of about 8 posts on a tram, and 60 on day 86; then marts."""
    counts = np.random.default_rng(1).poisson(8, N_DAYS)
    counts[BURST] = 60
    posts = [
        make_post(
            f"{day}-{i}",
            f"tram {i} of day {day}",
            created_at=FIRST + timedelta(days=day),
            url=f"https://social.example/{day}-{i}",
            likes=i,
        )
        for day in range(N_DAYS)
        for i in range(counts[day])
    ]
    store_posts(connection, posts, rules=(make_rule("tram", ()),))
    settings = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"))
    infer(connection, ScriptedEngine, new_run(connection), settings)
    build_marts(connection)
    return connection


class Hook:
    """A receiver that answers as it is told, and keeps what it got."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, headers={"retry-after": "2"} if status == 429 else {})

    def post(self, url: str, body: Any, *, token: str = "") -> str | None:
        return post_json(
            url,
            body,
            token=token,
            transport=httpx.MockTransport(self),
            backoff=Backoff(base_s=0.1, max_wait_s=5, max_retries=2),
            sleep=self.waits.append,
        )


def _tell(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    hook: Hook | None = None,
    **environment: str,
) -> tuple[Any, dict[str, Any]]:
    webhook = "https://hooks.example.org/a" if hook else None
    config = AlertsConfig(path=folder / "alerts.json", webhook=webhook)
    report = tell_alerts(
        connection,
        config,
        find_events(connection, config),
        "run-1",
        environment=environment,
        **({"post": hook.post} if hook else {}),
    )
    assert report is not None
    write_alerts(report)
    return report, json.loads((folder / "alerts.json").read_text(encoding="utf-8"))


def test_burst_is_an_alert_with_posts_and_a_sentence(
    spiked: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report, document = _tell(spiked, tmp_path)
    day = (FIRST + timedelta(days=BURST)).date().isoformat()
    found = {(a["aspect"], a["platform"]): a for a in document["alerts"]}

    assert report.count == 4
    assert set(found) == {("", "*"), ("", "test"), ("tram", "*"), ("tram", "test")}
    alert = found["tram", "*"]
    assert (alert["kind"], alert["measure"], alert["direction"]) == ("spike", "count_posts", "up")
    assert alert["period"] == {"first": day, "last": day}
    assert alert["value"] == 60
    assert alert["expected_low"] < alert["expected"] < alert["expected_high"] < 60
    assert alert["posts"][0] == {
        "post_id": f"test:{BURST}-59",
        "url": f"https://social.example/{BURST}-59",
    }
    assert alert["sentence"].startswith(f"tram: 60 posts a day on {day}, where ")
    assert document["version"] == 1
    assert document["count_series"] == 4
    assert document["expected_false_alarms"] == pytest.approx(4 * 7 / 365.25, abs=0.01)
    assert document["model_change"] is None


def test_same_data_give_the_same_bytes(spiked: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _tell(spiked, tmp_path)
    before = (tmp_path / "alerts.json").read_bytes()
    build_marts(spiked)
    _tell(spiked, tmp_path)
    assert (tmp_path / "alerts.json").read_bytes() == before


def test_folder_that_cannot_be_written_is_named(
    spiked: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    config = AlertsConfig(path=tmp_path / "file" / "alerts.json")
    report = tell_alerts(spiked, config, find_events(spiked, config), "run-1", environment={})
    assert report is not None
    with pytest.raises(StoreError, match=r"\[alerts\] path"):
        write_alerts(report)


def test_alerts_can_be_off(spiked: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    config = AlertsConfig(path=tmp_path / "alerts.json", enabled=False)
    assert tell_alerts(spiked, config, find_events(spiked, config), "run-1") is None
    assert not (tmp_path / "alerts.json").exists()


def test_webhook_gets_each_alert_once(spiked: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    hook = Hook(503, 0, 200)
    report, document = _tell(spiked, tmp_path, hook, **{TOKEN_VARIABLE: "s3cret-token"})

    assert report.count_sent == 4
    assert len(hook.requests) == 3
    assert json.loads(hook.requests[-1].content) == document
    assert hook.requests[-1].headers["authorization"] == "Bearer s3cret-token"
    assert scalar(spiked, "select count(*) from sent_alerts") == 4
    again, _ = _tell(spiked, tmp_path, hook)
    assert (again.count, again.count_sent) == (4, 0)
    assert len(hook.requests) == 3


def test_webhook_that_fails_is_a_warning_and_is_asked_again(
    spiked: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    url = "https://hooks.example.org/T0/very-secret"
    down = Hook(500, 500, 500)
    report, _ = _tell(spiked, tmp_path, down, **{URL_VARIABLE: url, TOKEN_VARIABLE: "s3cret-token"})

    assert report.webhook_fault == "status 500, 3 times"
    assert str(down.requests[0].url) == url
    assert scalar(spiked, "select count(*) from sent_alerts") == 0
    assert "took no alert" in caplog.text
    assert "secret" not in caplog.text
    up = Hook()
    assert _tell(spiked, tmp_path, up)[0].count_sent == 4


def test_refusals_are_not_repeated_and_retry_after_is_kept() -> None:
    refused, busy = Hook(404), Hook(429, 200)
    assert refused.post("https://h.example/", {}) == "status 404"
    assert len(refused.requests) == 1
    assert busy.post("https://h.example/", {}) is None
    assert busy.waits == [2.0]
    fault = Hook().post("ftp://user:hunter2@h", {})
    assert fault is not None
    assert "hunter2" not in fault


@pytest.mark.parametrize("url", ["https://u:p@h.example/", "https://h.example/?key=1", "h.example"])
def test_secret_in_the_configuration_is_refused(tmp_path: Path, url: str) -> None:
    path = write_config(tmp_path, f'[alerts]\nwebhook = "{url}"\n')
    with pytest.raises(ConfigError, match=r"\[alerts\] webhook") as caught:
        load_config(path, environment={})
    assert "key=1" not in str(caught.value)
    assert "u:p@" not in str(caught.value)


def test_variables_of_the_webhook_are_no_unknown_settings(tmp_path: Path) -> None:
    path = write_config(tmp_path, "[alerts]\nfalse_alarms_per_year = 2.0\n")
    config = load_config(path, environment={URL_VARIABLE: "https://h/x", TOKEN_VARIABLE: "t"})
    assert config.alerts.path == tmp_path / "alerts.json"
    assert config.alerts.false_alarms_per_year == 2.0


def test_empty_warehouse_has_empty_tables(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    build_marts(connection)
    report, document = _tell(connection, tmp_path)
    assert report.count == 0
    assert document["alerts"] == []
    assert scalar(connection, "select count(*) from sentiment_events") == 0
    assert scalar(connection, "select count(*) from input_drift") == 0
