"""argocd.yaml of a scenario folder: the applications and the state that they start in.

    applications:
    - name: storefront
      project: default                # optional
      source: {repoURL: ..., path: deploy/storefront, targetRevision: main}
      namespace: shop
      policy: {automated: {selfHeal: true}, retry: {limit: 2}}   # as spec.syncPolicy; optional
      history: [{ref: "{{sha:good}}", at: "{{now-3d}}"}]         # optional, oldest first
      operation: {ref: main, phase: Failed, message: ..., at: "{{now-6m}}", retries: 2}   # optional: the last sync
        results: [{kind: Deployment, name: storefront, status: SyncFailed, message: ...}]

`ref` is a branch or a sha; `{{sha:id}}` is the commit of that id in the scenario's github.yaml. The rest (sync, health,
resources, conditions) the controller finds for itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.argocd_application import Application
from bot.sandbox.argocd_controller import Controller, new_uid
from bot.sandbox.argocd_render import RenderError, group_of
from bot.sandbox.argocd_sync import images_of
from bot.sandbox.cluster_logs import resolve_marks
from bot.sandbox.cluster_state import Object, seconds_of, stamp
from bot.sandbox.cluster_world import WorldError


def load_applications(controller: Controller, folder: Path, marks: Mapping[str, str]) -> None:
    """Reads the folder's argocd.yaml, if it has one, and adds what it names. WorldError for a file that is wrong.

    `marks` are filled in where the file has them in double braces.
    """
    path = folder / "argocd.yaml"
    if not path.is_file():
        return
    now = controller.cluster.now()
    try:
        text = path.read_text(encoding="utf-8")
        for mark, value in marks.items():
            text = text.replace(f"{{{{{mark}}}}}", value)
        found = yaml.safe_load(resolve_marks(text, now)) or {}
        for row in found.get("applications") or []:
            controller.add(_application(controller, row, now))
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, RenderError) as error:
        raise WorldError(f"{folder.name}/argocd.yaml cannot be read: {error!r}") from error


def _application(controller: Controller, row: dict[str, Any], now: float) -> Application:
    source = {"targetRevision": "main", "path": ".", **{key: str(value) for key, value in row["source"].items()}}
    app = Application(
        name=str(row["name"]),
        project=str(row.get("project", "default")),
        source={key: source[key] for key in ("repoURL", "path", "targetRevision")},
        namespace=str(row["namespace"]),
        policy=row.get("policy") or {},
        uid=new_uid(),
        created=_moment(row.get("created"), now - 30 * 86400),
    )
    for number, entry in enumerate(row.get("history") or []):
        at = stamp(_moment(entry.get("at"), now))
        sha = controller.resolve(app, str(entry["ref"]))
        done = {"revision": sha, "deployedAt": at, "id": number, "source": app.source, "deployStartedAt": at}
        app.history.append(done | {"initiatedBy": entry.get("by") or {"automated": True}})
    if operation := row.get("operation"):
        app.state = _state(controller, app, operation, now)
    return app


def _state(controller: Controller, app: Application, row: dict[str, Any], now: float) -> dict[str, Any]:
    """The operationState of the last sync, its results filled in from the manifests of its revision where it can be."""
    sha, at = controller.resolve(app, str(row["ref"])), _moment(row.get("at"), now)
    sync: dict[str, Any] = {"revision": sha, "source": app.source}
    if app.options():
        sync["syncOptions"] = app.options()
    operation = {"sync": sync, "initiatedBy": row.get("by") or {"automated": True}}
    operation["retry"] = app.policy.get("retry") or ({"limit": 5} if app.automated is not None else {})
    given = {(one["kind"], one["name"]): one for one in row.get("results") or []}
    _, manifests = controller.manifests(app, sha)
    results = [_result(app, each, given.get((each["kind"], each["metadata"]["name"])) or {}) for each in manifests]
    state = {"operation": operation, "phase": row.get("phase", "Succeeded")}
    state["message"] = row.get("message", "successfully synced (all tasks run)")
    state["syncResult"] = {"resources": results, "revision": sha, "source": app.source}
    state |= {"startedAt": stamp(at), "finishedAt": stamp(_moment(row.get("finished"), at + 1))}
    return state | ({"retryCount": row["retries"]} if row.get("retries") else {})


def _result(app: Application, manifest: Object, given: dict[str, Any]) -> dict[str, Any]:
    group, version, meta = group_of(manifest), str(manifest["apiVersion"]).rsplit("/", 1)[-1], manifest["metadata"]
    kind, failed, images = manifest["kind"], given.get("status") == "SyncFailed", images_of(manifest)
    said = f"{kind.lower()}{'.' if group else ''}{group}/{meta['name']} unchanged"
    result = {"group": group, "version": version, "kind": kind, "namespace": meta.get("namespace", app.namespace)}
    result |= {"name": meta["name"], "status": given.get("status", "Synced"), "message": given.get("message", said)}
    result |= {"hookPhase": "Failed" if failed else "Succeeded", "syncPhase": "Sync"}
    return result | ({"images": images} if images else {})


def _moment(value: Any, default: float) -> float:
    text = value.isoformat() if hasattr(value, "isoformat") else value
    found = seconds_of(text)
    return default if found is None else found
