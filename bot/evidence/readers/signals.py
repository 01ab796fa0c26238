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

_STATES = {
    "State": ("state", "reason", "exit_code", "message"),
    "Last State": ("", "last_reason", "last_exit_code", "last_message"),
}
_TITLES = {"Status": "phase", "Node": "node", "Image": "image", "Restart Count": "restarts"}


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


def described_facts(lines: Iterable[str]) -> Iterator[Fact]:
    """Yield what `kubectl describe pod` states about the pod and its containers, in the order of the text."""
    names: tuple[str, ...] = ()
    previous, section = "", ""
    for line in lines:
        title, _, rest = line.strip().partition(":")
        rest = rest.strip()[:_MAX_FACT]
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            section = title
        if depth == 2 and not rest and section.endswith("Containers"):
            yield Fact(name="container", value=title)
        elif title in _STATES:
            names = _STATES[title]
            if names[0] and rest:
                yield Fact(name=names[0], value=rest.lower())
        elif title in {"Reason", "Exit Code", "Message"} and rest:
            yield from _ended(names if depth else (), title, rest)
        elif title == "memory" and previous == "Limits":
            yield Fact(name="memory_limit", value=rest)
        elif title in _TITLES and rest:
            yield Fact(name=_TITLES[title], value=rest)
        if title in {"Limits", "Requests"}:
            previous = title


def _ended(names: tuple[str, ...], title: str, rest: str) -> Iterator[Fact]:
    if not names:
        if title == "Reason":
            yield Fact(name="pod_reason", value=rest)
        return
    yield Fact(name=names[{"Reason": 1, "Exit Code": 2, "Message": 3}[title]], value=rest)
