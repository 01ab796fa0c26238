"""kubernetes.rollout_restart: replace the pods of a workload, as `kubectl rollout restart` does."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.action import ActionSpec, Check, DiffLine, Looked, Permission, Preview, Risk
from bot.domain.alert import TargetKind
from bot.domain.cluster import EXECUTION_MARK, ContainerState, Pod, Workload
from bot.domain.execution import Execution
from bot.domain.proposal import ProposalStep
from bot.ports import Platforms
from bot.remedy import rolling
from bot.remedy.contract import Ask, NotOffered, Preflight, Progress
from bot.remedy.verify import rollout_checks, verify_rollout

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
TIME_PLACE = "<time of the run>"


class RolloutRestart:
    """Guard and marker as in set_resources. The annotation's time is when the run was intended, the same at every try."""

    spec = ActionSpec(
        id="kubernetes.rollout_restart",
        title="Restart the rollout",
        risk=Risk.LOW,
        target_kinds=(TargetKind.WORKLOAD,),
        guard="metadata.resourceVersion in the PATCH: the API server answers 409 once the workload has changed",
        marker=f"annotation {EXECUTION_MARK} on the workload and its pods, in the same PATCH as the change",
        reversible=False,
        permissions=tuple(
            Permission(verb="patch", group=rolling.GROUP, resource=resource) for resource in rolling.RESOURCES.values()
        ),
        cooldown=900,
    )

    def draft(self, ask: Ask) -> ProposalStep | NotOffered:
        """Return the step for the confirmed workload, else why there is none."""
        workload = rolling.confirmed_workload(ask)
        if isinstance(workload, NotOffered):
            return workload
        target = rolling.workload_target(ask, workload)
        annotation = f"spec.template.metadata.annotations[{RESTARTED_AT}]"
        old = workload.mark(RESTARTED_AT)
        preview = Preview(
            summary=f"Restart {rolling.title(target)}: Kubernetes replaces its pods; nothing else changes.",
            diff=(
                *((DiffLine(sign="-", text=f"{annotation}: {old[:80]}"),) if old else ()),
                DiffLine(sign="+", text=f"{annotation}: {TIME_PLACE}"),
                *rolling.mark_diff(workload),
            ),
            request=rolling.request_text(target, _body(rolling.EXECUTION_PLACE, TIME_PLACE)),
            warnings=rolling.kind_warnings(target),
        )
        return ProposalStep(
            action=self.spec.id,
            target=target,
            preview=preview,
            preconditions=(
                rolling.SAME_OBJECT,
                rolling.UNMANAGED,
                rolling.AS_SHOWN,
                rolling.FAILING,
                rolling.PERMITTED,
                rolling.DRY_RUN,
            ),
            verification=rollout_checks(ask.verify_window, ""),
            verify_after=ask.verify_window,
            bound_uid=workload.uid,
            bound_generation=workload.generation,
            bound_fields=workload.fields_digest,
            compensation="A restart cannot be taken back; the template stays as it was.",
        )

    def preflight(self, step: ProposalStep, platforms: Platforms, execution_id: str, dry_run: bool) -> Preflight:
        """Also check that a pod still fails."""
        body = _body(execution_id or rolling.EXECUTION_PLACE, TIME_PLACE)
        return rolling.preflight(step, platforms, execution_id, body, (_still_failing,), dry_run)

    def send(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> str:
        return rolling.send(step, execution, platforms, _body(execution.id, _stamp(execution)))

    def look(self, step: ProposalStep, execution: Execution, platforms: Platforms) -> Looked:
        def shows(workload: Workload) -> bool:
            return workload.mark(RESTARTED_AT) == _stamp(execution)

        return rolling.look(step, execution, platforms, shows)

    def verify(self, step: ProposalStep, execution: Execution, platforms: Platforms, now: datetime) -> Progress:
        return verify_rollout(step, execution, platforms, now)


def _stamp(execution: Execution) -> str:
    return execution.intended_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _body(mark: str, stamp: str) -> dict[str, object]:
    return rolling.patch_body(mark, {}, {RESTARTED_AT: stamp})


def _still_failing(_: ProposalStep, found: rolling.Reading) -> Check:
    check = rolling.failing_check(found, _fails)
    return replace(check, expected="a pod is not ready or has a container that failed")


def _fails(pod: Pod, state: ContainerState) -> str:
    """Return how the container fails or has failed; a pod that is not ready counts by any of its containers."""
    if state.init:
        return ""
    if state.state != "running":
        return f"{state.name} is {state.state or 'not started'} {state.reason}".strip()
    if not pod.ready:
        return f"{state.name} runs but the pod is not ready"
    return f"{state.name} last ended with {state.last_reason}" if state.last_exit_code else ""
