"""Scenario folders' GitHub part: github.yaml, repos/<owner>/<name>/ (the first commit's files) and logs/. docs/sandbox.md has the format."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.cluster_logs import resolve_marks
from bot.sandbox.github_actions import new_jobs, number_workflow, run_title
from bot.sandbox.github_git import Commit, Git, Identity
from bot.sandbox.github_runner import ENDED, Report, conclude
from bot.sandbox.github_simulation import Outcome, Rules, When, play
from bot.sandbox.github_state import Attempt, Hub, Job, Repository, Run, Secret
from bot.sandbox.github_workflow import Workflow, read_workflow

_PERMISSIONS = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
_RERUN_PAUSE = 120.0
_STEP_MARK = "@@ "


class GithubScenarioError(ValueError):
    """A github.yaml that cannot be read; the text says where."""


def load_github(hub: Hub, folder: Path) -> dict[str, str]:
    """Put the repositories of a scenario in place of those of the same name; gives the marks that its post may hold."""
    path = folder / "github.yaml"
    if not path.is_file():
        return {}
    try:
        document = yaml.safe_load(resolve_marks(path.read_text(encoding="utf-8"), hub.now())) or {}
        for person in document.get("people", []):
            hub.people[person["login"]] = Identity(name=person["name"], email=person["email"], login=person["login"])
        marks: dict[str, str] = {}
        for spec in document.get("repositories", []):
            marks |= _Loader(hub, folder, spec).load()
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise GithubScenarioError(f"{folder.name}/github.yaml: {type(error).__name__}: {error}") from error
    hub.changed()
    return marks


def fill_marks(post: dict[str, Any], marks: Mapping[str, str]) -> dict[str, Any]:
    """Put commit ids into a post: `{{sha:ID}}` and `{{sha7:ID}}`, where ID names a commit of github.yaml."""
    text = json.dumps(post)
    for name, value in marks.items():
        text = text.replace("{{" + name + "}}", value)
    return dict(json.loads(text))


def seconds(value: Any) -> float:
    """Read a moment: a YAML timestamp or its text."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


