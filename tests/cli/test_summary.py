from dataclasses import replace
from pathlib import Path

from analytics.alerts import AlertsReport
from analytics.cli.summary import outcome_as_json, outcome_as_text
from analytics.pipeline import Outcome
from analytics.store.predictions import Plan
from analytics.store.runs import RunCounts

OUTCOME = Outcome(
    run_id="r",
    status="done",
    counts=RunCounts(count_engine_rationales=40),
    plan=Plan(
        count_items=50,
        count_memo_hits=0,
        count_contents=50,
        count_all_contents=50,
        count_deadly=0,
        failed_before=frozenset(),
        has_replacements=False,
    ),
    engine="transformers",
    infer_s=8.0,
    engine_s=7.9,
)


def test_share_of_the_engine_is_said() -> None:
    assert "Judging took 8.0 s; the model computed in 98.8% of it\n" in outcome_as_text(OUTCOME)
    served = replace(OUTCOME, engine="openai 1 on http://localhost")
    assert "s; the engine was being asked in 98.8% of it\n" in outcome_as_text(served)
    said = outcome_as_json(OUTCOME)
    assert (said["infer_s"], said["engine_s"], said["share_engine"]) == (8.0, 7.9, 0.9875)


def test_run_without_an_engine_has_no_share() -> None:
    idle = replace(OUTCOME, infer_s=0.0, engine_s=0.0)
    assert "in the engine" not in outcome_as_text(idle)
    assert outcome_as_json(idle)["share_engine"] is None


def test_rationales_that_lack_a_part_are_said() -> None:
    assert "lack a part" not in outcome_as_text(OUTCOME)
    counts = RunCounts(count_engine_rationales=40, count_rationales_incomplete=3)
    torn = replace(OUTCOME, counts=counts)
    assert "Rationales that lack a part or their prediction: 3 of 40\n" in outcome_as_text(torn)
    cut = replace(OUTCOME, counts=replace(counts, count_rationales_cut=2))
    assert (
        "Rationales that lack a part or their prediction: 3 of 40; 2 were cut at their token limit"
        " (raise [infer] max_rationale_tokens)\n"
    ) in outcome_as_text(cut)
    assert outcome_as_json(torn)["counts"]["count_rationales_incomplete"] == 3


def test_alerts_are_said_with_their_file_and_what_the_webhook_took() -> None:
    assert "Alerts:" not in outcome_as_text(OUTCOME)
    alerts = AlertsReport(path=Path("alerts.json"), document={"alerts": [{}, {}]}, count_sent=1)
    assert "Alerts: 2 (alerts.json); 1 sent\n" in outcome_as_text(replace(OUTCOME, alerts=alerts))
    early = replace(alerts, document={"alerts": [], "count_series": 0}, count_sent=0)
    said = outcome_as_text(replace(OUTCOME, alerts=early))
    assert "Alerts: 0 (alerts.json); no series is long enough yet (28 days)\n" in said
    refused = replace(OUTCOME, alerts=replace(alerts, count_sent=0, webhook_fault="status 404"))
    assert "Alerts: 2 (alerts.json); not sent: status 404\n" in outcome_as_text(refused)
    assert outcome_as_json(refused)["alerts"] == {
        "path": "alerts.json",
        "count": 2,
        "sent": 0,
        "webhook_fault": "status 404",
    }
