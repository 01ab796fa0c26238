"""Container logs: texts that a world gives (kind PodLogs), answered as a kubelet answers.

A log's lines may hold `{{now-90s}}`. For a running container the largest such age is its start, so the log grows line
by line; for an ended one `now` is its end, so a log ends when its container does. A line without a mark has the time
of the line before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.cluster_errors import Cause, bad_request, invalid
from bot.sandbox.cluster_selectors import match_labels
from bot.sandbox.cluster_state import Object, seconds_of, stamp

NOW = re.compile(r"\{\{now(?:-([0-9]{1,7})([smhd]))?\}\}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """One PodLogs object: whose containers, and the two texts (None: there is none)."""

    namespace: str
    selector: Mapping[str, Any]
    container: str
    current: str | None
    previous: str | None

    def serves(self, pod: Object, container: str) -> bool:
        meta = pod["metadata"]
        same = self.namespace == meta["namespace"] and self.container in ("", container)
        return same and match_labels({"matchLabels": self.selector}, meta.get("labels") or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """The query of a log request."""

    container: str = ""
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    since: float | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], pod: str, now: float) -> "LogOptions":
        """ApiError 400 or 422 for options that the server refuses."""
        tail, limit, age = (_number(query, name) for name in ("tailLines", "limitBytes", "sinceSeconds"))
        causes = []
        if tail is not None and tail < 0:
            causes.append(_not_allowed("tailLines", tail, "must be greater than or equal to 0"))
        causes += [
            _not_allowed(name, value, "must be greater than 0")
            for name, value in (("limitBytes", limit), ("sinceSeconds", age))
            if value is not None and value < 1
        ]
        if age is not None and "sinceTime" in query:
            text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
            causes.append(Cause(field="[]", detail=text, reason="FieldValueForbidden"))
        if causes:
            raise invalid("PodLogOptions", "", pod, causes)
        return cls(
            container=query.get("container", ""),
            previous=query.get("previous", "").lower() in ("true", "1"),
            timestamps=query.get("timestamps", "").lower() in ("true", "1"),
            tail_lines=tail,
            limit_bytes=limit,
            since=now - age if age is not None else seconds_of(query.get("sinceTime")),
        )


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _not_allowed(field: str, value: int, why: str) -> Cause:
    return Cause(field=field, detail=f"Invalid value: {value}: {why}")


def resolve_marks(text: str, now: float) -> str:
    """`text` with every `{{now-5m}}` replaced by that moment before `now`."""
    return NOW.sub(lambda found: stamp(now - _age(found)), text)


def _age(found: re.Match[str]) -> float:
    return int(found[1]) * _UNITS[found[2]] if found[1] else 0.0


def _container(pod: Object, wanted: str) -> str:
    names = [item["name"] for part in ("initContainers", "containers") for item in pod["spec"].get(part) or []]
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    chosen = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if len(names) == 1 or chosen in names:
        return str(chosen) if chosen in names else str(names[0])
    raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]")


def _life(pod: Object, container: str, *, previous: bool) -> tuple[str, dict[str, Any]]:
    """Which text answers ("current" or "previous") and the container state it is the log of; ApiError 400."""
    status = pod.get("status") or {}
    rows = [row for part in ("containerStatuses", "initContainerStatuses") for row in status.get(part) or []]
    row = next((row for row in rows if row["name"] == container), None)
    who = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    if row is None:
        raise bad_request(f"{who} is not available")
    last: dict[str, Any] = (row.get("lastState") or {}).get("terminated") or {}
    state: dict[str, Any] = row.get("state") or {}
    if previous:
        if not last.get("containerID"):
            raise bad_request(f"previous terminated {who} not found")
        return "previous", last
    if "running" in state:
        return "current", state["running"]
    if (state.get("terminated") or {}).get("containerID"):
        return "previous", state["terminated"]
    if last:
        if not last.get("containerID"):
            raise bad_request(f"{who} is terminated")
        return "previous", last
    raise bad_request(f"{who} is waiting to start: {_reason(state)}")


def _reason(state: dict[str, Any]) -> str:
    reason = str((state.get("waiting") or {}).get("reason", ""))
    texts = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}
    return texts.get(reason, reason)


def read_log(pod: Object, sources: list[LogSource], options: LogOptions, now: float) -> bytes | None:
    """The log's bytes, or None (204) for a pod without a node; ApiError 400 with the kubelet's texts.

    A container that ended is answered from `previous`, whichever way it is asked for: so long as no new one runs, the
    kubelet gives the log of the last one. A container of no PodLogs wrote nothing.
    """
    container = _container(pod, options.container)
    if not pod["spec"].get("nodeName"):
        return None
    which, state = _life(pod, container, previous=options.previous)
    source = next((source for source in sources if source.serves(pod, container)), None)
    text = None if source is None else source.previous if which == "previous" else source.current
    if text is None and source is not None and which == "previous":
        text = source.current
    lines = _timed(text or "", state, now)
    if options.since is not None:
        lines = [row for row in lines if row[0] >= options.since]
    if options.tail_lines is not None:
        lines = lines[-options.tail_lines :] if options.tail_lines else []
    shown = (f"{_nano(at)} {line}" if options.timestamps else line for at, line in lines)
    answer = "".join(f"{line}\n" for line in shown).encode()
    return answer if options.limit_bytes is None else answer[: options.limit_bytes]


def _timed(text: str, state: dict[str, Any], now: float) -> list[tuple[float, str]]:
    """The lines that the container has written by `now`, each with its time."""
    lines = text.splitlines()
    begin = seconds_of(state.get("startedAt")) or now
    end = seconds_of(state.get("finishedAt"))
    base = end if end is not None else begin + max(map(_age, NOW.finditer(text)), default=0.0)
    limit = end if end is not None else now
    timed, at = [], begin
    for line in lines:
        mark = NOW.search(line)
        at = base - _age(mark) if mark else at
        if at > limit:
            break
        timed.append((at, resolve_marks(line, base)))
    return timed


def _nano(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"
