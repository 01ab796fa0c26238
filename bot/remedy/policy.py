"""How far a fix may go and how often: the rules of `config/remediation_rules.yaml` as values, and what follows of them."""

from datetime import datetime, timedelta
from fractions import Fraction

from bot.domain.action import ActionSpec
from bot.domain.alert import Target, TargetKind
from bot.domain.errors import Unreadable
from bot.domain.execution import Execution, ExecutionState, Verdict, Verification
from bot.domain.values import value
from bot.remedy.quantity import format_bytes, parse, raised

_CHANGED_NOTHING = frozenset({ExecutionState.INTENDED, ExecutionState.REFUSED})


@value
class MemoryRule:
    """How a memory limit is raised: times `factor`, up to a multiple of `round_to`, by `min_step` at least, to `max` at most."""

    factor: float = 1.5
    round_to: str = "64Mi"
    min_step: str = "64Mi"
    max: str = "4Gi"


@value
class ActionRule:
    """One action's switch, rest and patience, in seconds; None: the action's own.

    `cooldown`: between two runs on the same target. `within`: for how long a verdict is waited for.
    """

    id: str
    enabled: bool = True
    cooldown: int | None = None
    within: int | None = None


@value
class Credential:
    """A credential that can expire, and the team's own workflow that renews it.

    It fits a failure in one of `repositories` (globs; none: any) when one of `matches` stands in the lines that the
    diagnosis cites, or beside them, or is the cause's name. `repository` is where the workflow lives (empty: where the
    run failed), `inputs` are (name, value) beside our own `codehealer_id`, `secret` says for people what is renewed.
    """

    id: str
    secret: str
    matches: tuple[str, ...]
    repositories: tuple[str, ...] = ()
    workflow: str
    repository: str = ""
    ref: str = ""
    inputs: tuple[tuple[str, str], ...] = ()


@value
class Rules:
    """`floor` is the least confidence at which a fix is proposed; `max_reruns` how often one run may be run again."""

    floor: float = 0.5
    memory: MemoryRule = MemoryRule()
    max_reruns: int = 2
    actions: tuple[ActionRule, ...] = ()
    credentials: tuple[Credential, ...] = ()

    def of(self, action_id: str) -> ActionRule:
        """Return the action's rule; an action without one is enabled and rests as its catalogue entry says."""
        return next((rule for rule in self.actions if rule.id == action_id), ActionRule(id=action_id))

    def cooldown(self, spec: ActionSpec) -> timedelta:
        """Return how long the same target rests after the action ran on it."""
        own = self.of(spec.id).cooldown
        return timedelta(seconds=spec.cooldown if own is None else own)

    def within(self, spec: ActionSpec) -> int:
        """Return for how many seconds a verdict on the action is waited for."""
        own = self.of(spec.id).within
        return spec.within if own is None else own


@value
class OutOfBounds:
    """The rules allow no change; the reason is a sentence for people."""

    reason: str


def next_limit(current: str, rule: MemoryRule) -> str | OutOfBounds:
    """Return the memory limit to try after `current`. Never below current + min_step, never above the rule's maximum."""
    try:
        now = parse(current)
    except Unreadable:
        return OutOfBounds(reason="The current memory limit cannot be read as a quantity, so no new one is proposed.")
    top, step, multiple = int(parse(rule.max)), int(parse(rule.min_step)), int(parse(rule.round_to))
    wanted = max(raised(now, Fraction(str(rule.factor)), multiple), raised(now + step, Fraction(1), multiple))
    if wanted <= top:
        return format_bytes(wanted)
    if now + step <= top:
        return format_bytes(top)
    return OutOfBounds(
        reason=f"The memory limit is already {format_bytes(int(now))}, and the rules allow {rule.max} at most: "
        "look for a leak, or raise max_memory in remediation_rules.yaml."
    )


def cooling(executions: tuple[Execution, ...], spec: ActionSpec, target: Target, now: datetime, rules: Rules) -> str:
    """Return why the target still rests from this action, as a sentence, or the empty string.

    Only what may have changed the target counts: an intent that was never sent and a refused execution changed nothing.
    One whose outcome is unknown counts like an applied one; after its rest a fresh reading says what is there.
    """
    for each in reversed(executions):
        if each.state in _CHANGED_NOTHING or not _concerns(each, spec.id, target):
            continue
        rest = each.changed_at + rules.cooldown(spec) - now
        if rest > timedelta(0):
            how = "ran" if each.state is ExecutionState.APPLIED else "may have run (its outcome is not known)"
            return (
                f'"{spec.title}" {how} on this target at {each.changed_at:%H:%M} UTC; '
                f"it is not proposed again for another {_minutes(rest)}."
            )
    return ""


def tried(
    executions: tuple[Execution, ...],
    verifications: tuple[Verification, ...],
    spec: ActionSpec,
    target: Target,
    step: int = 0,
) -> str:
    """Return what was tried without helping, as a sentence, or the empty string: a fix that failed is not offered twice.

    `step` is the action's place in the proposal: a re-run that did not help is another fix once a rotation precedes it.
    """
    failed = {each.execution_id: each for each in verifications if each.verdict is Verdict.FAILED}
    for each in reversed(executions):
        if each.id in failed and each.step == step and _concerns(each, spec.id, target):
            return (
                f'"{spec.title}" was already tried on this target at {each.intended_at:%Y-%m-%d %H:%M} UTC and its '
                f"verification failed ({_missed(failed[each.id])}), so it is not proposed again."
            )
    return ""


def _concerns(execution: Execution, action_id: str, target: Target) -> bool:
    """Whether the execution was this action on this target; a record that does not say counts as such."""
    mine = execution.target
    here = mine is None or _identity(mine) == _identity(target)
    return here and execution.action in ("", action_id)


def _identity(target: Target) -> tuple[str, ...]:
    """What makes two targets one: another run is another, and so is an application or a file at another revision."""
    at = target.revision if target.kind in {TargetKind.ARGO_APP, TargetKind.REPO} else ""
    return target.connection, target.namespace, target.workload_kind, target.name, target.repo, target.run_id, at


def _missed(verification: Verification) -> str:
    names = [check.name for check in verification.checks if check.passed is False]
    return f"not met: {', '.join(names)}" if names else "its checks were not met"


def _minutes(rest: timedelta) -> str:
    minutes = -(-rest // timedelta(minutes=1))
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
