"""Cuts Kubernetes' OpenAPI down to what this project asks and answers: python cut_kubernetes_openapi.py SWAGGER > kubernetes-openapi.json

SWAGGER is api/openapi-spec/swagger.json of the Go module k8s.io/kubernetes (`go mod download -json
k8s.io/kubernetes@v1.37.2` prints its folder). Kept are the operations of READ, PATCHED and OTHERS with the names of
their query parameters, and the definitions that they lead to, without prose. Of Kubernetes' own extensions two stay: the
names of a kind, and the merge keys of lists, by which a strategic merge patch is judged.
"""

import json
import sys
from pathlib import Path
from typing import Any

ORIGIN = (
    "k8s.io/kubernetes@v1.37.2, api/openapi-spec/swagger.json, cut by cut_kubernetes_openapi.py;"
    " Copyright The Kubernetes Authors, licence Apache-2.0"
)
READ = {
    "/api/v1": "pods events namespaces nodes resourcequotas limitranges configmaps services serviceaccounts",
    "/apis/apps/v1": "deployments replicasets statefulsets daemonsets",
    "/apis/batch/v1": "jobs",
}
PATCHED = ("deployments", "statefulsets", "daemonsets")
SCALED = ("deployments", "replicasets", "statefulsets")
PLACELESS = ("namespaces", "nodes")
OTHERS = (
    ("get", "/api/"),
    ("get", "/apis/"),
    ("get", "/version/"),
    ("get", "/api/v1/"),
    *(
        ("get", f"/apis/{group}/{version}")
        for group in ("apps", "authorization.k8s.io", "batch")
        for version in ("", "v1/")
    ),
    ("get", "/api/v1/namespaces/{namespace}/pods/{name}/log"),
    ("post", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ("post", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"),
)
REFUSAL = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"
KEPT = ("x-kubernetes-group-version-kind", "x-kubernetes-patch-merge-key")
_PREFIX = "#/definitions/"


def operations() -> list[tuple[str, str]]:
    """Method and path of everything that is kept."""
    found = list(OTHERS)
    for root, names in READ.items():
        for name in names.split():
            place = root if name in PLACELESS else f"{root}/namespaces/{{namespace}}"
            found += [("get", f"{root}/{name}"), ("get", f"{place}/{name}"), ("get", f"{place}/{name}/{{name}}")]
            found += [("patch", f"{place}/{name}/{{name}}")] if name in PATCHED else []
            if name in SCALED:
                found.append(("get", f"{place}/{name}/{{name}}/scale"))
                found += [("patch", f"{place}/{name}/{{name}}/scale")] if name in PATCHED else []
    return list(dict.fromkeys(found))


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """The description of `operations()` with the definitions that they need."""
    paths: dict[str, Any] = {}
    needed: dict[str, Any] = {}
    waiting = {REFUSAL}
    for method, path in operations():
        made = _operation(whole, whole["paths"][path], method)
        paths.setdefault(path, {})[method] = made
        waiting |= _references(made)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = _plain(whole["definitions"][name])
            waiting |= _references(needed[name])
    return {"origin": ORIGIN, "paths": dict(sorted(paths.items())), "definitions": dict(sorted(needed.items()))}


def _operation(whole: dict[str, Any], item: dict[str, Any], method: str) -> dict[str, Any]:
    """`query`: the names that it takes; `body`: the schema of what it is sent; `answers`: a schema by status."""
    described = item[method]
    given = [*item.get("parameters", ()), *described.get("parameters", ())]
    parameters = [whole["parameters"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in given]
    body = next((each["schema"] for each in parameters if each["in"] == "body"), None)
    answers = {status: _plain(answer.get("schema")) for status, answer in described["responses"].items()}
    made = {"query": sorted(each["name"] for each in parameters if each["in"] == "query"), "answers": answers}
    return made | ({"body": _plain(body)} if body is not None else {})


def _plain(value: Any, *, named: bool = False) -> Any:
    """`value` without prose and extensions; under `properties` a description is a field and stays."""
    if isinstance(value, dict):
        return {
            key: _plain(part, named=key == "properties" and not named)
            for key, part in value.items()
            if named or key in KEPT or not (key in ("description", "default") or key.startswith("x-"))
        }
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix(_PREFIX)} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(part) for part in value.values()))
    return set().union(*(_references(part) for part in value)) if isinstance(value, list) else set()


if __name__ == "__main__":
    json.dump(cut(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
