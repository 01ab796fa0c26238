"""What of an application fails, at which revision, and which one was good: read from its own status alone."""

from collections.abc import Iterator

from bot.domain.delivery import Application, AppResource

FAILED_PHASES = frozenset({"Failed", "Error"})
_HEALTH = ("Degraded", "Missing", "Progressing", "Unknown")
_GROWN = ("Pod", "ReplicaSet")


def is_confirmed(app: Application) -> bool:
    """Whether Argo CD itself says that something is wrong.

    Beside what fails: a comparison that does not come to a result, and a difference that nobody but a person will sync.
    """
    return app.failing or app.sync == "Unknown" or (app.sync == "OutOfSync" and not app.automated)


def sync_failed(app: Application) -> bool:
    """Whether the last operation ended badly."""
    return app.operation is not None and app.operation.phase in FAILED_PHASES


def failing_revision(app: Application) -> str:
    """Return the revision that the failure is about: what the failed sync tried, else what was compared last.

    It may be a branch: Argo CD names no commit where it could not render one.
    """
    compared = app.revision or (app.sources[0].target_revision if app.sources else "")
    if any(each.type.endswith("Error") for each in app.conditions):
        return compared
    tried = app.operation.revision if app.operation is not None and sync_failed(app) else ""
    return tried or compared


def last_good_revision(app: Application) -> str:
    """Return the newest revision of the history that was synced and is not the failing one; empty when there is none."""
    failing = failing_revision(app)
    entries = sorted(app.history, key=lambda each: each.id, reverse=True)
    return next((each.revision for each in entries if each.revision and each.revision != failing), "")


def ill_resources(app: Application, tree: tuple[AppResource, ...]) -> tuple[AppResource, ...]:
    """Return the resources that fail, the illest first: refused by the API, then ill, a pod before what made it.

    Refusals come from the last operation, health from the tree, and from the application where there is no tree.
    """
    results = app.operation.results if app.operation is not None and sync_failed(app) else ()
    refused = tuple(each for each in results if each.result == "SyncFailed")
    judged = tree or app.resources
    ill = sorted((each for each in judged if each.health in _HEALTH[:2] or _waits(each)), key=_rank)
    return tuple(_once((*ill, *refused) if tree else (*refused, *ill)))


def _waits(resource: AppResource) -> bool:
    """A pod, or what made it, that is not there yet and says why."""
    return resource.health in _HEALTH[2:] and bool(resource.health_message)


def _rank(resource: AppResource) -> tuple[int, int]:
    grown = _GROWN.index(resource.kind) if resource.kind in _GROWN else len(_GROWN)
    return _HEALTH.index(resource.health), grown


def _once(resources: tuple[AppResource, ...]) -> Iterator[AppResource]:
    seen: set[tuple[str, str, str]] = set()
    for each in resources:
        key = (each.kind, each.namespace, each.name)
        if key not in seen:
            seen.add(key)
            yield each
