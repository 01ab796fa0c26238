"""What the sandbox's GitHub remembers: repositories, runs with their attempts and jobs, pull requests, secrets, tokens.

Plain mutable records; the rules live in github_actions.py, github_pulls.py and github_contents.py. Times are seconds since the epoch.
"""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.github_git import Git, Identity
from bot.sandbox.troubles import Troubles

TOKEN_SECONDS = 3600.0


@dataclass(slots=True, kw_only=True)
class Step:
    number: int
    name: str
    status: str = "queued"
    conclusion: str | None = None
    started: float | None = None
    completed: float | None = None


@dataclass(slots=True, kw_only=True)
class Job:
    """One job of one attempt. `key` is its id in the workflow file, `lines` its log: (moment, text)."""

    id: int
    key: str
    name: str
    created: float
    labels: list[str]
    status: str = "queued"
    conclusion: str | None = None
    started: float | None = None
    completed: float | None = None
    runner_name: str = ""
    steps: list[Step] = field(default_factory=list)
    lines: list[tuple[float, str, int]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    log_expired: bool = False


@dataclass(slots=True, kw_only=True)
class Attempt:
    number: int
    actor: str
    started: float
    updated: float
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[Job] = field(default_factory=list)
    cancelled: bool = False


@dataclass(slots=True, kw_only=True)
class Run:
    id: int
    number: int
    workflow_path: str
    name: str
    title: str
    event: str
    branch: str
    head_sha: str
    actor: str
    created: float
    attempts: list[Attempt]
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def latest(self) -> Attempt:
        return self.attempts[-1]


@dataclass(slots=True, kw_only=True)
class Pull:
    """`base_sha` and `head_sha` stay as they were once it is closed."""

    id: int
    number: int
    title: str
    body: str
    branch: str
    base: str
    author: str
    created: float
    updated: float
    head_sha: str
    base_sha: str
    state: str = "open"
    closed: float | None = None
    merged_at: float | None = None
    merged_by: str = ""
    merge_sha: str | None = None


@dataclass(slots=True, kw_only=True)
class Secret:
    """`accepted`: whether what it opens takes its value. The value itself is only ever given to a runner."""

    name: str
    created: float
    updated: float
    accepted: bool = True
    value: str = ""


@dataclass(slots=True, kw_only=True)
class Repository:
    id: int
    owner: str
    name: str
    description: str
    created: float
    git: Git
    permissions: dict[str, bool]
    private: bool = True
    archived: bool = False
    scenario: str = ""
    runs: dict[int, Run] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    workflow_ids: dict[str, int] = field(default_factory=dict)
    disabled_workflows: set[str] = field(default_factory=set)
    rules: Any = None

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whom a token speaks for. `is_app`: a GitHub App's installation. `expires`: None for never."""

    login: str
    is_app: bool = False
    expires: float | None = None


@dataclass(slots=True)
class Hub:
    """Everything of one GitHub. `tell` says that something changed; `base` is its address, known once it listens."""

    now: Callable[[], float]
    base: str = ""
    token: str = field(default_factory=lambda: "ghp_" + secrets.token_hex(18))
    viewer: str = "codehealer-bot"
    app_slug: str = "codehealer"
    app_id: int = 84_021
    installation_id: int = 5_210_733
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Access] = field(default_factory=dict)
    people: dict[str, Identity] = field(default_factory=dict)
    changed: Callable[[], None] = lambda: None
    pushed: list[Callable[[str, str, str], None]] = field(default_factory=list)
    troubles: Troubles = field(default_factory=lambda: Troubles("The sandbox's GitHub"))
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(18_204_551_007, 37))

    def __post_init__(self) -> None:
        self.tokens[self.token] = Access(login=self.viewer)

    @property
    def api(self) -> str:
        return f"{self.base}/api/v3"

    def new_id(self) -> int:
        return next(self._ids)

    def access(self, token: str) -> Access | None:
        """Look up a token that still holds."""
        found = self.tokens.get(token)
        return found if found is not None and (found.expires is None or found.expires > self.now()) else None

    def issue_token(self) -> tuple[str, float]:
        """Make an installation token for one hour."""
        token, expires = "ghs_" + secrets.token_hex(18), self.now() + TOKEN_SECONDS
        self.tokens[token] = Access(login=f"{self.app_slug}[bot]", is_app=True, expires=expires)
        return token, expires

    def find(self, owner: str, name: str) -> Repository | None:
        """Look up a repository; GitHub does not mind case."""
        return self.repositories.get(f"{owner}/{name}".lower())

    def identity(self, login: str) -> Identity:
        known = self.people.get(login)
        return known or Identity(name=login, email=f"{login}@users.noreply.example.com", login=login)

    def push(self, repo: Repository, branch: str, sha: str) -> None:
        """Move a branch, and tell who wants to know."""
        repo.git.branches[branch] = sha
        for pull in repo.pulls.values():
            if pull.state == "open":
                pull.head_sha = repo.git.branches.get(pull.branch, pull.head_sha)
                pull.base_sha = repo.git.branches.get(pull.base, pull.base_sha)
        for callback in self.pushed:
            try:
                callback(repo.full_name, branch, sha)
            except Exception as error:  # noqa: BLE001 - the branch has moved: whoever stumbles over it, the others hear of it
                self.troubles.note(f"a push to {repo.full_name}", error)
        self.changed()
