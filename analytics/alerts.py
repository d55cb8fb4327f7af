"""`alerts.json`: the events of the last whole days, for programs, and for a webhook."""

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from analytics.config.settings import AlertsConfig
from analytics.contract.errors import StoreError
from analytics.events import Event, EventSettings, Found, build_events
from analytics.store.events import (
    find_data_time,
    list_sent,
    read_posts_to_look_at,
    remember_sent,
)
from analytics.store.transactions import first_row
from analytics.webhook import post_json

logger = logging.getLogger(__name__)

VERSION = 1
URL_VARIABLE = "ANALYTICS_WEBHOOK_URL"
TOKEN_VARIABLE = "ANALYTICS_WEBHOOK_TOKEN"
_MEASURES = {"count_posts": "posts a day", "net_sentiment": "net sentiment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsReport:
    """The alerts of a run and what came of them; `webhook_fault` says why none was sent."""

    path: Path
    document: Mapping[str, Any]
    count_sent: int = 0
    webhook_fault: str | None = None

    @property
    def count(self) -> int:
        """The number of alerts."""
        return len(self.document["alerts"])


def find_events(connection: duckdb.DuckDBPyConnection, config: AlertsConfig) -> Found:
    """Fill the tables of events, after the marts, as the configuration asks."""
    settings = EventSettings(
        false_alarms_per_year=config.false_alarms_per_year, max_series=config.max_series
    )
    return build_events(connection, settings)


def tell_alerts(
    connection: duckdb.DuckDBPyConnection,
    config: AlertsConfig,
    found: Found,
    run_id: str,
    *,
    environment: Mapping[str, str] | None = None,
    post: Callable[..., str | None] = post_json,
) -> AlertsReport | None:
    """Describe the alerts and send what is new to the webhook; None if alerts are off."""
    if not config.enabled:
        return None
    document = make_document(connection, found, config)
    environment = os.environ if environment is None else environment
    url = environment.get(URL_VARIABLE, "").strip() or (config.webhook or "")
    alerts: list[dict[str, Any]] = document["alerts"]
    report = AlertsReport(path=config.path, document=document)
    sent = list_sent(connection) if url else set()
    new = [alert for alert in alerts if alert["id"] not in sent]
    if not url or not new:
        return report
    token = environment.get(TOKEN_VARIABLE, "").strip()
    fault = post(url, {**document, "alerts": new}, token=token)
    if fault is not None:
        logger.warning(
            "the webhook of [alerts] took no alert: %s. The next run sends them again", fault
        )
        return replace(report, webhook_fault=fault)
    ids = [alert["id"] for alert in new]
    remember_sent(connection, ids, run_id=run_id, now=datetime.now(UTC))
    return replace(report, count_sent=len(new))


def renew_alerts(
    connection: duckdb.DuckDBPyConnection, config: AlertsConfig, found: Found
) -> AlertsReport | None:
    """`alerts.json`, to be written anew after the events, where there is one.

    For marts that are made outside a whole run: nothing is sent to the webhook. So posts that
    were deleted or forgotten go from it.
    """
    if not config.path.exists():
        return None
    return AlertsReport(path=config.path, document=make_document(connection, found, config))


def write_alerts(report: AlertsReport) -> None:
    """Write `alerts.json`; it appears whole or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    path = report.path
    text = json.dumps(report.document, ensure_ascii=False, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        umask = os.umask(0o077)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except OSError as exc:
        raise StoreError(
            f"{path}: the alerts cannot be written: {exc.strerror or exc}."
            " Set [alerts] path to a folder that can be written."
        ) from exc


def make_document(
    connection: duckdb.DuckDBPyConnection, found: Found, config: AlertsConfig
) -> dict[str, Any]:
    """What `alerts.json` holds (docs/alerts.md); the same data give the same document."""
    moment = find_data_time(connection)
    last = found.last_day
    first = last - timedelta(days=config.days - 1) if last else None
    events = [e for e in found.events if first and last and e.detected_on >= first]
    rate = config.false_alarms_per_year
    return {
        "version": VERSION,
        "generated_at": moment.astimezone(UTC).isoformat() if moment else None,
        "period": {"first": _iso(first), "last": _iso(last)},
        "false_alarms_per_series_year": rate,
        "count_series": found.count_series,
        "expected_false_alarms": round(rate * found.count_series * config.days / 365.25, 2),
        "alerts": [_describe(connection, event) for event in events],
        "model_change": _read_model_change(connection),
        "input_drift": [
            {"feature": feature, "reference": reference, "level": level, "reading": reading}
            for feature, reference, level, reading in connection.execute(
                "select feature, reference, level, reading from input_drift"
                " where level in ('some', 'large') order by all"
            ).fetchall()
        ],
    }


def _describe(connection: duckdb.DuckDBPyConnection, event: Event) -> dict[str, Any]:
    side = {"up": "positive", "down": "negative"}[event.direction]
    posts = read_posts_to_look_at(
        connection,
        aspect=event.aspect,
        platform=event.platform,
        first=event.period_start,
        last=event.period_end,
        label=side if event.measure == "net_sentiment" else None,
    )
    return {
        "id": event.alert_id,
        "kind": event.kind,
        "measure": event.measure,
        "direction": event.direction,
        "aspect": event.aspect,
        "platform": event.platform,
        "period": {"first": _iso(event.period_start), "last": _iso(event.period_end)},
        "detected_on": _iso(event.detected_on),
        "value": _round(event.value),
        "expected": _round(event.expected),
        "expected_low": _round(event.expected_low),
        "expected_high": _round(event.expected_high),
        "size": _round(event.size),
        "size_low": _round(event.size_low),
        "size_high": _round(event.size_high),
        "p_value": float(f"{event.p_value:.2g}"),
        "count_posts": event.count_posts,
        "posts": [{"post_id": post_id, "url": url} for post_id, url in posts],
        "sentence": describe_event(event),
    }


def describe_event(event: Event) -> str:
    """One sentence for people."""
    who = event.aspect or "All posts"
    where = "" if event.platform == "*" else f" on {event.platform}"
    what = _MEASURES[event.measure]
    value, expected = _say(event, event.value), _say(event, event.expected)
    if event.kind == "spike":
        text = f"{who}{where}: {value} {what} on {_iso(event.period_start)}"
        if event.period_end != event.period_start:
            text = (
                f"{who}{where}: up to {value} {what}"
                if event.direction == "up"
                else f"{who}{where}: down to {value} {what}"
            ) + f" from {_iso(event.period_start)} to {_iso(event.period_end)}"
        low, high = _say(event, event.expected_low), _say(event, event.expected_high)
        odds = max(event.p_value, 1e-9)
        text += f", where {expected} ({low} to {high}) were expected"
        return f"{text}; by chance once in {1 / odds:,.0f} days."
    size, low, high = (_say_size(event, x) for x in (event.size, event.size_low, event.size_high))
    return (
        f"{who}{where}: {what} went from {expected} to {value} around {_iso(event.period_start)},"
        f" a step of {size} ({low} to {high})."
    )


def _say(event: Event, value: float | None) -> str:
    if value is None:
        return "?"
    if event.measure == "net_sentiment":
        return f"{value:+.2f}"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def _say_size(event: Event, value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:+.0%}" if event.measure == "count_posts" else f"{value:+.2f}"


def _read_model_change(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    row = first_row(
        connection.execute(
            "select old_model_id, new_model_id, count_posts, count_contents, old_net_sentiment,"
            " new_net_sentiment, jump, jump_low, jump_high, share_agreement from model_seam"
            " where platform = '*' order by aspect limit 1"
        )
    )
    if row is None:
        return None
    names = ("old_model_id", "new_model_id", "count_posts", "count_contents")
    figures = (
        "old_net_sentiment",
        "new_net_sentiment",
        "jump",
        "jump_low",
        "jump_high",
        "share_agreement",
    )
    return {
        **dict(zip(names, row[:4], strict=True)),
        **{name: _round(x) for name, x in zip(figures, row[4:], strict=True)},
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _round(value: float | None) -> float | None:
    """Six digits: what the last bits of a sum are depends on the machine."""
    return None if value is None else float(f"{value:.6g}")
