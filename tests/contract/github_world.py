"""A sandbox GitHub on a loop of its own, and GitHub's description of what it must answer."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs

from bot.sandbox.github_api import GithubSandbox, serve_github
from bot.sandbox.github_errors import GithubError
from bot.sandbox.github_simulation import Simulation

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "config" / "scenarios"
DESCRIPTION = json.loads((Path(__file__).with_name("data") / "github-openapi.json").read_text())
# Answers that GitHub gives and its description leaves out, each from its documentation's prose or its clients' sources.
UNDESCRIBED = {401, 403, 404, 405, 409, 410, 422}


def _nulls(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(value, list):
        return [_nulls(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _nulls(each) for name, each in value.items() if name != "nullable"}
    if value.get("nullable") is not True:
        return made
    if isinstance(made.get("enum"), list):
        made["enum"] = [*made["enum"], None]
    if isinstance(made.get("type"), str):
        return {**made, "type": [made["type"], "null"]}
    return {"anyOf": [made, {"type": "null"}]}


COMPONENTS = _nulls(DESCRIPTION["components"])


def validator(schema: Any) -> jsonschema_rs.Draft4Validator:
    return jsonschema_rs.Draft4Validator({"components": COMPONENTS, **_nulls(schema)}, validate_formats=True)


ERROR = validator({"$ref": "#/components/schemas/basic-error"})


class Checked:
    """Compares every call of a sandbox with GitHub's description; `seen` are (operation, status), `wrong` what differs."""

    def __init__(self, sandbox: GithubSandbox) -> None:
        self.seen: set[tuple[str, int]] = set()
        self.wrong: list[str] = []
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft4Validator | None] = {}
        sandbox.routes[:] = [replace(route, handler=self._wrap(route)) for route in sandbox.routes]

    def _wrap(self, route):
        def handle(request):
            described = DESCRIPTION["operations"][route.operation]
            if (route.method, route.template.count("{")) != (described["method"], described["path"].count("{")):
                self.wrong.append(f"{route.operation}: {route.method} {route.template} is not {described['path']}")
            try:
                answer = route.handler(request)
            except GithubError as refused:
                self._check(route.operation, refused.status, refused.body())
                raise
            self._check_body(route.operation, request)
            self._check(route.operation, answer.status, answer.body)
            return answer

        return handle

    def _check(self, operation: str, status: int, body: Any) -> None:
        self.seen.add((operation, status))
        answers = DESCRIPTION["operations"][operation]["answers"]
        if str(status) not in answers and status not in UNDESCRIBED:
            self.wrong.append(f"{operation}: GitHub never answers {status}")
            return
        schema = answers.get(str(status))
        if status >= 400 and schema and "oneOf" in schema:
            schema = {"anyOf": schema["oneOf"]}  # basic-error requires nothing, so a body is always several of them
        if schema is None and body is not None and status < 400:
            self.wrong.append(f"{operation} {status}: a body where GitHub sends none")
        if schema is None and body is None:
            return
        self._report(f"{operation} {status}", self._of(operation, str(status), schema), body)

    def _check_body(self, operation: str, request: Any) -> None:
        schema = DESCRIPTION["operations"][operation]["body"]
        if request.body and schema is None:
            self.wrong.append(f"{operation}: a body where GitHub takes none")
        elif request.body:
            self._report(f"{operation} body", self._of(operation, "body", schema), request.json())

    def _of(self, operation: str, part: str, schema: Any) -> jsonschema_rs.Draft4Validator:
        key = (operation, part)
        if key not in self._validators:
            self._validators[key] = validator(schema) if schema is not None else ERROR
        return self._validators[key]

    def _report(self, where: str, check: jsonschema_rs.Draft4Validator, body: Any) -> None:
        for error in check.iter_errors(body):
            path = "/".join(str(part) for part in error.instance_path)
            self.wrong.append(f"{where}: at {path or 'the top'}: {error.message[-300:]}")


class Running:
    """A sandbox GitHub in a thread; `do` runs a function on its loop."""

    def __init__(self, *, pace: float = 0.02, runner: Any = None) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.sandbox: GithubSandbox = self.wait(serve_github(0, SCENARIOS, runner=runner or Simulation(pace)))

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def do(self, function: Callable[..., Any], *args: Any, **more: Any) -> Any:
        async def call() -> Any:
            return function(*args, **more)

        return self.wait(call())

    def settle(self) -> None:
        """Wait until no run is under way."""

        async def all_ended() -> None:
            async with asyncio.timeout(60):
                while any(
                    run.latest.status != "completed"
                    for repo in self.sandbox.hub.repositories.values()
                    for run in repo.runs.values()
                ):
                    await asyncio.sleep(0.01)

        self.wait(all_ended())

    def close(self) -> None:
        self.wait(self.sandbox.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()
