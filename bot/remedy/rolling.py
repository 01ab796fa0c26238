"""What the actions that roll a workload out share: the one PATCH with its mark, the preconditions, the look.

The promise (never two, and one where nothing goes wrong) rests on three things the API server itself does: it refuses a
PATCH whose metadata.resourceVersion is not the object's any more (409); it writes the mark and the change together or
neither; and it counts metadata.generation up with every change of the spec, which our change always is (and with one
of a Deployment's annotations, so that a generation may move without any change of the spec).
"""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.action import Check, DiffLine, Looked
from bot.domain.alert import Target, TargetKind
from bot.domain.cluster import EXECUTION_MARK, ContainerState, Pod, Workload, WorkloadPatch
from bot.domain.errors import Conflict, Forbidden, NotFound, Rejected
from bot.domain.execution import Execution
from bot.domain.proposal import ProposalStep
from bot.domain.values import canonical, value
from bot.ports import Cluster, Platforms
from bot.remedy.contract import Ask, NotOffered, Preflight

EXECUTION_PLACE = "<execution id>"
VERSION_PLACE = "<resourceVersion read just before>"
DRY_RUN_TRIES = 3

GROUP = "apps"
RESOURCES = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}

SAME_OBJECT = Check(name="same object", expected="the workload exists and was not made anew")
AS_SHOWN = Check(name="unchanged since shown", expected="containers, images and resources are as in the preview")
UNMANAGED = Check(name="nobody reverts it", expected="not managed by Argo CD, Flux or Helm")
FAILING = Check(name="still failing", expected="a pod still shows the failure")
PERMITTED = Check(name="permission", expected="CodeHealer may read and patch this workload")
DRY_RUN = Check(name="dry run", expected="the API server accepts the request")

_HELD = {
    "argocd": "Argo CD application {name} manages this {kind} and would revert the edit; change it in its source.",
    "flux": "Flux ({name}) manages this {kind} and would revert the edit; change it in its source.",
    "helm": "Helm release {name} owns this {kind} and its next upgrade would revert the edit; change the release's values.",
}
_MAX_NAME = 100
_MAX_OBSERVED = 300


def confirmed_workload(ask: Ask) -> Workload | NotOffered:
    """Return the workload that the platform confirmed and that may be edited in place, else why it may not be."""
    workload = ask.dossier.workload
    if workload is None or workload.kind not in RESOURCES:
        return NotOffered(
            reason="No Deployment, StatefulSet or DaemonSet owns what failed, so there is nothing to change."
        )
    held = held_by(workload)
    return NotOffered(reason=held) if held else workload


def held_by(workload: Workload) -> str:
    """Return who would revert an edit in the cluster, as a sentence; empty when nobody would."""
    if not workload.managed_by:
        return ""
    words = _HELD.get(workload.managed_by, "{name} manages this {kind} and would revert the edit.")
    return words.format(name=plain_name(workload.manager), kind=workload.kind)


def plain_name(text: str) -> str:
    """Return a name from an annotation as it may stand in a sentence of ours: names hold these characters and no others."""
    kept = "".join(c for c in text[:_MAX_NAME] if c.isascii() and (c.isalnum() or c in "-._/"))
    return kept or "(unnamed)"


def workload_target(ask: Ask, workload: Workload, container: str = "") -> Target:
    """Return the workload as a target."""
    return replace(
        ask.dossier.target,
        connection=workload.connection,
        kind=TargetKind.WORKLOAD,
        namespace=workload.namespace,
        name=workload.name,
        workload_kind=workload.kind,
        container=container,
    )


def title(target: Target) -> str:
    """Return the workload in a person's words: `Deployment shop/checkout`."""
    return f"{target.workload_kind} {target.namespace}/{target.name}"


def patch_body(mark: str, template: dict[str, object], annotations: dict[str, str]) -> dict[str, object]:
    """Return the strategic merge patch: the pod template's change, and the mark on the workload and on its pods."""
    return {
        "metadata": {"annotations": {EXECUTION_MARK: mark}},
        "spec": {"template": {"metadata": {"annotations": {EXECUTION_MARK: mark, **annotations}}, **template}},
    }


def patch(target: Target, guard: str, body: dict[str, object]) -> WorkloadPatch:
    """Return the write, bound to the guard."""
    return WorkloadPatch(
        kind=target.workload_kind,
        namespace=target.namespace,
        name=target.name,
        resource_version=guard,
        body=canonical(body),
    )


def request_text(target: Target, body: dict[str, object]) -> str:
    """Return the request as the approver is shown it: what the adapter sends, with places for what is not known yet."""
    path = f"/apis/{GROUP}/v1/namespaces/{target.namespace}/{RESOURCES[target.workload_kind]}/{target.name}"
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    shown = {**body, "metadata": {**metadata, "resourceVersion": VERSION_PLACE}}
    return (
        f"PATCH {path}?fieldManager=codehealer&fieldValidation=Strict\n"
        f"Content-Type: application/strategic-merge-patch+json\n\n{canonical(shown)}"
    )


