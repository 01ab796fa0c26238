"""kubernetes.set_resources: raise the memory limit of the one container that was OOMKilled."""

from dataclasses import replace
from datetime import datetime

from bot.domain.action import ActionSpec, Check, DiffLine, Looked, Param, Permission, Preview, Risk
from bot.domain.alert import TargetKind
from bot.domain.cluster import EXECUTION_MARK, Container, ContainerState, Pod, Workload
from bot.domain.execution import Execution
from bot.domain.proposal import ProposalStep
from bot.ports import Platforms
from bot.remedy import rolling
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress
from bot.remedy.policy import OutOfBounds, next_limit
from bot.remedy.quantity import same
from bot.remedy.verify import rollout_checks, verify_rollout

OOM_REASON = "OOMKilled"
OOM_EXIT = 137

_LIMIT = Check(name="current limit", expected="the container's memory limit is still the one shown")


class SetResources:
    """Guard: metadata.resourceVersion inside the PATCH. Marker: the annotation EXECUTION_MARK, in the same PATCH.

    Parameters: container, resource (`memory`), from, to; request_from and request_to where the request moves too.
    """

    spec = ActionSpec(
        id="kubernetes.set_resources",
        title="Raise the memory limit",
        risk=Risk.MEDIUM,
        target_kinds=(TargetKind.WORKLOAD,),
        guard="metadata.resourceVersion in the PATCH: the API server answers 409 once the workload has changed",
        marker=f"annotation {EXECUTION_MARK} on the workload and its pods, in the same PATCH as the change",
        reversible=True,
        permissions=tuple(
            Permission(verb="patch", group=rolling.GROUP, resource=resource) for resource in rolling.RESOURCES.values()
        ),
        cooldown=1800,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step for the container that the platform says was killed for its memory, else why there is none."""
        workload = rolling.confirmed_workload(ask)
        if isinstance(workload, NotOffered):
            return workload
        found = wanted_limit(ask, workload)
        return found if isinstance(found, NotOffered) else _step(ask, workload, *found)

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Also check that the limit is still the one shown and that a pod still shows the kill."""
        body = _body(step, execution_id or rolling.EXECUTION_PLACE)
        return rolling.preflight(step, platforms, execution_id, body, (_limit_unchanged, _still_killed), dry_run)

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        return rolling.send(step, execution, platforms, _body(step, execution.id))

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        def shows(workload: Workload) -> bool:
            container = workload.container(step.param("container"))
            return container is not None and same(container.limit("memory"), step.param("to"))

        return rolling.look(step, execution, platforms, shows)

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        return verify_rollout(step, execution, platforms, now, limit=step.param("to"))


def wanted_limit(ask: Ask, workload: Workload) -> tuple[Container, str] | NotOffered:
    """Return the container that was killed for its memory and the limit to try next, else why there is none."""
    container = _killed_container(ask, workload)
    if isinstance(container, NotOffered):
        return container
    limit = container.limit("memory")
    if not limit:
        return NotOffered(
            reason=f"Container {container.name} has no memory limit, so raising one cannot help: the node itself "
            "ran out of memory."
        )
    raised = next_limit(limit, ask.rules.memory)
    return NotOffered(reason=raised.reason) if isinstance(raised, OutOfBounds) else (container, raised)


def _killed_container(ask: Ask, workload: Workload) -> Container | NotOffered:
    """Return the container that the platform saw killed; of several the one the alert names, else the most restarted."""
    killed: dict[str, int] = {}
    for pod in ask.dossier.pods:
        for state in pod.containers:
            if _killed(pod, state) and workload.container(state.name):
                killed[state.name] = max(killed.get(state.name, 0), state.restarts)
    named = {ask.dossier.target.container, ask.incident.target.container} & killed.keys()
    candidates = named or killed.keys()
    if not candidates:
        return NotOffered(
            reason="Kubernetes does not show that a container of this workload was OOMKilled, so more memory is not proposed."
        )
    name = max(sorted(candidates), key=lambda each: killed[each])
    found = workload.container(name)
    assert found is not None
    return found


def _killed(_: Pod, state: ContainerState) -> str:
    """Return how the container was killed for its memory, now or before this start; empty when it was not."""
    if state.init:
        return ""
    for reason, code in ((state.reason, state.exit_code), (state.last_reason, state.last_exit_code)):
        if reason == OOM_REASON or code == OOM_EXIT:
            return f"{state.name} ended with {reason or 'SIGKILL'}, {state.restarts} restarts"
    return ""


def _step(ask: Ask, workload: Workload, container: Container, limit: str) -> ProposalStep:
    target = rolling.workload_target(ask, workload, container.name)
    old, request = container.limit("memory"), container.request("memory")
    params = [("container", container.name), ("resource", "memory"), ("from", old), ("to", limit)]
    guaranteed = bool(request) and same(request, old)
    if guaranteed:
        params += [("request_from", request), ("request_to", limit)]
    summary = (
        f"Raise the memory limit of container {container.name} in {rolling.title(target)} from {old} to {limit}. "
        "Kubernetes then replaces its pods."
    )
    step = ProposalStep(
        action=SetResources.spec.id,
        target=target,
        params=tuple(Param(name=name, value=text) for name, text in params),
        preview=Preview(summary=summary),
        preconditions=(
            rolling.SAME_OBJECT,
            rolling.UNMANAGED,
            rolling.AS_SHOWN,
            replace(_LIMIT, expected=f"the memory limit of {container.name} is still {old}"),
            rolling.FAILING,
            rolling.PERMITTED,
            rolling.DRY_RUN,
        ),
        verification=rollout_checks(ask.verify_window, container.name, limit),
        verify_after=ask.verify_window,
        bound_uid=workload.uid,
        bound_generation=workload.generation,
        bound_fields=workload.fields_digest,
        compensation=f"Set the memory limit of container {container.name} back to {old}.",
    )
    preview = Preview(
        summary=summary,
        diff=_diff(workload, container, limit, guaranteed),
        request=rolling.request_text(target, _body(step, rolling.EXECUTION_PLACE)),
        warnings=(*_warnings(container, limit, guaranteed), *rolling.kind_warnings(target)),
    )
    return replace(step, preview=preview)


def _body(step: ProposalStep, mark: str) -> dict[str, object]:
    """Return the strategic merge patch: made of the step's parameters alone, so that what was approved is what is sent."""
    resources: dict[str, object] = {"limits": {"memory": step.param("to")}}
    if step.param("request_to"):
        resources["requests"] = {"memory": step.param("request_to")}
    containers = [{"name": step.param("container"), "resources": resources}]
    return rolling.patch_body(mark, {"spec": {"containers": containers}}, {})


def _diff(workload: Workload, container: Container, limit: str, guaranteed: bool) -> tuple[DiffLine, ...]:
    old, request = container.limit("memory"), container.request("memory")
    lines = [
        (" ", f"spec.template.spec.containers[name={container.name}].resources:"),
        ("-", f"  limits.memory: {old}"),
        ("+", f"  limits.memory: {limit}"),
    ]
    if guaranteed:
        lines += [("-", f"  requests.memory: {request}"), ("+", f"  requests.memory: {limit}")]
    elif request:
        lines += [(" ", f"  requests.memory: {request}")]
    return (*(DiffLine(sign=sign, text=text) for sign, text in lines), *rolling.mark_diff(workload))


def _warnings(container: Container, limit: str, guaranteed: bool) -> tuple[str, ...]:
    request, old = container.request("memory"), container.limit("memory")
    brought_back = f"If the manifest lives in a repository, change it there too, or the next deploy brings {old} back."
    said = [f"This edits the cluster only. {brought_back}"]
    if guaranteed:
        said.append(
            f"The memory request equals the limit (QoS class Guaranteed), so both are raised to {limit}; each pod then "
            "reserves that much on its node."
        )
    elif not request:
        said.append(
            f"No memory request is set, so Kubernetes takes the limit as the request: each pod then reserves {limit}."
        )
    return tuple(said)


def _limit_unchanged(step: ProposalStep, found: rolling.Reading) -> Check:
    container = found.workload.container(step.param("container"))
    now = container.limit("memory") if container else ""
    check = replace(_LIMIT, expected=f"the memory limit of {step.param('container')} is still {step.param('from')}")
    observed = (now or "no limit") if container else "the container does not exist any more"
    return replace(check, observed=observed, passed=container is not None and same(now, step.param("from")))


def _still_killed(step: ProposalStep, found: rolling.Reading) -> Check:
    def fails(pod: Pod, state: ContainerState) -> str:
        return _killed(pod, state) if state.name == step.param("container") else ""

    return rolling.failing_check(found, fails)
