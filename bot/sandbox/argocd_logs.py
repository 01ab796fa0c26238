"""Pod logs as Argo CD streams them: one JSON object a line, and a refusal of the kubelet as if it were a line."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_tree import family
from bot.sandbox.cluster_errors import ApiError
from bot.sandbox.cluster_logs import LogOptions, read_log
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object, stamp

_NO_TIME = "0001-01-01T00:00:00Z"


def log_lines(cluster: Cluster, app: Application, query: Mapping[str, str], pod: str = "") -> list[dict[str, Any]]:
    """The entries of the pods that the query names, by time, and the last one that says so; [] when there is no pod."""
    pods = _pods(cluster, app, query, pod or query.get("podName", ""))
    if not pods:
        return []
    rows = [row for one in pods for row in _entries(cluster, one, query)]
    rows.sort(key=lambda row: row["timeStampStr"])
    wanted = query.get("filter", "")
    if wanted:
        rows = [row for row in rows if _passes(str(row["content"]), wanted)]
    now = cluster.now()
    return [*rows, _entry("", stamp(now), _nano(now), "", last=True)]


def _passes(line: str, wanted: str) -> bool:
    return wanted[1:] not in line if wanted.startswith("!") else wanted in line


def _pods(cluster: Cluster, app: Application, query: Mapping[str, str], name: str) -> list[Object]:
    found = family(cluster, app)
    namespace = query.get("namespace") or app.namespace
    pods = [one for one, _ in found if one["kind"] == "Pod" and one["metadata"]["namespace"] == namespace]
    if name:
        return [one for one in pods if one["metadata"]["name"] == name]
    kind, owner = query.get("kind", ""), query.get("resourceName", "")
    if not kind:
        return pods
    grown = {owner}
    for _ in range(2):  # a Deployment's pods are its ReplicaSets' pods
        grown |= {one["metadata"]["name"] for one, above in found if above and above["metadata"]["name"] in grown}
    return [one for one in pods if one["metadata"]["name"] in grown]


def _entries(cluster: Cluster, pod: Object, query: Mapping[str, str]) -> list[dict[str, Any]]:
    now, name = cluster.now(), pod["metadata"]["name"]
    asked = {key: value for key, value in query.items() if key in ("container", "previous", "sinceSeconds")}
    tail = query.get("tailLines", "0")
    if tail.isdigit() and int(tail):
        asked["tailLines"] = tail
    try:
        text = read_log(pod, cluster.logs, LogOptions.of({**asked, "timestamps": "true"}, name, now), now)
    except ApiError as error:
        return [_entry(error.message, None, _NO_TIME, "")]
    rows = []
    for line in (text or b"").decode(errors="replace").splitlines():
        at, _, content = line.partition(" ")
        rows.append(_entry(content, at.partition(".")[0] + "Z", at, name))
    return rows


def _entry(content: str, at: str | None, nano: str, pod: str, *, last: bool = False) -> dict[str, Any]:
    return {"content": content, "timeStamp": at, "last": last, "timeStampStr": nano, "podName": pod}


def _nano(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"