def kind_warnings(target: Target) -> tuple[str, ...]:
    """Return what to know of the kind before it is rolled out.

    A StatefulSet with podManagementPolicy OrderedReady (the default) waits for a sick pod instead of replacing it
    (Kubernetes' documentation: StatefulSets, "Forced rollback"; seen on a real API server too).
    """
    if target.workload_kind != "StatefulSet":
        return ()
    words = "A StatefulSet replaces a pod only once it is ready, unless its podManagementPolicy is Parallel"
    return (f"{words}: if the sick pod never gets ready, delete it by hand after the change.",)


def mark_diff(workload: Workload) -> tuple[DiffLine, ...]:
    """Return the diff of the marks that every write of ours leaves."""
    old = workload.mark(EXECUTION_MARK)[:80]
    lines: list[DiffLine] = []
    for place in ("metadata.annotations", "spec.template.metadata.annotations"):
        lines += [DiffLine(sign="-", text=f"{place}[{EXECUTION_MARK}]: {old}")] if old else []
        lines.append(DiffLine(sign="+", text=f"{place}[{EXECUTION_MARK}]: {EXECUTION_PLACE}"))
    return tuple(lines)


@value
class Reading:
    """The target as it is now. `execution_id` is that of the run which asks, empty before there is one."""

    workload: Workload
    pods: tuple[Pod, ...]
    execution_id: str = ""


Precondition = Callable[[ProposalStep, Reading], Check]


def preflight(
    step: ProposalStep,
    platforms: Platforms,
    execution_id: str,
    body: dict[str, object],
    own: tuple[Precondition, ...],
    dry_run: bool,
) -> Preflight:
    """Read the target, run the shared preconditions and the action's own, and last the dry run; stop at the first miss.

    A workload that carries the mark of `execution_id` is not as it was shown: its request has arrived after all. Whoever
    asks in order to send again must look instead.

    A crash-looping workload's status is written all the time, and every such write moves the resourceVersion: a dry run
    that meets a 409 is therefore read and tried again, at most three times in all.
    """
    cluster = platforms.cluster(step.target.connection)
    for tries_left in reversed(range(DRY_RUN_TRIES)):
        try:
            found, checks = _examined(step, cluster, execution_id, own)
        except NotFound:
            gone = replace(SAME_OBJECT, observed="it does not exist any more", passed=False)
            return _moved(step, (gone,))
        except Forbidden as error:
            return _moved(step, (replace(PERMITTED, observed=_bounded(error.detail), passed=False),))
        if checks[-1].passed is not True:
            return _moved(step, checks)
        try:
            tested = (_dry_run(step, cluster, found, body),) if dry_run else ()
        except Conflict:
            if tries_left:
                continue
            tested = (replace(DRY_RUN, observed="409: the workload changes faster than it can be read", passed=False),)
        if tested and tested[0].passed is not True:
            return _moved(step, (*checks, *tested))
        workload = found.workload
        return Preflight(
            ok=True,
            checks=(*checks, *tested),
            guard=workload.resource_version,
            generation=workload.generation,
            preview=step.preview,
        )
    raise AssertionError("unreachable: the last try returns")


def _examined(
    step: ProposalStep, cluster: Cluster, execution_id: str, own: tuple[Precondition, ...]
) -> tuple[Reading, tuple[Check, ...]]:
    """Return what was read and the checks up to and with the first that is not met. Raises NotFound, PlatformError."""
    target = step.target
    workload = cluster.workload(target.namespace, target.workload_kind, target.name)
    pods = cluster.pods(target.namespace, workload.selector)
    reading = Reading(workload=workload, pods=pods, execution_id=execution_id)
    checks: list[Check] = []
    for precondition in (_same_object, _unmanaged, _as_shown, *own):
        checks.append(precondition(step, reading))
        if checks[-1].passed is not True:
            return reading, tuple(checks)
    allowed = cluster.allowed("patch", GROUP, RESOURCES[target.workload_kind], target.namespace)
    observed = "allowed" if allowed else "the API server says no"
    return reading, (*checks, replace(PERMITTED, observed=observed, passed=allowed))


def _dry_run(step: ProposalStep, cluster: Cluster, found: Reading, body: dict[str, object]) -> Check:
    """Send the write as a dry run. Raises Conflict, and PlatformError when there is no answer."""
    try:
        cluster.patch(patch(step.target, found.workload.resource_version, body), dry_run=True)
    except (Rejected, Forbidden, NotFound) as error:
        return replace(DRY_RUN, observed=_bounded(error.detail), passed=False)
    return replace(DRY_RUN, observed="accepted", passed=True)


_REASONS = {
    SAME_OBJECT.name: "The workload is gone or was made anew since this was proposed.",
    AS_SHOWN.name: "The workload was changed since this was proposed, so what was shown is not what would run.",
    UNMANAGED.name: "The workload is managed by another tool now, which would revert the edit.",
    FAILING.name: "No pod of the workload shows the failure any more.",
    PERMITTED.name: "CodeHealer is not permitted to read and patch this workload; its role needs that in this namespace.",
    DRY_RUN.name: "The API server refused the request in a dry run; the check says why.",
}


