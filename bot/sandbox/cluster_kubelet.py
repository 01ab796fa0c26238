"""The scheduler and the kubelets: they place pods, start and restart containers, and report status and events.

A pod takes one step at a time; what the step is follows from the pod's status alone, so a pod loaded in the middle of
its life goes on from there. Back-off is the kubelet's: 10 s, doubled at every restart, 5 min at most.
"""

from typing import Any

from bot.sandbox.cluster_events import record_event
from bot.sandbox.cluster_pods import (
    annotation,
    becomes_ready,
    condition_rows,
    container_id,
    exit_state,
    lifetime,
    missing_image,
    pinned_node,
)
from bot.sandbox.cluster_quantity import parse_quantity
from bot.sandbox.cluster_state import Key, Object, Store, controller_of, seconds_of, stamp
from bot.sandbox.cluster_timers import Timers

START_DELAY = 0.4
STOP_DELAY = 0.3
RESTART_DELAY = 0.3
PROBE_PERIOD = 10.0
JOB_RUN = 1.0
BACK_OFF, MAX_BACK_OFF = 10, 300


def back_off(restarts: int) -> int:
    """Seconds that the kubelet waits before the next start of a container that was restarted `restarts` times."""
    return int(min(BACK_OFF * 2 ** max(0, min(restarts, 10) - 1), MAX_BACK_OFF))


def _go_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


