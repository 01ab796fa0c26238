"""What kubectl and argocd print, read as evidence."""

from datetime import UTC, datetime

from bot.domain.alert import Target
from bot.domain.evidence import EvidenceKind
from bot.evidence.readers.signals import described_facts, read_signals
from bot.evidence.source import Source
from knowledge.text.redact import Session

SOURCE = Source(id="case", target=Target(), at=datetime(2026, 1, 2, tzinfo=UTC))

DESCRIBED = """\
Name:             api-7d9
Node:             node-3/10.0.0.3
Status:           Running
Containers:
  sidecar:
    Image:          acme/proxy:1
    State:          Running
      Started:      Thu, 01 Jan 2026 00:00:00 +0000
    Ready:          True
    Restart Count:  0
  api:
    Image:          acme/api:2
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    1
    Ready:          False
    Restart Count:  16
    Limits:
      cpu:     1
      memory:  50Mi
    Requests:
      memory:  20Mi
    Environment:
      memory:  not a limit
Conditions:
  Type      Status
  Ready     False
"""


def stated() -> dict[str, str]:
    first: dict[str, str] = {}
    for fact in described_facts(DESCRIBED.splitlines()):
        first.setdefault(fact.name, fact.value)
    return first


def test_facts_of_the_container_in_trouble_come_first() -> None:
    assert stated() == {
        "container": "api",
        "image": "acme/api:2",
        "state": "waiting",
        "reason": "CrashLoopBackOff",
        "last_reason": "OOMKilled",
        "last_exit_code": "1",
        "restarts": "16",
        "cpu_limit": "1",
        "memory_limit": "50Mi",
        "memory_request": "20Mi",
        "pod": "api-7d9",
        "node": "node-3/10.0.0.3",
        "phase": "Running",
    }


def test_facts_of_a_text_that_is_no_description_are_none() -> None:
    assert described_facts(["NAME  READY  STATUS", "api  0/1  Error", "", "  a:", "Reason"]) == ()


def test_each_signal_becomes_evidence_of_its_kind() -> None:
    texts = {"alert": "down", "describe": DESCRIBED, "events": "Warning x", "logs": "bye", "app_status": "OutOfSync"}
    kinds = [piece.kind for piece in read_signals({**texts, "other": "?", "log": " "}, SOURCE, Session())]
    assert kinds == [
        EvidenceKind.POST,
        EvidenceKind.DESCRIBE,
        EvidenceKind.EVENTS,
        EvidenceKind.LOG,
        EvidenceKind.APP_STATUS,
    ]


def test_secrets_are_masked_and_numbered_through_all_signals() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    pieces = read_signals({"logs": f"token {token}", "events": f"used {token}"}, SOURCE, Session())
    assert [piece.excerpt.lines[0].text.split()[-1] for piece in pieces] == ["<secret:1>", "<secret:1>"]
    assert [piece.redactions for piece in pieces] == [1, 1]
