"""Preconditions that are read one by one, and stop at the first that is not met: the shape of every preflight."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from bot.domain.action import Check
from bot.domain.errors import Forbidden, NotFound, PlatformError, Rejected
from bot.domain.proposal import ProposalStep
from bot.remedy.contract import Preflight
from bot.remedy.quoting import one_line

T = TypeVar("T")

THERE = Check(name="still there", expected="what the preview names exists")
PERMITTED = Check(name="permission", expected="CodeHealer may read and do this")

_REASONS = {
    THERE.name: "What the preview names does not exist any more.",
    PERMITTED.name: "CodeHealer is not permitted to do this; its credential needs the right that docs/actions.md names.",
}


def flight(step: ProposalStep, examined: Iterator[Check], reasons: Mapping[str, str], guard: str = "") -> Preflight:
    """Read the checks as they come, up to and with the first that is not met; what is gone or forbidden is one too.

    `reasons` are sentences of ours, by the check's name: what a platform said stays in `observed`. Raises PlatformError
    when the platform cannot be asked.
    """
    checks: list[Check] = []
    try:
        for check in examined:
            checks.append(check)
            if check.passed is not True:
                break
    except NotFound as error:
        checks.append(replace(THERE, observed=one_line(error.detail), passed=False))
    except Forbidden as error:
        checks.append(replace(PERMITTED, observed=one_line(error.detail), passed=False))
    if all(check.passed for check in checks):
        return Preflight(ok=True, checks=tuple(checks), guard=guard, preview=step.preview)
    missed = checks[-1].name
    stale = reasons.get(missed) or _REASONS.get(missed) or f"A precondition is not met any more: {missed}."
    return Preflight(ok=False, checks=tuple(checks), preview=step.preview, stale=stale)


def met(check: Check, passed: bool, observed: str) -> Check:
    """Return the check with what was seen."""
    return replace(check, passed=passed, observed=one_line(observed, 300))


def before_the_write(read: Callable[[], T]) -> T:
    """Return what a write needs to know first. An outage here raises Rejected: nothing was sent, and nothing is unknown."""
    try:
        return read()
    except (NotFound, Forbidden):
        raise
    except PlatformError as error:
        problem = f"{error.detail}; nothing was sent"
        raise Rejected(problem, connection=error.connection, operation=error.operation, status=error.status) from error