class Kubelet:
    """Plays every node. `step` is to be called when a pod's timer is due; `notice` when a pod appears or is deleted."""

    def __init__(self, store: Store, timers: Timers) -> None:
        self.store = store
        self.timers = timers
        self.pull_errors: dict[str, str] = {}
        """Images that no node can pull, each with the runtime's error; beside those whose tag is `missing`."""
        self._turn = 0

    def notice(self, pod: Object, now: float) -> None:
        """Sets the timer for the next step of a pod that is new, was loaded, or got its deletionTimestamp."""
        meta, status = pod["metadata"], pod.get("status") or {}
        if "deletionTimestamp" in meta:
            self._later(pod, now + STOP_DELAY)
        elif not pod["spec"].get("nodeName"):
            self._later(pod, now)
        elif status.get("phase", "Pending") == "Pending":
            self._later(pod, now + START_DELAY)
        elif status.get("phase") == "Running":
            self._resume(pod, now)

    def _resume(self, pod: Object, now: float) -> None:
        first = self._first(pod)
        state = first.get("state") or {}
        if "terminated" in state:
            self._later(pod, now + RESTART_DELAY)
        elif "waiting" in state:
            self._later(pod, now + back_off(first.get("restartCount", 0)))
        elif (life := lifetime(pod)) is not None:
            since = seconds_of((state.get("running") or {}).get("startedAt")) or now
            self._later(pod, max(now, since + life))
        elif annotation(pod, "fail") == "unready":
            self._later(pod, now + PROBE_PERIOD)
        elif self._of_job(pod):
            self._later(pod, now + JOB_RUN)

    def step(self, key: Key, now: float) -> None:
        _, namespace, name = key
        pod = self.store.get("pods", namespace, name)
        if pod is None:
            return
        if "deletionTimestamp" in pod["metadata"]:
            self.store.remove(pod)
        elif not pod["spec"].get("nodeName"):
            self._schedule(pod, now)
        elif (pod.get("status") or {}).get("phase") == "Running":
            self._run_on(pod, now)
        elif (pod.get("status") or {}).get("phase") == "Pending":
            self._begin(pod, now)

    def delete(self, pod: Object, now: float) -> None:
        """What the controllers do to a pod that is one too many: it stops, then it is gone."""
        if "deletionTimestamp" in pod["metadata"]:
            return
        for item in pod["spec"]["containers"]:
            self._event(pod, now, "Killing", f"Stopping container {item['name']}", container=item["name"])
        meta = {**pod["metadata"], "deletionTimestamp": stamp(now), "deletionGracePeriodSeconds": 30}
        self.notice(self.store.put({**pod, "metadata": meta}), now)

    # --- the steps

    def _schedule(self, pod: Object, now: float) -> None:
        nodes = [node for node in self.store.of_kind("nodes") if _schedulable(node)]
        only = pinned_node(pod)
        fitting = [node for node in nodes if _fits(pod, node) and only in ("", node["metadata"]["name"])]
        if not fitting:
            self._unschedulable(pod, len(nodes), now)
            return
        self._turn += 1
        node = fitting[self._turn % len(fitting)]["metadata"]["name"]
        where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        message = f"Successfully assigned {where} to {node}"
        record_event(self.store, now, pod, "Scheduled", message, source="default-scheduler")
        waiting = [self._waiting(item, "ContainerCreating") for item in pod["spec"]["containers"]]
        placed = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        self._report(placed, now, "Pending", waiting, started=False)
        self._later(pod, now + START_DELAY)

    def _unschedulable(self, pod: Object, nodes: int, now: float) -> None:
        message = (
            f"0/{nodes} nodes are available: {nodes} Insufficient memory. preemption: 0/{nodes} nodes are available: "
        )
        message += f"{nodes} No preemption victims found for incoming pod."
        record_event(self.store, now, pod, "FailedScheduling", message, source="default-scheduler", warning=True)
        row: dict[str, Any] = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        row |= {"lastProbeTime": None, "lastTransitionTime": stamp(now)}
        self.store.put({**pod, "status": {**(pod.get("status") or {}), "conditions": [row]}})
        self._later(pod, now + MAX_BACK_OFF)

    def _begin(self, pod: Object, now: float) -> None:
        if image := self._unpullable(pod):
            self._pull_failed(pod, image, now)
        elif annotation(pod, "fail") == "config":
            message = annotation(pod, "message") or 'secret "app-secrets" not found'
            first = pod["spec"]["containers"][0]["name"]
            self._event(pod, now, "Failed", f"Error: {message}", warning=True, container=first)
            rows = [self._waiting(item, "CreateContainerConfigError", message) for item in pod["spec"]["containers"]]
            self._report(pod, now, "Pending", rows, started=True)
            self._later(pod, now + PROBE_PERIOD)
        else:
            rows = [self._started(pod, item, now) for item in pod["spec"]["containers"]]
            self._after_start(self._report(pod, now, "Running", rows, started=True), now)

    def _unpullable(self, pod: Object) -> str | None:
        images = (str(item["image"]) for item in pod["spec"]["containers"])
        return missing_image(pod) or next((image for image in images if image in self.pull_errors), None)

    def _pull_failed(self, pod: Object, image: str, now: float) -> None:
        name = next(item["name"] for item in pod["spec"]["containers"] if item["image"] == image)
        full = image if "/" in image else f"docker.io/library/{image}"
        error = self.pull_errors.get(image) or (
            f'rpc error: code = NotFound desc = failed to pull and unpack image "{full}": '
            f'failed to resolve reference "{full}": {full}: not found'
        )
        state = next((row for row in self._rows(pod) if row["name"] == name), {}).get("state") or {}
        if (state.get("waiting") or {}).get("reason") == "ErrImagePull":
            self._event(pod, now, "BackOff", f'Back-off pulling image "{image}"', container=name)
            reason, message = "ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {error}'
        else:
            self._event(pod, now, "Pulling", f'Pulling image "{image}"', container=name)
            self._event(pod, now, "Failed", f'Failed to pull image "{image}": {error}', warning=True, container=name)
            self._event(pod, now, "Failed", "Error: ErrImagePull", warning=True, container=name)
            reason, message = "ErrImagePull", error
        rows = [self._waiting(item, reason, message) for item in pod["spec"]["containers"]]
        self._report(pod, now, "Pending", rows, started=True)
        self._later(pod, now + (RESTART_DELAY if reason == "ErrImagePull" else 20.0))

    def _run_on(self, pod: Object, now: float) -> None:
        first = self._first(pod)
        state = first.get("state") or {}
        if "terminated" in state and first.get("restartCount", 0) > 0:
            self._hold_back(pod, first, now)
        elif "terminated" in state or "waiting" in state:
            rows = [self._started(pod, pod["spec"]["containers"][0], now, first), *self._rows(pod)[1:]]
            self._after_start(self._report(pod, now, "Running", rows, started=True), now)
        elif lifetime(pod) is not None:
            self._die(pod, first, now)
        elif annotation(pod, "fail") == "unready":
            message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            self._event(pod, now, "Unhealthy", message, warning=True, container=first["name"])
            self._later(pod, now + PROBE_PERIOD)
        elif self._of_job(pod):
            rows = [{**row, "ready": False, "state": self._ended(row, "Completed", 0, now)} for row in self._rows(pod)]
            self._report(pod, now, "Succeeded", rows, started=False)

    def _die(self, pod: Object, first: dict[str, Any], now: float) -> None:
        reason, code = exit_state(pod)
        state = self._ended(first, reason, code, now)
        rows = [{**first, "ready": False, "started": False, "state": state}, *self._rows(pod)[1:]]
        ends = pod["spec"].get("restartPolicy") == "Never"
        self._report(pod, now, "Failed" if ends else "Running", rows, started=True)
        if not ends:
            self._later(pod, now + RESTART_DELAY)

    def _hold_back(self, pod: Object, first: dict[str, Any], now: float) -> None:
        meta, name, wait = pod["metadata"], first["name"], back_off(first["restartCount"])
        who = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
        said = f"Back-off restarting failed container {name} in pod {who}"
        self._event(pod, now, "BackOff", said, warning=True, container=name)
        message = f"back-off {_go_duration(wait)} restarting failed container={name} pod={who}"
        held = {**first, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}}}
        held["lastState"] = first["state"]
        self._report(pod, now, "Running", [held, *self._rows(pod)[1:]], started=True)
        self._later(pod, now + wait)

    def _after_start(self, pod: Object, now: float) -> None:
        if (life := lifetime(pod)) is not None:
            self._later(pod, now + life)
        elif annotation(pod, "fail") == "unready":
            self._later(pod, now + 1.0)
        elif self._of_job(pod):
            self._later(pod, now + JOB_RUN)

    # --- what they are made of

    def _started(self, pod: Object, item: dict[str, Any], now: float, before: dict[str, Any] | None = None) -> Any:
        name, image = item["name"], item["image"]
        there = f'Container image "{image}" already present on machine and can be accessed by the pod'
        self._event(pod, now, "Pulled", there, container=name)
        self._event(pod, now, "Created", "Container created", container=name)
        self._event(pod, now, "Started", "Container started", container=name)
        row: dict[str, Any] = {
            "name": name,
            "state": {"running": {"startedAt": stamp(now)}},
            "lastState": {},
            "ready": becomes_ready(pod),
            "restartCount": 0,
            "image": image,
            "imageID": "",
            "containerID": container_id(self.store.rng),
            "started": True,
            "resources": item.get("resources") or {},
        }
        if before:
            ended = (before.get("state") or {}).get("terminated")
            row["lastState"] = {"terminated": ended} if ended else before.get("lastState") or {}
            row["restartCount"] = before.get("restartCount", 0) + 1
        return row

    @staticmethod
    def _waiting(item: dict[str, Any], reason: str, message: str = "") -> dict[str, Any]:
        state = {"reason": reason, "message": message} if message else {"reason": reason}
        row = {"name": item["name"], "state": {"waiting": state}, "lastState": {}, "ready": False, "restartCount": 0}
        return row | {"image": item["image"], "imageID": "", "started": False}

    @staticmethod
    def _ended(row: dict[str, Any], reason: str, code: int, now: float) -> dict[str, Any]:
        since = ((row.get("state") or {}).get("running") or {}).get("startedAt", stamp(now))
        ended = {"exitCode": code, "reason": reason, "startedAt": since, "finishedAt": stamp(now)}
        return {"terminated": ended | {"containerID": row.get("containerID", "")}}

    def _report(self, pod: Object, now: float, phase: str, rows: list[Any], *, started: bool) -> Object:
        status = {**(pod.get("status") or {}), "phase": phase, "containerStatuses": rows}
        status["observedGeneration"] = pod["metadata"].get("generation", 1)
        ready = phase == "Running" and all(row["ready"] for row in rows)
        status["conditions"] = condition_rows(pod, now, started=started, ready=ready)
        if started and "podIP" not in status:
            node = self.store.get("nodes", "", pod["spec"]["nodeName"]) or {}
            addresses = (node.get("status") or {}).get("addresses") or [{}]
            self._turn += 1
            address = f"10.244.{self._turn // 250 % 250}.{self._turn % 250 + 1}"
            status |= {
                "hostIP": addresses[0].get("address", "10.0.0.10"),
                "podIP": address,
                "podIPs": [{"ip": address}],
            }
        status.setdefault("startTime", stamp(now))
        return self.store.put({**pod, "status": status})

    def _event(
        self, pod: Object, now: float, reason: str, message: str, *, container: str, warning: bool = False
    ) -> None:
        source = f"kubelet/{pod['spec'].get('nodeName', '')}"
        record_event(self.store, now, pod, reason, message, source=source, warning=warning, container=container)

    def _later(self, pod: Object, due: float) -> None:
        self.timers.set(("pods", pod["metadata"]["namespace"], pod["metadata"]["name"]), due)

    @staticmethod
    def _rows(pod: Object) -> list[dict[str, Any]]:
        return (pod.get("status") or {}).get("containerStatuses") or []

    def _first(self, pod: Object) -> dict[str, Any]:
        name = pod["spec"]["containers"][0]["name"]
        empty: dict[str, Any] = {}
        return next((row for row in self._rows(pod) if row["name"] == name), empty)

    @staticmethod
    def _of_job(pod: Object) -> bool:
        owner = controller_of(pod)
        return owner is not None and owner.get("kind") == "Job"


def _schedulable(node: Object) -> bool:
    taken = node["spec"].get("unschedulable", False) if node.get("spec") else False
    rows = (node.get("status") or {}).get("conditions") or []
    down = any(row.get("type") == "Ready" and row.get("status") != "True" for row in rows)
    return not taken and not down


def _fits(pod: Object, node: Object) -> bool:
    """Whether one pod's memory requests fit the whole node; what other pods hold there does not count."""
    offered = ((node.get("status") or {}).get("allocatable") or {}).get("memory")
    asked = [
        ((item.get("resources") or {}).get("requests") or {}).get("memory", "0") for item in pod["spec"]["containers"]
    ]
    return offered is None or sum(map(parse_quantity, asked)) <= parse_quantity(offered)
