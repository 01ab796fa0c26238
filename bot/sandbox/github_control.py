"""What the page and tests see of the GitHub, and do there as people: the GitHub part of the control API (docs/sandbox.md)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox.github_actions import find_job, workflows_at
from bot.sandbox.github_api import GithubSandbox
from bot.sandbox.github_diff import diff_lines
from bot.sandbox.github_errors import GithubError
from bot.sandbox.github_git import Identity
from bot.sandbox.github_json import stamp
from bot.sandbox.github_json_pulls import is_mergeable, pull_changes
from bot.sandbox.github_log import job_log
from bot.sandbox.github_pulls import find_pull
from bot.sandbox.github_state import Attempt, Pull, Repository, Run

Body = dict[str, Any]

_MAX_LINES = 400


class GithubControl:
    """`login_of` gives the GitHub account of a person of the workspace. Wrong requests are ValueError or KeyError."""

    def __init__(self, github: GithubSandbox, login_of: Callable[[str], str]) -> None:
        self._github = github
        self._hub = github.hub
        self._login_of = login_of

    def endpoints(self) -> dict[str, Callable[[Body], Awaitable[Body]]]:
        return {
            "merge": self.merge,
            "close_pull": self.close_pull,
            "github_push": self.push,
            "github_run": self.run,
            "github_fault": self.fault,
        }

    # --- looking

    def look(self, name: str, query: Mapping[str, str]) -> Body | None:
        """Answer GET control/github and control/github_log; None for another name."""
        if name == "github":
            return self.view(int(query.get("calls", "0")))
        return self.log(query.get("job", "")) if name == "github_log" else None

    def view(self, calls: int = 0) -> Body:
        """Describe everything; only the newest `calls` calls when that is above 0."""
        rows = [self._repository(repo) for repo in self._hub.repositories.values()]
        return {"url": self._hub.base, "repos": rows, "calls": list(self._github.calls)[-calls:]}

    def _repository(self, repo: Repository) -> Body:
        runs = sorted(repo.runs.values(), key=lambda run: (run.created, run.id), reverse=True)
        return {
            "name": repo.full_name,
            "default_branch": repo.git.default_branch,
            "branches": dict(repo.git.branches),
            "runs": [_run(run, attempt) for run in runs for attempt in reversed(run.attempts)],
            "pulls": [self._pull(repo, pull) for pull in sorted(repo.pulls.values(), key=lambda p: -p.number)],
            "secrets": [{"name": each.name, "updated_at": stamp(each.updated)} for each in repo.secrets.values()],
        }

    def _pull(self, repo: Repository, pull: Pull) -> Body:
        diff = [
            {
                "path": change.path,
                "lines": [{"sign": line.sign, "text": line.text} for line in diff_lines(change)[:_MAX_LINES]],
            }
            for change in pull_changes(repo, pull)
        ]
        return {
            "number": pull.number,
            "title": pull.title,
            "state": pull.state,
            "merged": pull.merged_at is not None,
            "mergeable": pull.state == "open" and is_mergeable(repo, pull),
            "branch": pull.branch,
            "base": pull.base,
            "author": pull.author,
            "body": pull.body,
            "diff": diff,
        }

    def log(self, job_id: str) -> Body:
        for repo in self._hub.repositories.values():
            try:
                _, _, job = find_job(repo, job_id)
            except GithubError:
                continue
            return {"log": job_log(job).removeprefix("\ufeff")}
        raise ValueError("no such job")

    # --- doing

    async def merge(self, body: Body) -> Body:
        """Merge as a person: {repo, number, user}."""
        repo, pull = self._find(body)
        try:
            sha = self._github.pulls.merge_pull(repo, pull, self._login_of(str(body["user"])))
        except GithubError as refused:
            raise ValueError(refused.message) from refused
        return {"sha": sha}

    async def close_pull(self, body: Body) -> Body:
        """Close without merging: {repo, number, user}."""
        _, pull = self._find(body)
        self._github.pulls.close_pull(pull)
        return {}

    async def push(self, body: Body) -> Body:
        """Push one file: {repo, branch, path, text, message, author}; a new branch begins at the default branch."""
        repo = self._repo(body)
        git, branch = repo.git, str(body.get("branch") or repo.git.default_branch)
        before = git.branches.get(branch, git.branches[git.default_branch])
        author = self._author(str(body.get("author") or "somebody"))
        files = {**git.commits[before].files, str(body["path"]): str(body["text"])}
        made = git.commit(files, (before,), author, str(body.get("message") or "Change"), self._hub.now())
        self._hub.push(repo, branch, made.sha)
        return {"sha": made.sha}

    async def run(self, body: Body) -> Body:
        """Let a trigger fire: {repo, workflow: its file's name, event, branch}; the run is of the branch's newest commit."""
        repo = self._repo(body)
        branch, event = str(body.get("branch") or repo.git.default_branch), str(body.get("event") or "schedule")
        sha = repo.git.branches[branch]
        named = [each for each in workflows_at(repo, sha) if each.path.rpartition("/")[2] == body["workflow"]]
        if not named or event not in named[0].triggers:
            raise ValueError(f"no workflow {body['workflow']} that {event} triggers")
        actor = repo.git.commits[sha].author.login or self._hub.viewer
        run = self._github.actions.start(repo, named[0], event=event, branch=branch, sha=sha, actor=actor)
        return {"run": run.id}

    async def fault(self, body: Body) -> Body:
        """Arm a fault of the API: the fields of PlatformFault, or {clear: true}."""
        self._github.faults.order(body)
        return {}

    def _author(self, name: str) -> Identity:
        return self._hub.identity(self._login_of(name))

    def _repo(self, body: Body) -> Repository:
        repo = self._hub.repositories.get(str(body["repo"]).lower())
        if repo is None:
            raise ValueError("no such repository")
        return repo

    def _find(self, body: Body) -> tuple[Repository, Pull]:
        repo = self._repo(body)
        try:
            return repo, find_pull(repo, str(body["number"]))
        except GithubError:
            raise ValueError("no such pull request") from None


def _run(run: Run, attempt: Attempt) -> Body:
    """Describe one attempt of a run as a row of its own."""
    jobs = [
        {
            "id": job.id,
            "name": job.name,
            "status": job.status,
            "conclusion": job.conclusion,
            "steps": [{"name": step.name, "conclusion": step.conclusion} for step in job.steps],
        }
        for job in attempt.jobs
    ]
    return {
        "id": run.id,
        "number": run.number,
        "attempt": attempt.number,
        "workflow": run.name,
        "event": run.event,
        "branch": run.branch,
        "sha": run.head_sha,
        "title": run.title,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "actor": attempt.actor,
        "jobs": jobs,
    }
