"""Cuts GitHub's OpenAPI description down to the operations of the sandbox's GitHub, for test_github_contract.py.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
    python tests/contract/cut_github_openapi.py package/generated/api.github.com.json

Keeps answers and request bodies as JSON, and the schemas that they lead to; drops examples, descriptions and all else.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TARGET = Path(__file__).with_name("data") / "github-openapi.json"
ORIGIN = "npm @octokit/openapi 23.0.2, generated/api.github.com.json; cut by tests/contract/cut_github_openapi.py"
LICENSE = "MIT, Copyright (c) 2020 Octokit contributors: the whole text is in github-openapi.LICENSE beside this file"
METHODS = ("get", "post", "put", "patch", "delete")
DROPPED = {"example", "examples", "description", "externalDocs", "title", "deprecated", "x-github", "readOnly"}


def strip(value: Any, *, names: bool = False) -> Any:
    """Without examples and prose; under `names` the keys are names of properties, none of which is dropped."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if names or k not in DROPPED}
        return {k: strip(v, names=k in {"properties", "schemas"} and not names) for k, v in kept.items()}
    return [strip(each) for each in value] if isinstance(value, list) else value


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(each) for each in value.values()))
    return set().union(*(references(each) for each in value)) if isinstance(value, list) else set()


def cut(whole: dict[str, Any], operations: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, methods in whole["paths"].items():
        for method in METHODS:
            spec = methods.get(method) or {}
            if spec.get("operationId") in operations:
                found[spec["operationId"]] = {"method": method.upper(), "path": path, **operation(whole, spec)}
    # A slip of the description: here an account is a user AND an enterprise at once; elsewhere it is one of them.
    listed = found["apps/list-installations"]["answers"]
    listed["200"] = {"type": "array", "items": {"$ref": "#/components/schemas/installation"}}
    schemas: dict[str, Any] = {}
    waiting = sorted(references(found))
    while waiting:
        name = waiting.pop().rpartition("/")[2]
        if name not in schemas:
            schemas[name] = strip(whole["components"]["schemas"][name])
            waiting += sorted(references(schemas[name]))
    return {
        "origin": ORIGIN,
        "license": LICENSE,
        "operations": dict(sorted(found.items())),
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def operation(whole: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    answers = {}
    for status, given in spec["responses"].items():
        response = given
        if "$ref" in given:
            response = whole["components"]["responses"][given["$ref"].rpartition("/")[2]]
        content = response.get("content") or {}
        answers[status] = strip((content.get("application/json") or {}).get("schema"))
    body = ((spec.get("requestBody") or {}).get("content") or {}).get("application/json") or {}
    return {"answers": answers, "body": strip(body.get("schema"))}


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from bot.sandbox.github_api import GithubSandbox

    operations = {route.operation for route in GithubSandbox(ROOT / "config" / "scenarios").routes}
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    made = cut(whole, operations)
    missing = operations - made["operations"].keys()
    if missing:
        raise SystemExit(f"GitHub describes no {', '.join(sorted(missing))}")
    TARGET.write_text(json.dumps(made, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(operations)} operations, {len(made['components']['schemas'])} schemas, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
