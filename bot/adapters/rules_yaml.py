"""remediation_rules.yaml -> Rules: the shipped file, and a team's own laid over it by id. Every message names file and line."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeVar

from bot.domain.errors import Unreadable
from bot.domain.pipeline import DISPATCH_INPUT
from bot.remedy.policy import ActionRule, Credential, MemoryRule, Rules
from bot.remedy.quantity import parse
from bot.yaml_file import Entry, sections

T = TypeVar("T")

SECTIONS: Final = {"rules": "a rule", "credentials": "a credential"}
PROPOSALS, MEMORY, RERUN = "proposals", "kubernetes.set_resources", "github.rerun_failed_jobs"
OWN_KEYS: Final[dict[str, tuple[str, ...]]] = {
    MEMORY: ("factor", "round_to", "min_step", "max_memory"),
    RERUN: ("deadline", "max_reruns"),
    "github.dispatch_workflow": ("deadline",),
    "github.open_fix_pr": ("deadline",),
    "argocd.sync": ("deadline",),
}
CREDENTIAL_KEYS: Final = ("id", "secret", "matches", "repositories", "workflow", "repository", "ref", "inputs")
MAX_INPUTS: Final = 24
"""GitHub takes 25 inputs of a dispatch; one is ours (its documentation: workflow_dispatch)."""

_DURATION = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
_WORKFLOW = re.compile(r"(?:\.github/workflows/)?[A-Za-z0-9._-]{1,100}\.ya?ml")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


def load_rules(shipped: Path, team: Path | None, action_ids: tuple[str, ...]) -> Rules:
    """Return the rules of the shipped file with those of the team's file, if there is one, laid over by id.

    `action_ids` are the catalogue's: a rule for anything else is refused. Raises ConfigError with file, line and mend.
    """
    files = [sections(path, SECTIONS) for path in (shipped, team) if path is shipped or (path and path.is_file())]
    rules: dict[str, Entry] = {}
    credentials: dict[str, Entry] = {}
    for file in files:
        rules |= _by_id(file["rules"], "this rule")
        credentials |= _by_id(file["credentials"], "this credential")
    for id_, entry in rules.items():
        if id_ not in (PROPOSALS, *action_ids):
            known = ", ".join((PROPOSALS, *action_ids))
            raise entry.wrong(f"there is no rule {id_[:80]!r}", f"known are: {known}")
    floor = _floor(rules.pop(PROPOSALS, None))
    return Rules(
        floor=floor,
        memory=_memory(rules.get(MEMORY)),
        max_reruns=rules[RERUN].whole("max_reruns", Rules().max_reruns, 0, 49)
        if RERUN in rules
        else Rules().max_reruns,
        actions=tuple(_action(id_, entry) for id_, entry in rules.items()),
        credentials=tuple(_credential(id_, entry) for id_, entry in credentials.items()),
    )


def _by_id(entries: tuple[Entry, ...], what: str) -> dict[str, Entry]:
    """Return a file's entries by id. Raises ConfigError for one without an id, and for an id twice."""
    found: dict[str, Entry] = {}
    for entry in entries:
        id_ = entry.text("id")
        if not id_:
            raise entry.wrong(f"{what} has no id", "begin it with `- id: `")
        if id_ in found:
            raise entry.wrong(f"{id_[:80]!r} stands twice in this file", "keep one of them", "id")
        found[id_] = entry
    return found


def _taken(entry: Entry, name: str, default: T, read: Callable[[str], T]) -> T:
    """Return a key's value as `read` takes it, or the default. Raises ConfigError at the key's own line."""
    text = entry.text(name)
    if not text:
        return default
    try:
        return read(text)
    except (ValueError, Unreadable) as error:
        problem = error.problem if isinstance(error, Unreadable) else str(error)
        raise entry.wrong(problem, "mend the value", name) from error


def _floor(entry: Entry | None) -> float:
    default = Rules().floor
    return (
        default
        if entry is None
        else _taken(entry.only(("id", "confidence_floor")), "confidence_floor", default, _share)
    )


def _memory(entry: Entry | None) -> MemoryRule:
    default = MemoryRule()
    if entry is None:
        return default
    rule = MemoryRule(
        factor=_taken(entry, "factor", default.factor, _factor),
        round_to=_taken(entry, "round_to", default.round_to, _bytes),
        min_step=_taken(entry, "min_step", default.min_step, _bytes),
        max=_taken(entry, "max_memory", default.max, _bytes),
    )
    if parse(rule.max) < parse(rule.min_step):
        raise entry.wrong("max_memory is below min_step", "raise max_memory: no limit could ever be proposed")
    return rule


def _action(id_: str, entry: Entry) -> ActionRule:
    entry.only(("id", "enabled", "cooldown", *OWN_KEYS.get(id_, ())))
    return ActionRule(
        id=id_,
        enabled=entry.switch("enabled", True),
        cooldown=_taken(entry, "cooldown", None, _duration),
        within=_taken(entry, "deadline", None, _duration),
    )


def _credential(id_: str, entry: Entry) -> Credential:
    entry.only(CREDENTIAL_KEYS)
    matches, inputs = entry.texts("matches"), entry.pairs("inputs")
    if not any(match.strip("*? ") for match in matches) or not all(matches):
        raise entry.wrong(
            f"credential {id_[:80]!r} matches nothing, or everything",
            "name under `matches` what the log says when it expired: a registry's host, a secret's name",
            "matches",
        )
    wrong = next((name for name, _ in inputs if not _NAME.fullmatch(name) or name == DISPATCH_INPUT), None)
    if wrong is not None or len(inputs) > MAX_INPUTS:
        problem = f"{wrong[:80]!r} is no input of a rule" if wrong is not None else f"more than {MAX_INPUTS} inputs"
        raise entry.wrong(problem, f"name the workflow's own inputs; {DISPATCH_INPUT} is given by CodeHealer", "inputs")
    return Credential(
        id=id_,
        secret=entry.text("secret") or id_,
        matches=matches,
        repositories=entry.texts("repositories"),
        workflow=_workflow(entry),
        repository=_taken(entry, "repository", "", _repository),
        ref=entry.text("ref"),
        inputs=inputs,
    )


def _workflow(entry: Entry) -> str:
    text = entry.text("workflow")
    if not _WORKFLOW.fullmatch(text):
        raise entry.wrong(
            "names no workflow file",
            "write its file, such as rotate-registry-token.yml or .github/workflows/x.yml",
            "workflow",
        )
    return text


def _repository(text: str) -> str:
    if not _REPOSITORY.fullmatch(text):
        raise ValueError("is a repository such as acme/infrastructure")
    return text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is not a number") from None


def _share(text: str) -> float:
    number = _number(text)
    if not 0 <= number <= 1:
        raise ValueError("is between 0 and 1")
    return number


def _factor(text: str) -> float:
    number = _number(text)
    if not 1 < number <= 4:
        raise ValueError("is more than 1 and at most 4")
    return number


def _bytes(text: str) -> str:
    """Return a quantity of at least one whole mebibyte, as it was written."""
    if parse(text) < 1024 * 1024 or parse(text).denominator != 1 or parse(text) > Fraction(1 << 50):
        raise ValueError("is a memory quantity from 1Mi to 1Pi, such as 64Mi")
    return text


def _duration(text: str) -> int | None:
    """Return seconds; a bare number counts as seconds."""
    if text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= 86400 * 30:
        return int(text)
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("is a duration such as 90s, 30m or 2h")
    return int(match["number"]) * _SECONDS[match["unit"]]
