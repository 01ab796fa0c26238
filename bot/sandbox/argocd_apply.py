"""`kubectl apply` of one object into the sandbox's cluster, with the words that Argo CD passes on of it."""

import json
import re

from bot.sandbox.argocd_compare import LAST_APPLIED, last_applied, live_of, plain, three_way
from bot.sandbox.argocd_render import compact
from bot.sandbox.cluster_create import create_object
from bot.sandbox.cluster_errors import ApiError
from bot.sandbox.cluster_kinds import BY_TYPE, Kind
from bot.sandbox.cluster_patch import STRATEGIC
from bot.sandbox.cluster_simulation import Cluster
from bot.sandbox.cluster_state import Object
from bot.sandbox.cluster_writes import PatchRequest, patch_object

MANAGER = "argocd-controller"
_MAP = re.compile(
    r"map\[.*\]", re.DOTALL
)  # greedy, as gitops-engine's own: it eats the half of a text that holds brackets
_LIMIT = 20_000


class ApplyError(Exception):
    """What kubectl would say of a refused apply, cleaned as Argo CD cleans it."""


def subject(kind: Kind, name: str) -> str:
    return f"{kind.kind.lower()}{f'.{kind.group}' if kind.group else ''}/{name}"


def apply(cluster: Cluster, target: Object, *, dry_run: bool = False) -> str:
    """Creates or patches the object; returns "deployment.apps/x created|configured|unchanged". ApplyError when refused.

    A dry run is the client's: it asks the API nothing, so it passes what the real apply refuses.
    """
    kind = BY_TYPE[str(target["apiVersion"]), str(target["kind"])]
    name = str(target["metadata"].get("name", ""))
    if not name:
        raise ApplyError(_nameless(cluster, kind, target))
    live = live_of(cluster, target)
    noted = _with_note(target)
    if live is None:
        done = "created"
        if not dry_run:
            try:
                create_object(cluster.store, kind, noted, manager=MANAGER, now=cluster.now())
            except ApiError as error:
                raise ApplyError(_clean(error.message)) from error
    else:
        done = _patch(cluster, kind, live, noted, dry_run=dry_run)
    return f"{subject(kind, name)} {done}{' (dry run)' if dry_run else ''}"


def _patch(cluster: Cluster, kind: Kind, live: Object, noted: Object, *, dry_run: bool) -> str:
    try:
        patch = three_way(last_applied(live), noted, live)
    except ApiError as error:
        raise ApplyError(_clean(f"creating patch with: {error.message}")) from error
    if not patch:
        return "unchanged"
    if dry_run:
        return "configured"
    request = PatchRequest(content_type=STRATEGIC, body=json.dumps(patch).encode(), manager=MANAGER, now=cluster.now())
    try:
        after, _ = patch_object(cluster.store, kind, live, request)
    except ApiError as error:
        raise ApplyError(_clean(f'error when patching "{_file(cluster)}": {error.message}')) from error
    return "unchanged" if plain(after) == plain(live) else "configured"


def _with_note(target: Object) -> Object:
    meta = target["metadata"]
    notes = {**(meta.get("annotations") or {}), LAST_APPLIED: compact(target) + "\n"}
    return {**target, "metadata": {**meta, "annotations": notes}}


def _file(cluster: Cluster) -> str:
    """The temporary file that kubectl reads: another name each time."""
    return f"/dev/shm/{cluster.store.rng.randrange(10**8, 2**32)}"  # noqa: S108 - a name in a text, no file


def _nameless(cluster: Cluster, kind: Kind, target: Object) -> str:
    where = target["metadata"].get("namespace", "")
    return (
        f'error when retrieving current configuration of:\nResource: "{kind.api_version}, Resource={kind.plural}", '
        f'GroupVersionKind: "{kind.api_version}, Kind={kind.kind}"\nName: "", Namespace: "{where}"\n'
        f'from server for: "{_file(cluster)}": resource name may not be empty'
    )


def _clean(text: str) -> str:
    return _MAP.sub("", text[:_LIMIT].strip())