class _Loader:
    """Reads one repository."""

    def __init__(self, hub: Hub, folder: Path, spec: Mapping[str, Any]) -> None:
        self._hub = hub
        self._folder = folder
        self._spec = spec
        self._by_name: dict[str, Commit] = {}

    def load(self) -> dict[str, str]:
        spec, hub = self._spec, self._hub
        owner, name = str(spec["name"]).split("/")
        repo = Repository(
            id=hub.new_id() % 1_000_000_000,
            owner=owner,
            name=name,
            description=str(spec.get("description", "")),
            created=seconds(spec.get("created", "2024-03-05T09:12:44Z")),
            git=Git(default_branch=str(spec.get("default_branch", "main"))),
            permissions={**_PERMISSIONS, **spec.get("permissions", {})},
            private=bool(spec.get("private", True)),
            archived=bool(spec.get("archived", False)),
            scenario=self._folder.name,
        )
        self._commits(repo)
        for each in spec.get("secrets", []):
            repo.secrets[each["name"]] = _secret(each)
        repo.rules = self._rules()
        hub.repositories[repo.full_name.lower()] = repo
        for each in spec.get("runs", []):
            self._run(repo, each)
        marks = {f"sha:{key}": commit.sha for key, commit in self._by_name.items()}
        return marks | {f"sha7:{key}": commit.sha[:7] for key, commit in self._by_name.items()}

    # --- commits

    def _commits(self, repo: Repository) -> None:
        before: Commit | None = None
        empty: tuple[str, ...] = ()
        for each in self._spec["commits"]:
            if before is None:
                files, parents = self._read_tree(repo.full_name), empty
            else:
                parent = self._by_name[each["parent"]] if "parent" in each else before
                files, parents = self._changed(parent.files, each.get("changes", {})), (parent.sha,)
            author = self._hub.identity(str(each["author"]))
            before = repo.git.commit(files, parents, author, str(each["message"]).rstrip(), seconds(each["at"]))
            self._by_name[str(each["id"])] = before
        if before is None:
            raise GithubScenarioError(f"{self._folder.name}: {repo.full_name} has no commits")
        named = self._spec.get("branches") or {repo.git.default_branch: self._spec["commits"][-1]["id"]}
        repo.git.branches = {str(name): self._by_name[commit].sha for name, commit in named.items()}

    def _read_tree(self, full_name: str) -> dict[str, str]:
        root = self._folder / "repos" / full_name
        files = [path for path in sorted(root.rglob("*")) if path.is_file()]
        return {path.relative_to(root).as_posix(): self._text(path) for path in files}

    def _changed(self, files: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, str]:
        after = dict(files)
        for path, change in changes.items():
            if "replace" in change:
                if change["replace"] not in after[path]:
                    raise GithubScenarioError(f"{self._folder.name}: {path} does not hold {change['replace']!r}")
                after[path] = after[path].replace(change["replace"], change["with"], 1)
            elif change.get("delete"):
                del after[path]
            else:
                after[path] = change["text"] if "text" in change else self._read(change["file"])
        return after

    def _read(self, name: str) -> str:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise GithubScenarioError(f"{name} lies outside of {self._folder.name}")
        return self._text(path)

    def _text(self, path: Path) -> str:
        """Read a file with its line ends as they are; it may hold moments, `{{now-1d}}`, too."""
        return resolve_marks(path.read_bytes().decode(), self._hub.now())

    # --- jobs

    def _rules(self) -> Rules:
        found: dict[tuple[str, str], list[Outcome]] = {}
        for each in self._spec.get("jobs", []):
            outcomes = [self._outcome(outcome) for outcome in each["outcomes"]]
            found[str(each["workflow"]), str(each["job"])] = outcomes
        return Rules(found)

    def _outcome(self, spec: Mapping[str, Any]) -> Outcome:
        return Outcome(
            name=str(spec["name"]),
            when=_when(spec.get("when", {})),
            fails_at=str(spec.get("fails_at", "")),
            exit_code=int(spec.get("exit_code", 1)),
            seconds=float(spec.get("seconds", 1.2)),
            log=_sections(self._read(spec["log"])) if "log" in spec else {},
            annotations=tuple(spec.get("annotations", ())),
            renews=tuple(spec.get("renews", ())),
            touches=tuple(spec.get("touches", ())),
        )

    # --- past runs

    def _run(self, repo: Repository, spec: Mapping[str, Any]) -> None:
        commit, path = self._by_name[spec["commit"]], str(spec["workflow"])
        workflow = read_workflow(path, commit.files[path])
        number_workflow(self._hub, repo, path)
        inputs = {str(name): str(value) for name, value in spec.get("inputs", {}).items()}
        event, actor = str(spec.get("event", "push")), str(spec.get("actor", commit.author.login))
        branch = str(spec.get("branch", repo.git.default_branch))
        named = run_title(workflow, event, branch, commit.sha, actor, inputs)
        otherwise = workflow.name if event in {"workflow_dispatch", "schedule"} else commit.title
        run = Run(
            id=int(spec["id"]),
            number=int(spec["number"]),
            workflow_path=path,
            name=workflow.name,
            title=str(spec.get("title") or named or otherwise),
            event=event,
            branch=branch,
            head_sha=commit.sha,
            actor=actor,
            created=seconds(spec["started"]),
            attempts=[],
            inputs=inputs,
        )
        at = run.created
        for each in spec.get("attempts") or [{}]:
            at = seconds(each["started"]) if "started" in each else at
            run.attempts.append(self._attempt(repo, run, workflow, each, at))
            at = run.latest.updated + _RERUN_PAUSE
        repo.runs[run.id] = run

    def _attempt(
        self, repo: Repository, run: Run, workflow: Workflow, spec: Mapping[str, Any], started: float
    ) -> Attempt:
        """Play an attempt that ended: each job by the outcome that `jobs` names (else `ok`), one after the other."""
        clock = [started + 4.0]
        report = Report(lambda: clock[0], lambda: None)
        named, stretch = spec.get("jobs", {}), float(spec.get("stretch", 40.0))
        jobs = new_jobs(self._hub, workflow, started)
        done: dict[str, Job] = {}
        for job, each in jobs:
            if any(need in done and done[need].conclusion != "success" for need in each.needs):
                job.steps.clear()
                report.job_ended(job, "skipped")
            else:
                outcome = repo.rules.named(run.workflow_path, job.key, str(named.get(job.key, "ok")))
                report.job_started(job, f"GitHub Actions {job.id % 1000}")
                for pause in play(job, each, outcome, report):
                    clock[0] += pause * stretch
            job.log_expired = bool(spec.get("logs_expired", False))
            done[job.key] = job
        return Attempt(
            number=len(run.attempts) + 1,
            actor=str(spec.get("actor", run.actor)),
            started=started,
            updated=clock[0] + 2.0,
            status=ENDED,
            conclusion=conclude([job.conclusion for job, _ in jobs]),
            jobs=[job for job, _ in jobs],
        )


def _secret(spec: Mapping[str, Any]) -> Secret:
    updated = seconds(spec["updated"])
    return Secret(
        name=str(spec["name"]),
        created=seconds(spec.get("created", spec["updated"])),
        updated=updated,
        accepted=bool(spec.get("accepted", True)),
        value=str(spec.get("value", "")),
    )


def _when(spec: Mapping[str, Any]) -> When:
    secret = spec.get("secret")
    attempt = spec.get("attempt", {})
    return When(
        secret=(str(secret["name"]), bool(secret["accepted"])) if secret else None,
        attempt_from=int(attempt.get("from", 1)),
        attempt_to=int(attempt.get("to", 1_000_000)),
        branch=str(spec.get("branch", "")),
        lacks=_path_and_text(spec.get("lacks")),
        holds=_path_and_text(spec.get("holds")),
    )


def _path_and_text(spec: Mapping[str, Any] | None) -> tuple[str, str] | None:
    return (str(spec["path"]), str(spec["text"])) if spec else None


def _sections(text: str) -> dict[str, tuple[str, ...]]:
    """Split a log file into what each step prints: a line `@@ Step name` begins a step's part."""
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith(_STEP_MARK):
            here = found.setdefault(line.removeprefix(_STEP_MARK).strip(), [])
        else:
            here.append(line)
    return {name: tuple(lines) for name, lines in found.items()}
