"""What the actions on applications share: the application as a target, and whether it is synced and well by now."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.action import Check
from bot.domain.alert import Target, TargetKind
from bot.domain.delivery import Application, AppOperation
from bot.domain.execution import Verdict
from bot.domain.values import digest_of
from bot.remedy.contract import Ask
from bot.remedy.quoting import one_line, plain
from bot.remedy.verify import Seen

SYNCED = "sync"
HEALTHY = "health"

ILL = frozenset({"Degraded", "Missing"})
BROKEN = frozenset({"Failed", "Error"})
RUNNING = frozenset({"Running", "Terminating"})
MAX_RESULTS = 3


def app_target(ask: Ask, app: Application) -> Target:
    """Return the application as a target: at another revision it is another problem."""
    return replace(
        ask.dossier.target,
        connection=app.connection,
        kind=TargetKind.ARGO_APP,
        name=app.name,
        namespace=app.destination_namespace,
        workload_kind="",
        container="",
        repo="",
        revision=app.revision,
        url=app.url,
    )


def sources_digest(app: Application) -> str:
    """Return a hash of where the application's manifests come from and where they go."""
    return digest_of(app.uid, app.project, app.sources, app.destination, app.destination_namespace)


def app_checks(window: int) -> tuple[Check, ...]:
    """Return the checks of an application that was changed, to be written down before it. `window` in seconds."""
    return (
        Check(name=SYNCED, expected="the application is Synced"),
        Check(name=HEALTHY, expected=f"the application is Healthy {window} s after it was deployed"),
    )


def judged(app: Application, since: datetime, window: int, now: datetime) -> tuple[Verdict | None, Seen]:
    """Return how the application does that was deployed at `since`.

    PASSED: Synced, and Healthy `window` seconds after. FAILED: Degraded or Missing by then, which right after a sync may
    still be the old state. None: not yet. Argo CD's clock (`since`) against ours.
    """
    settled = now - since >= timedelta(seconds=window)
    said = f"{app.health or 'not known'}{': ' if app.health_message else ''}{one_line(app.health_message)}"
    synced = app.sync == "Synced"
    seen: Seen = {SYNCED: (True if synced else None, f"{app.sync or 'not known'} at {short(app.revision)}")}
    if app.health in ILL and settled:
        return Verdict.FAILED, {**seen, HEALTHY: (False, said)}
    if app.health == "Healthy" and settled:
        seen[HEALTHY] = (True, said)
        return (Verdict.PASSED if synced else None), seen
    age = max(0, int((now - since).total_seconds()))
    return None, {**seen, HEALTHY: (None, f"{said}, {age} s after it was deployed")}


def failure_of(operation: AppOperation) -> str:
    """Return why an operation failed: what the sync said of each resource that it could not apply, else its message."""
    results = [each for each in operation.results if each.result == "SyncFailed"]
    said = [f"{plain(each.kind)} {plain(each.name)}: {one_line(each.message, 300)}" for each in results[:MAX_RESULTS]]
    more = len(results) - len(said)
    said += [f"and {more} more"] if more > 0 else []
    return f"{plain(operation.phase, 20)}: {'; '.join(said) or one_line(operation.message, 300) or 'no message'}"


def error_of(app: Application) -> str:
    """Return the application's first error condition in words, or the empty string."""
    wrong = next((each for each in app.conditions if each.type.endswith("Error")), None)
    return f"{plain(wrong.type, 60)}: {one_line(wrong.message, 300)}" if wrong else ""


def short(revision: str) -> str:
    """Return a revision as people write it: the first characters of a commit."""
    kept = plain(revision, 60)
    return kept[:8] if len(kept) == 40 else kept
