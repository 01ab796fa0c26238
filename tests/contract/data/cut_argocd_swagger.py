"""Cuts Argo CD's swagger down to the operations that this project uses: python cut_argocd_swagger.py SWAGGER > argocd-swagger.json

SWAGGER is assets/swagger.json of the Go module github.com/argoproj/argo-cd/v3 (`go mod download -json
github.com/argoproj/argo-cd/v3@v3.6.1` prints its folder). Descriptions are dropped, definitions that nothing here
refers to as well.
"""

import json
import sys
from pathlib import Path
from typing import Any

ORIGIN = "github.com/argoproj/argo-cd/v3@v3.6.1, assets/swagger.json, cut by cut_argocd_swagger.py; licence Apache-2.0"
OPERATIONS = (
    ("get", "/api/v1/account/can-i/{resource}/{action}/{subresource}"),
    ("get", "/api/v1/applications"),
    ("get", "/api/v1/applications/{applicationName}/managed-resources"),
    ("get", "/api/v1/applications/{applicationName}/resource-tree"),
    ("get", "/api/v1/applications/{name}"),
    ("get", "/api/v1/applications/{name}/events"),
    ("get", "/api/v1/applications/{name}/logs"),
    ("get", "/api/v1/applications/{name}/manifests"),
    ("delete", "/api/v1/applications/{name}/operation"),
    ("get", "/api/v1/applications/{name}/pods/{podName}/logs"),
    ("post", "/api/v1/applications/{name}/rollback"),
    ("post", "/api/v1/applications/{name}/sync"),
    ("get", "/api/v1/session/userinfo"),
    ("get", "/api/version"),
)
_PREFIX = "#/definitions/"


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """The swagger of OPERATIONS with the definitions that they need."""
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = _plain(whole["paths"][path][method])
    needed: dict[str, Any] = {}
    waiting = _references(paths)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = _plain(whole["definitions"][name])
            waiting |= _references(needed[name])
    return {
        "swagger": whole["swagger"],
        "info": {"title": "Argo CD, the operations used here", "version": "3.6.1", "description": ORIGIN},
        "paths": paths,
        "definitions": dict(sorted(needed.items())),
    }


def _plain(value: Any, *, named: bool = False) -> Any:
    """`value` without descriptions; under `properties` a description is a field and stays."""
    if isinstance(value, dict):
        dropped = () if named else ("description", "summary", "title", "tags")
        return {
            key: _plain(part, named=key in ("properties", "definitions"))
            for key, part in value.items()
            if key not in dropped
        }
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix(_PREFIX)} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(part) for part in value.values()))
    return set().union(*(_references(part) for part in value)) if isinstance(value, list) else set()


if __name__ == "__main__":
    json.dump(cut(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sys.stdout, indent=1)
    sys.stdout.write("\n")
