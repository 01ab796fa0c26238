"""The two GitHubs that the contract suite runs against, behind one way to cause things in them.

`fake` is in memory, `sandbox` is the sandbox's GitHub over HTTP, asked through the real adapter.
"""

import asyncio
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml

from bot.adapters.github import GithubAccess, GithubPipelines, connect
from bot.domain.pipeline import Annotation, WorkflowRun
from bot.ports import Pipelines
from tests.fakes.pipelines import FakeJob, FakePipelines

T = TypeVar("T")

CI, ROTATE, PLAIN = (f".github/workflows/{name}.yml" for name in ("ci", "rotate", "plain"))
APP = "k8s/app.yaml"
BEFORE = "image: shop:1\nreplicas: 2\n"
WINDOWS = "a: 1\r\nb: 2"
AFTER = "image: shop:2\nreplicas: 2\n"

FILES = {
    CI: """name: CI
on:
  push:
    branches: [main]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - name: Run tests
        run: make test
""",
    ROTATE: """name: Rotate
run-name: Rotate ${{ inputs.codehealer_id }}
on:
  workflow_dispatch:
    inputs:
      codehealer_id:
        required: true
        type: string
jobs:
  rotate:
    runs-on: ubuntu-latest
    steps:
      - name: Rotate
        run: make rotate
""",
    PLAIN: """name: Plain
on:
  push:
    branches: [nowhere]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - name: Build
        run: make
""",
    APP: BEFORE,
    "k8s/windows.yaml": WINDOWS,
    "k8s/deep/more.yaml": "c: 3\n",
    "logo.png": "\0\1\2",
}
LOG = ("tests are run", "FAILED tests/test_cart.py::test_total", "##[error]Process completed with exit code 1.")
MARKS = (
    Annotation(level="failure", message="Process completed with exit code 1.", path=".github", line=7),
    Annotation(level="failure", message="assert 3 == 4", title="test_total", path="tests/test_cart.py", line=12),
    Annotation(level="warning", message="deprecated", path="setup.py", line=1),
)


