"""The `fields` of a list of applications, as Argo CD 3.6.1 answers them (its forwarder_overwrite.go).

It knows the fields of FIELDS and no others: what else is asked for is left out in silence. A field that an application
has no value for is null, but for those of an operation, which are left out with it.
"""

from typing import Any

_KNOWN = (
    "metadata.annotations metadata.creationTimestamp metadata.deletionTimestamp metadata.labels metadata.name"
    " metadata.namespace operation.sync spec spec.destination spec.project spec.source spec.sourceHydrator spec.sources"
    " spec.syncPolicy status.health status.operationState.finishedAt status.operationState.operation.sync"
    " status.operationState.phase status.operationState.startedAt status.resources status.sourceHydrator status.summary"
    " status.sync.revision status.sync.status"
)
FIELDS = _KNOWN.split()
_LEFT_OUT = ("operation.", "status.operationState.", "status.resources")


def chosen(query: str) -> list[str]:
    """The fields that a query names ("-" before them: all others); one that lies in another chosen one is covered."""
    exclude, names = query.startswith("-"), query.removeprefix("-").split(",")
    found = [field for field in FIELDS if (f"items.{field}" in names) is not exclude]
    return [field for field in found if not any(field.startswith(f"{other}.") for other in found)]


def only(application: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """The application with nothing but those fields."""
    made: dict[str, Any] = {}
    for field in fields:
        *above, last = field.split(".")
        value: Any = application
        for name in (*above, last):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None and field.startswith(_LEFT_OUT):
            continue
        place = made
        for name in above:
            place = place.setdefault(name, {})
        # The presence of a past sync is all that it tells.
        place[last] = {} if field == "status.operationState.operation.sync" else value
    return made
