"""Whether a rollout that we caused helps: looked at once a call, by the checks that were written down before it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.action import Check
from bot.domain.cluster import EXECUTION_MARK, ContainerState, Pod, Workload
from bot.domain.errors import NotFound, PlatformError
from bot.domain.execution import Execution, Verdict
from bot.domain.proposal import ProposalStep
from bot.domain.values import value
from bot.ports import Platforms
from bot.remedy.contract import Progress
from bot.remedy.quantity import same

ROLLOUT_SECONDS = 600
MAX_PODS = 50
"""As many pods as `Cluster.pods` returns: with more replicas the newest are looked at."""

BROKEN = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
"""Waiting reasons that end a verification. ErrImagePull is not one: the kubelet tries again before it backs off."""

IN_PLACE = "fix still in place"
MEMORY = "memory limit of the new pods"
ROLLOUT = "rollout"
RESTARTS = "restarts"


def rollout_checks(window: int, container: str, limit: str = "") -> tuple[Check, ...]:
    """Return the checks of a rollout, to be written down before it. `window` in seconds; no `limit`: not looked at."""
    who = f"container {container}" if container else "any container"
    memory = (Check(name=MEMORY, expected=f"{container} runs with {limit}"),) if limit else ()
    return (
        Check(name=IN_PLACE, expected="nobody changed it back or over"),
        *memory,
        Check(name=ROLLOUT, expected="every replica is updated and ready, the newest generation is observed"),
        Check(name=RESTARTS, expected=f"no restart of {who} in a new pod for {window} s"),
    )


def deadline_of(execution: Execution, step: ProposalStep) -> datetime:
    """Return until when a verdict may be waited for: ten minutes for the rollout, then the window."""
    return execution.changed_at + timedelta(seconds=ROLLOUT_SECONDS + step.verify_after)


def verify_rollout(
    step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime, limit: str = ""
) -> Progress:
    """Look once.

    FAILED at once, when a new pod (one that carries the execution's mark and is not on its way out) shows that the fix
    does not help: the container restarted or ended badly, a container waits for a reason of BROKEN, or the pod runs with
    another limit. PASSED when every check is met at this look. INCONCLUSIVE when the workload is gone or was changed by
    somebody else after us, or when neither came true before the deadline, an unreachable platform included.

    A pod's age is its container's startedAt (the node's clock) against `now` (ours): a clock of ours that is ahead by
    more than the rollout took shortens the window by as much.
    """
    target = step.target
    try:
        cluster = platforms.cluster(target.connection)
        workload = cluster.workload(target.namespace, target.workload_kind, target.name)
        pods = cluster.pods(target.namespace, workload.selector)
    except NotFound:
        return ended(step, Verdict.INCONCLUSIVE, {IN_PLACE: (False, "the workload does not exist any more")})
    except PlatformError as error:
        seen = {IN_PLACE: (None, f"the platform could not be asked: {error.detail[:200]}")}
        return ended(step, Verdict.INCONCLUSIVE if now > deadline_of(execution, step) else None, seen)
    look = _Look(step=step, execution=execution, workload=workload, pods=pods, limit=limit, now=now)
    return look.progress()


Seen = dict[str, tuple[bool | None, str]]


def ended(step: ProposalStep, verdict: Verdict | None, seen: Mapping[str, tuple[bool | None, str]]) -> Progress:
    """Return the written-down checks with what was seen of each; one that was not reached says so by being empty."""
    checks = tuple(
        replace(check, passed=seen[check.name][0], observed=seen[check.name][1]) if check.name in seen else check
        for check in step.verification
    )
    return Progress(verdict=verdict, checks=checks)


@value
class _Look:
    """One reading of the workload and its pods, judged."""

    step: ProposalStep
    execution: Execution
    workload: Workload
    pods: tuple[Pod, ...]
    limit: str
    now: datetime

    def progress(self) -> Progress:
        seen: Seen = {IN_PLACE: self._in_place()}
        if seen[IN_PLACE][0] is False:
            return ended(self.step, Verdict.INCONCLUSIVE, seen)
        seen |= {ROLLOUT: self._rollout(), RESTARTS: self._restarts()}
        seen |= {MEMORY: self._memory()} if self.limit else {}
        met = [seen.get(check.name, (None, ""))[0] for check in self.step.verification]
        if False in met:
            return ended(self.step, Verdict.FAILED, seen)
        if met and all(met):
            return ended(self.step, Verdict.PASSED, seen)
        late = self.now > deadline_of(self.execution, self.step)
        return ended(self.step, Verdict.INCONCLUSIVE if late else None, seen)

    @property
    def _new(self) -> tuple[Pod, ...]:
        return tuple(
            pod
            for pod in self.pods
            if pod.mark(EXECUTION_MARK) == self.execution.id and not pod.deleting and pod.phase != "Succeeded"
        )

    def _in_place(self) -> tuple[bool | None, str]:
        workload, container = self.workload, self.step.target.container
        mark = workload.mark(EXECUTION_MARK)
        if workload.uid != self.step.bound_uid:
            return False, "the workload was deleted and made anew"
        if mark != self.execution.id:
            return False, f"another execution changed it ({mark[:80]})" if mark else "the mark of this fix is gone"
        now_set = workload.container(container)
        if self.limit and (now_set is None or not same(now_set.limit("memory"), self.limit)):
            amount = now_set.limit("memory") if now_set else ""
            return False, f"somebody set the limit to {amount or 'none'} after this fix"
        if workload.replicas == 0:
            return False, "somebody scaled the workload to 0 after this fix"
        return True, f"generation {workload.generation}"

    def _memory(self) -> tuple[bool | None, str]:
        limits = [s.limit("memory") for pod in self._new for s in pod.containers if self._watched(s)]
        other = next((amount for amount in limits if not same(amount, self.limit)), None)
        if other is not None:
            return False, f"a new pod runs with {other or 'no limit'}: something sets it on the way"
        return (True, f"{self.limit} in {len(limits)}") if limits else (None, "no new pod yet")

    def _rollout(self) -> tuple[bool | None, str]:
        broken = next((said for pod in self._new if (said := _broken(pod))), "")
        if broken:
            return False, broken
        workload = self.workload
        wanted, ready = workload.replicas, sum(pod.ready for pod in self._new)
        whole = (
            workload.observed_generation >= workload.generation
            and min(workload.updated, workload.ready) >= wanted
            and ready >= min(wanted, MAX_PODS)
        )
        return (True if whole else None), f"{ready} of {wanted} new pods ready{self._hindrance(whole)}"

    def _hindrance(self, whole: bool) -> str:
        """Return the platform's word on why a rollout does not go on: a refused pod, or one that finds no node."""
        if whole:
            return ""
        stuck = [pod for pod in self.pods if not (pod.deleting or pod.ready or pod in self._new)]
        if self.step.target.workload_kind == "StatefulSet" and stuck:
            return f"; {stuck[0].name} is not ready, and a StatefulSet does not replace such a pod: delete it by hand"
        conditions = [c for c in self.workload.conditions if c.type == "ReplicaFailure" and c.status == "True"]
        conditions += [c for pod in self._new for c in pod.conditions if c.reason == "Unschedulable"]
        if not conditions:
            return ""
        said = " ".join(conditions[0].message[:200].split())
        return f"; {conditions[0].reason}: {said}"

    def _restarts(self) -> tuple[bool | None, str]:
        watched = [(pod, state) for pod in self._new for state in pod.containers if self._watched(state)]
        for pod, state in watched:
            said = _died(state)
            if said:
                return False, f"{pod.name}: {said}"
        if not watched:
            return None, "no new pod yet"
        for pod, state in watched:
            if state.state != "running" or state.started_at is None:
                return None, f"{pod.name}: {state.name} is {state.state or 'not started'} {state.reason}".rstrip()
        ages = [self.now - state.started_at for _, state in watched if state.started_at]
        # Our own clock bounds the node's: nothing that this fix made can be older than the fix.
        age = min([*ages, self.now - self.execution.changed_at])
        whole = age >= timedelta(seconds=self.step.verify_after)
        return (True if whole else None), f"none; the youngest has run for {max(0, int(age.total_seconds()))} s"

    def _watched(self, state: ContainerState) -> bool:
        return not state.init and state.name == (self.step.target.container or state.name)


def _broken(pod: Pod) -> str:
    """Return why the pod cannot come up by itself, or the empty string. An init container may crash and try again."""
    for state in pod.containers:
        retried = state.init and state.reason == "CrashLoopBackOff"
        if state.state == "waiting" and state.reason in BROKEN and not retried:
            return f"{pod.name}: {state.name} waits in {state.reason}"
    return ""


def _died(state: ContainerState) -> str:
    """Return how the container ended or that it restarted, or the empty string. A clean exit that is final is neither."""
    if state.restarts > 0:
        times = "once" if state.restarts == 1 else f"{state.restarts} times"
        return f"restarted {times}, last ended with {_ending(state.last_reason, state.last_exit_code)}"
    if state.state == "terminated" and state.exit_code != 0:
        return f"ended with {_ending(state.reason, state.exit_code)}"
    return ""


def _ending(reason: str, exit_code: int | None) -> str:
    code = "" if exit_code is None else f" (exit {exit_code})"
    return f"{reason or 'an unknown reason'}{code}"