def until(what: str, test: Callable[[], T], seconds: float = 20.0) -> T:
    """The first true value of `test`, asked every 20 ms."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := test():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class World:
    """`repo` makes a repository with FILES; ben's second commit turned APP from BEFORE into AFTER, and CI failed on it.

    Its job `test` fails in its first attempt and succeeds in the next. Two runs of CI: a good one, then the failed one.
    """

    github: Pipelines

    def repo(self, name: str) -> str:
        raise NotImplementedError

    def merge(self, repo: str, number: int) -> None:
        raise NotImplementedError

    def push(self, repo: str, path: str, text: str) -> None:
        raise NotImplementedError

    def expire_log(self, repo: str, job_id: str) -> None:
        raise NotImplementedError

    def lose_answer(self, write: str, *, applied: bool) -> None:
        """The next write of that name (rerun, dispatch, ref, contents, pull) is done or not, and gets no answer."""
        raise NotImplementedError

    def answer_500(self, write: str) -> None:
        """The next write of that name is done, and answered 500."""
        raise NotImplementedError

    def refuse(self, write: str) -> None:
        """The next write of that name is answered 403, nothing done."""
        raise NotImplementedError

    def failed(self, repo: str) -> WorkflowRun:
        return next(run for run in self.github.runs(repo, "ci.yml", "main", 10) if run.conclusion == "failure")

    def ended(self, repo: str, run_id: str, attempt: int) -> WorkflowRun:
        def once() -> WorkflowRun | None:
            run = self.github.run(repo, run_id)
            return run if run.is_completed and run.attempt >= attempt else None

        return until(f"attempt {attempt} of {run_id} ends", once)


class FakeWorld(World):
    OPERATIONS: ClassVar = {"rerun": "rerun_failed_jobs", "dispatch": "dispatch"}

    def __init__(self) -> None:
        self.github = self._fake = FakePipelines()

    def repo(self, name: str) -> str:
        repo = f"acme/{name}"
        first = self._fake.add_repo(repo, FILES)
        self._fake.add_run(repo, [FakeJob(name="test")], path=CI, sha=first)
        self._fake.push(repo, {APP: AFTER}, message="Use the second version", author="ben")
        broken = FakeJob(name="test", conclusion="failure", steps=("Set up job", "Run tests"), log=LOG)
        self._fake.add_run(repo, [broken], path=CI, actor="ben", title="Use the second version")
        job = self._fake.repos[repo].jobs[self.failed(repo).id, 1][0]
        self._fake.marked[job.id] = MARKS
        return repo

    def merge(self, repo: str, number: int) -> None:
        self._fake.merge(repo, number)

    def push(self, repo: str, path: str, text: str) -> None:
        self._fake.push(repo, {path: text})

    def expire_log(self, repo: str, job_id: str) -> None:
        self._fake.expire_log(job_id)

    def lose_answer(self, write: str, *, applied: bool) -> None:
        self._fake.lose_answer(self._operation(write), applied=applied)

    def answer_500(self, write: str) -> None:
        self._fake.answer_500(self._operation(write))

    def refuse(self, write: str) -> None:
        self._fake.refuse(self._operation(write))

    def _operation(self, write: str) -> str:
        return self.OPERATIONS.get(write, f"open_pull.{write}")


class SandboxWorld(World):
    """The sandbox's GitHub in a loop of its own thread; what causes things is called on that loop."""

    WRITES: ClassVar = {
        "rerun": ("POST", "/rerun-failed-jobs"),
        "dispatch": ("POST", "/dispatches"),
        "ref": ("POST", "/git/refs"),
        "contents": ("PUT", "/contents/"),
        "pull": ("POST", "/pulls"),
    }

    def __init__(self, sandbox: Any, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self._sandbox, self._loop, self._folder = sandbox, loop, folder
        access = GithubAccess(api_url=sandbox.url, token=lambda: sandbox.token, calls_per_hour=100_000)
        self.github = self.adapter = connect("default", access, RealClock())

    def by_app(self, private_key: str) -> GithubPipelines:
        """The same GitHub, asked as the App that is installed there."""
        app = str(self._sandbox.hub.app_id)
        return connect(
            "default",
            GithubAccess(api_url=self._sandbox.url, app_id=app, private_key=lambda: private_key),
            RealClock(),
        )

    def repo(self, name: str) -> str:
        repo = f"acme/{name}"
        place = self._folder / name
        for path, text in FILES.items():
            file = place / "repos" / repo / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        (place / "broken.log").write_text("@@ Run tests\n" + "\n".join(LOG[:2]) + "\n")
        (place / "github.yaml").write_text(yaml.safe_dump(scenario(repo)))
        self._call(self._sandbox.load_scenario, name)
        return repo

    def merge(self, repo: str, number: int) -> None:
        def merge() -> None:
            found = self._sandbox.hub.find(*repo.split("/"))
            self._sandbox.pulls.merge_pull(found, found.pulls[number], "ben")

        self._call(merge)

    def push(self, repo: str, path: str, text: str) -> None:
        def push() -> None:
            hub = self._sandbox.hub
            found = hub.find(*repo.split("/"))
            tip = found.git.commits[found.git.branches["main"]]
            files = {**tip.files, path: text}
            made = found.git.commit(files, (tip.sha,), hub.identity("ben"), "Change", hub.now())
            hub.push(found, "main", made.sha)

        self._call(push)

    def expire_log(self, repo: str, job_id: str) -> None:
        def expire() -> None:
            runs = self._sandbox.hub.find(*repo.split("/")).runs.values()
            (job,) = (j for run in runs for attempt in run.attempts for j in attempt.jobs if str(j.id) == job_id)
            job.log_expired = True

        self._call(expire)

    def lose_answer(self, write: str, *, applied: bool) -> None:
        fault = {"kind": "drop_answer"} if applied else {"kind": "status", "status": 502}
        self._order(write, fault)

    def answer_500(self, write: str) -> None:
        self._order(write, {"kind": "status", "status": 500, "done": True})

    def refuse(self, write: str) -> None:
        words = "Resource not accessible by integration"
        self._order(write, {"kind": "status", "status": 403, "message": words})

    def _order(self, write: str, fault: dict) -> None:
        method, path = self.WRITES[write]
        self._call(self._sandbox.faults.order, {**fault, "method": method, "path": path})

    def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def scenario(repo: str) -> dict:
    """The sandbox's own way to say what World promises."""
    start = datetime.now(UTC) - timedelta(hours=2)
    at = [f"{start + timedelta(minutes=10 * n):%Y-%m-%dT%H:%M:%SZ}" for n in range(4)]
    number = zlib.crc32(repo.encode()) + 10
    marks = [
        {
            "path": mark.path or ".github",
            "line": mark.line,
            "level": mark.level,
            "message": mark.message,
            "title": mark.title,
        }
        for mark in reversed(MARKS)
    ]
    broken = {
        "name": "broken",
        "when": {"attempt": {"to": 1}},
        "fails_at": "Run tests",
        "log": "broken.log",
        "annotations": marks,
    }
    return {
        "people": [
            {"login": login, "name": login.title(), "email": f"{login}@acme.example"} for login in ("ana", "ben")
        ],
        "repositories": [
            {
                "name": repo,
                "commits": [
                    {"id": "a", "author": "ana", "message": "Begin", "at": at[0]},
                    {
                        "id": "b",
                        "author": "ben",
                        "message": "Use the second version\n\nFor a reason.",
                        "at": at[1],
                        "changes": {APP: {"text": AFTER}},
                    },
                ],
                "jobs": [{"workflow": CI, "job": "test", "outcomes": [broken]}],
                "runs": [
                    {"id": number, "number": 1, "workflow": CI, "commit": "a", "started": at[2]},
                    {
                        "id": number + 1,
                        "number": 2,
                        "workflow": CI,
                        "commit": "b",
                        "started": at[3],
                        "attempts": [{"jobs": {"test": "broken"}}],
                    },
                ],
            }
        ],
    }


@contextmanager
def sandbox_world() -> Iterator[SandboxWorld]:
    from bot.sandbox.github_api import serve_github
    from bot.sandbox.github_simulation import Simulation

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    with tempfile.TemporaryDirectory() as folder:
        try:
            serving = serve_github(0, Path(folder), runner=Simulation(pace=0.05))
            sandbox = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
            world = SandboxWorld(sandbox, loop, Path(folder))
            yield world
            world.adapter.close()
            asyncio.run_coroutine_threadsafe(sandbox.close(), loop).result(10)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
