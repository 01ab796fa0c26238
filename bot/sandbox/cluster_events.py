"""Events as Kubernetes' components write them: one object for the same thing seen again, with a count."""

from typing import Any

from bot.sandbox.cluster_state import Object, Store, stamp


def involved(found: Object, container: str = "") -> dict[str, Any]:
    """The reference that an event holds to what it is about."""
    meta = found["metadata"]
    reference = {
        "kind": found["kind"],
        "namespace": meta.get("namespace", ""),
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": found["apiVersion"],
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    if container:
        reference["fieldPath"] = f"spec.containers{{{container}}}"
    return reference


def record_event(
    store: Store,
    now: float,
    about: Object,
    reason: str,
    message: str,
    *,
    source: str,
    warning: bool = False,
    container: str = "",
) -> Object:
    """Writes an event, or counts the one that says the same of the same object.

    `source` is "component" or "component/host".
    """
    namespace = about["metadata"].get("namespace") or "default"
    for seen in store.having("events", namespace, f"s:{about['metadata']['uid']}"):
        if seen.get("reason") == reason and seen.get("message") == message:
            return store.put({**seen, "count": (seen.get("count") or 1) + 1, "lastTimestamp": stamp(now)})
    component, _, host = source.partition("/")
    return store.put(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{about['metadata']['name']}.{store.rng.getrandbits(64):016x}",
                "namespace": namespace,
                "uid": store.new_uid(),
                "creationTimestamp": stamp(now),
            },
            "involvedObject": involved(about, container),
            "reason": reason,
            "message": message,
            "source": {"component": component, "host": host} if host else {"component": component},
            "firstTimestamp": stamp(now),
            "lastTimestamp": stamp(now),
            "count": 1,
            "type": "Warning" if warning else "Normal",
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
    )
