"""The benchmark's judge: what it counts as a first card, a full card, a lost or a doubled answer."""

from dataclasses import replace

import pytest

from benchmarks.load import Target, alert_of, objects_of
from benchmarks.results import Answers, Cpu, Phase, Spread
from benchmarks.table import table
from benchmarks.targets import missed

ALERTS = (("C1", "1.1"), ("C1", "1.2"), ("C2", "1.3"))


def call(method: str, channel: str, at: float, text: str, *, thread: str = "", ts: str = "", status: int = 200) -> dict:
    return {
        "method": method,
        "status": status,
        "ok": status == 200,
        "channel": channel,
        "thread_ts": thread,
        "ts": ts,
        "text": text,
        "received": at,
    }


def post(channel: str, thread: str, at: float, text: str = "Looking into pod a", status: int = 200) -> dict:
    return call("chat.postMessage", channel, at, text, thread=thread, ts=f"9.{thread}", status=status)


def update(channel: str, thread: str, at: float, text: str = "Deployment a: OOMKilled") -> dict:
    return call("chat.update", channel, at, text, ts=f"9.{thread}")


def delivery(channel: str, ts: str, sent: float, acked: float, *, late: bool = False) -> dict:
    attempt = {"late": late}
    state = "lost" if late else "acked"
    return {
        "name": "message", "channel": channel, "ts": ts, "sent_at": sent, "acked_at": acked, "state": state, "attempts": [attempt],
    }  # fmt: skip


def judged(calls: list[dict], deliveries: list[dict] | None = None, *, echo: bool = False) -> Phase:
    answers = Answers(ALERTS, echo=echo)
    answers.read(calls)
    rows = [delivery(channel, ts, 10.0, 10.1) for channel, ts in ALERTS] if deliveries is None else deliveries
    return answers.phase("steady", "echo" if echo else "bot", {"deliveries": rows}, 10.0)


def whole() -> list[dict]:
    return [
        each for n, (c, ts) in enumerate(ALERTS) for each in (post(c, ts, 10.2 + n / 10), update(c, ts, 11 + n / 10))
    ]


def test_a_whole_run_has_its_latencies_from_the_frame_to_the_call():
    phase = judged(whole())
    assert (phase.answered, phase.finished, phase.with_cause, phase.lost, phase.twice, phase.unfinished) == (
        3,
        3,
        3,
        0,
        0,
        0,
    )
    assert phase.first.max == pytest.approx(0.4)
    assert phase.full.p50 == pytest.approx(1.1)
    assert phase.ack.max == pytest.approx(0.1)
    assert phase.drained == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("calls", "field", "count"),
    [
        ([*whole(), post("C1", "1.1", 12.0, "again")], "twice", 1),
        (whole()[2:], "lost", 1),
        ([row for row in whole() if row["method"] == "chat.postMessage"], "unfinished", 3),
        ([post("C1", "1.1", 11.0), update("C1", "1.1", 12.0, "I could not finish: a needs a person")], "unfinished", 1),
        ([post("C1", "1.1", 11.0, "Deployment a: OOMKilled")], "coalesced", 1),
        ([post("C1", "1.1", 11.0), update("C1", "1.1", 12.0, "pod a: no cause found")], "with_cause", 0),
        ([post("C1", "1.2", 11.0), post("C2", "1.3", 11.1), post("C1", "1.1", 11.2)], "out_of_order", 1),
        ([post("C1", "1.1", 11.0, status=429)], "rate_limited", 1),
        ([call("chat.update", "C1", 11.0, "x", ts="9.1.1"), post("C1", "1.1", 11.5)], "finished", 0),
    ],
)
def test_what_is_counted(calls, field, count):
    assert getattr(judged(calls), field) == count


def test_any_answer_of_the_echo_is_whole():
    phase = judged([post(channel, ts, 10.5, "seen") for channel, ts in ALERTS], echo=True)
    assert (phase.finished, phase.coalesced) == (3, 3)


def test_a_late_ack_is_counted_and_missed():
    late = [delivery("C1", "1.1", 10.0, 13.5, late=True)]
    phase = judged(whole(), late)
    assert (phase.late_acks, phase.lost_deliveries) == (1, 1)
    assert len([line for line in missed([phase]) if "ack" in line]) == 2


def test_the_percentile_is_a_value_that_was_measured():
    spread = Spread.of(n / 1000 for n in range(1, 101))
    assert (spread.p50, spread.p95, spread.max) == (0.050, 0.095, 0.100)


def test_targets_are_missed_by_the_numbers_of_the_issue():
    fast = Spread(count=3, p50=0.01, p95=0.02, max=0.1)
    good = replace(judged(whole()), first=fast, full=fast)
    echo = replace(judged([], echo=True), first=Spread(count=3, p95=0.005))
    assert missed([good, echo]) == []
    slow = replace(good, first=replace(fast, p95=0.056), full=replace(fast, p95=0.501))
    assert [line.split(" p95")[0] for line in missed([slow, echo])] == ["steady: first card", "steady: full card"]
    storm = replace(good, name="paced", out_of_order=1, rate_limited=2)
    assert len(missed([storm])) == 2


def test_the_table_has_a_column_for_each_phase_and_keeps_what_says_nothing_of_the_echo_empty():
    used = (Cpu(process="bot", seconds=3.0, share=0.5, mebibytes=100.0),) * 2
    phase = replace(judged(whole()), cpu=used)
    lines = table([phase, replace(phase, subject="echo")]).splitlines()
    assert [cell.strip() for cell in lines[0].split("|")[2:4]] == ["steady, bot", "steady, echo"]
    full = next(line for line in lines if "full card p50" in line)
    assert [cell.strip() for cell in full.split("|")[2:4]] == ["1.1 s / 1.2 s / 1.2 s", "-"]
    assert "50% (1000.0 ms an alert)" in lines[-3]


def test_the_load_is_different_workloads_and_both_senders():
    targets = [Target(n) for n in range(2000)]
    assert len({(each.namespace, each.name) for each in targets}) == 2000
    assert {alert_of(each, "C1")["sender"]["name"] for each in targets[:2]} == {"Robusta", "Alertmanager"}
    assert [each["kind"] for each in objects_of(targets[0])[:3]] == ["Deployment", "ReplicaSet", "Pod"]