def _moved(step: ProposalStep, checks: tuple[Check, ...]) -> Preflight:
    """Return the preflight that failed at its last check. Its reason is our sentence; details stay in `observed`."""
    missed = checks[-1]
    stale = _REASONS.get(missed.name, f"A precondition is not met any more: {missed.name}.")
    return Preflight(ok=False, checks=checks, preview=step.preview, stale=stale)


def _same_object(step: ProposalStep, found: Reading) -> Check:
    same = found.workload.uid == step.bound_uid
    return replace(SAME_OBJECT, observed="it is the same" if same else "another object has its name", passed=same)


def _as_shown(step: ProposalStep, found: Reading) -> Check:
    """Generation or fields: replicas may be scaled meanwhile (an HPA does), which touches nothing that was shown."""
    workload = found.workload
    if found.execution_id and workload.mark(EXECUTION_MARK) == found.execution_id:
        return replace(AS_SHOWN, observed="this very run has changed it already", passed=False)
    same = workload.generation == step.bound_generation or workload.fields_digest == step.bound_fields
    observed = f"generation {workload.generation}, shown at {step.bound_generation}"
    return replace(AS_SHOWN, observed=observed, passed=same)


def _unmanaged(_: ProposalStep, found: Reading) -> Check:
    workload = found.workload
    observed = f"{workload.managed_by} {plain_name(workload.manager)}" if workload.managed_by else "nobody"
    return replace(UNMANAGED, observed=observed, passed=not workload.managed_by)


def failing_check(found: Reading, fails: Callable[[Pod, ContainerState], str]) -> Check:
    """Return whether a pod that is not on its way out still shows the failure that `fails` names (empty: it does not)."""
    for pod in found.pods:
        for state in pod.containers:
            said = "" if pod.deleting else fails(pod, state)
            if said:
                return replace(FAILING, observed=_bounded(f"{pod.name}: {said}"), passed=True)
    return replace(FAILING, observed=f"none of {len(found.pods)} pods", passed=False)


def send(step: ProposalStep, execution: Execution, platforms: Platforms, body: dict[str, object]) -> str:
    """Send the PATCH under the execution's guard and return `uid@resourceVersion` of what it made."""
    cluster = platforms.cluster(step.target.connection)
    after = cluster.patch(patch(step.target, execution.guard, body), dry_run=False)
    return f"{after.uid}@{after.resource_version}"


def look(step: ProposalStep, execution: Execution, platforms: Platforms, shows: Callable[[Workload], bool]) -> Looked:
    """Return whether this execution's PATCH was applied. `shows`: the change itself can be seen on the workload.

    In this order, each from one fresh read of the workload (and of its pods, where the workload alone does not say):

    - gone, or made anew under its name (another uid): CANNOT_TELL; what it carried went with it.
    - it carries our mark: APPLIED. Nobody else writes an execution's id.
    - its resourceVersion is still the guard: NOT_APPLIED. Nothing at all has been written since. A request still on its
      way could yet arrive, and would be applied; so this allows sending again under the same guard (the server lets one
      of the two through, with the same mark and the same change), and is final only once the version has moved.
    - the version moved, the generation did not: NOT_APPLIED, for good. Only status or metadata was written, our PATCH
      changes the spec, and from now on its guard makes the server refuse it.
    - the generation moved by one and the change cannot be seen: NOT_APPLIED, for good. The one change of the spec (or of
      a Deployment's annotations) since was somebody else's.
    - a pod carries our mark: APPLIED. It was made from a template that we wrote, whatever was done to the workload after.
    - else CANNOT_TELL: the generation moved more than once, or as ours would have and without our mark. Ours may have been
      applied and then replaced whole (`kubectl rollout undo` and `replace` write the annotations anew).

    The generation is compared with that read beside the guard; where an execution does not say it, with the one that the
    step is bound to, which is not newer, so that doubt grows and certainty does not. Raises PlatformError but NotFound.
    """
    cluster = platforms.cluster(step.target.connection)
    try:
        workload = cluster.workload(step.target.namespace, step.target.workload_kind, step.target.name)
    except NotFound:
        return Looked.CANNOT_TELL
    if workload.uid != step.bound_uid:
        return Looked.CANNOT_TELL
    if workload.mark(EXECUTION_MARK) == execution.id:
        return Looked.APPLIED
    changes = workload.generation - (execution.guard_generation or step.bound_generation)
    if workload.resource_version == execution.guard or changes == 0 or (changes == 1 and not shows(workload)):
        return Looked.NOT_APPLIED
    pods = cluster.pods(step.target.namespace, workload.selector)
    return Looked.APPLIED if any(p.mark(EXECUTION_MARK) == execution.id for p in pods) else Looked.CANNOT_TELL


def _bounded(text: str) -> str:
    """Return a platform's text on one line, cut."""
    return " ".join(text[: _MAX_OBSERVED * 2].split())[:_MAX_OBSERVED]
