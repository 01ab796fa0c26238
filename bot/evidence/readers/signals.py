"""Text that a person or a script hands over, as it came from kubectl, argocd or a runner -> the same Evidence."""

from collections.abc import Iterable, Iterator, Mapping

from bot.domain.evidence import Evidence, EvidenceKind, Fact
from bot.evidence.reduce import masked, reduce
from bot.evidence.source import Source, masked_count
from knowledge.text.redact import Session

SIGNALS: Mapping[str, EvidenceKind] = {
    "alert": EvidenceKind.POST,
    "describe": EvidenceKind.DESCRIBE,
    "events": EvidenceKind.EVENTS,
    "logs": EvidenceKind.LOG,
    "app_status": EvidenceKind.APP_STATUS,
    "log": EvidenceKind.CI_LOG,
}
"""Name of a signal -> the kind of evidence that it is."""

MAX_CHARS = 60_000
_MAX_FACT = 200

_CONTAINERS = ("Containers", "Init Containers")
_NOWHERE: Mapping[str, str] = {}
_POD: Mapping[str, str] = {"Status": "phase", "Node": "node", "Name": "pod"}
_CONTAINER: Mapping[str, str] = {"State": "state", "Image": "image", "Restart Count": "restarts"}
_STATES: Mapping[str, Mapping[str, str]] = {
    "State": {"Reason": "reason", "Exit Code": "exit_code", "Message": "message"},
    "Last State": {"Reason": "last_reason", "Exit Code": "last_exit_code", "Message": "last_message"},
    "Ready": _NOWHERE,
}
_AMOUNTS: Mapping[str, Mapping[str, str]] = {
    "Limits": {"memory": "memory_limit", "cpu": "cpu_limit"},
    "Requests": {"memory": "memory_request", "cpu": "cpu_request"},
    "Environment": _NOWHERE,
}


def read_signals(texts: Mapping[str, str], source: Source, session: Session) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each text that is not blank, masked and reduced; unknown names are left out.

    Each one's id is the source's with the signal's name behind it. `describe` also gives the facts of every container
    in it, under the names that the pod reader uses.
    """
    return tuple(
        _read(name, kind, texts[name], source, session) for name, kind in SIGNALS.items() if texts.get(name, "").strip()
    )


def _read(name: str, kind: EvidenceKind, text: str, source: Source, session: Session) -> Evidence:
    excerpt = reduce(masked(text.split("\n"), session), max_chars=MAX_CHARS)
    facts = described_facts(line.text for line in excerpt.lines) if kind is EvidenceKind.DESCRIBE else ()
    return Evidence(
        id=f"{source.id}:{name}",
        kind=kind,
        target=source.target,
        summary=f"{name}: {excerpt.total_lines} lines",
        excerpt=excerpt,
        facts=tuple(facts),
        collected_at=source.at,
        redactions=masked_count(excerpt),
    )


def described_facts(lines: Iterable[str]) -> tuple[Fact, ...]:
    """Return what `kubectl describe pod` states about the pod and its containers, those in trouble first."""
    pod: list[Fact] = []
    containers: list[list[Fact]] = []
    section, states, amounts = "", _NOWHERE, ""
    for line in lines:
        title, _, rest = line.strip().partition(":")
        rest = rest.strip()[:_MAX_FACT]
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            section, states, amounts = title, _NOWHERE, ""
        if section not in _CONTAINERS:
            pod.extend(_named({**_POD, "Reason": "pod_reason"} if depth == 0 else {}, title, rest))
        elif depth == 2 and not rest:
            containers.append([Fact(name="container", value=title)])
            states, amounts = _NOWHERE, ""
        elif containers:
            states = _STATES.get(title, states)
            amounts = title if title in _AMOUNTS else amounts
            containers[-1].extend(_named({**_CONTAINER, **states, **_AMOUNTS.get(amounts, {})}, title, rest))
    containers.sort(key=lambda facts: not _in_trouble(facts))
    return (*(fact for facts in containers for fact in facts), *pod)


def _named(names: Mapping[str, str], title: str, text: str) -> Iterator[Fact]:
    if text and title in names:
        yield Fact(name=names[title], value=text.lower() if names[title] == "state" else text)


def _in_trouble(facts: Iterable[Fact]) -> bool:
    stated = {fact.name: fact.value for fact in facts}
    return "last_reason" in stated or stated.get("state", "running") != "running"
