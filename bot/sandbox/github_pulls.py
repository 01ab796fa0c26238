"""Pull requests of the sandbox's GitHub: open, list, change, merge; the rules and the routes."""

from typing import Any

from bot.sandbox.github_actions import Actions
from bot.sandbox.github_answers import Answer, Request, find_repo, page_of, text_of
from bot.sandbox.github_diff import merge_files
from bot.sandbox.github_errors import GithubError, invalid, not_found
from bot.sandbox.github_git import is_branch_name
from bot.sandbox.github_json import change_json
from bot.sandbox.github_json_pulls import pull_changes, pull_json, short_pull_json
from bot.sandbox.github_state import Hub, Pull, Repository


class Pulls:
    """Handlers; each is named in github_routes.py with its operation. `merge_pull` and `close_pull` serve the page too."""

    def __init__(self, hub: Hub, actions: Actions) -> None:
        self._hub = hub
        self._actions = actions

    def pulls(self, request: Request) -> Answer:
        repo, query = find_repo(self._hub, request), request.query
        state, head, base = query.get("state", "open"), query.get("head", ""), query.get("base", "")
        found = [pull for pull in repo.pulls.values() if state in {"all", pull.state}]
        if head:  # GitHub wants `owner:branch`; a bare name is ignored there
            owner, colon, branch = head.partition(":")
            found = [p for p in found if not colon or (p.branch == branch and owner.lower() == repo.owner.lower())]
        found = [pull for pull in found if base in {"", pull.base}]
        found.sort(key=lambda pull: pull.number, reverse=query.get("direction", "desc") == "desc")
        rows, links = page_of(self._hub, request, found)
        return Answer(body=[short_pull_json(self._hub, repo, pull) for pull in rows], headers=links)

    def create(self, request: Request) -> Answer:
        repo, body = find_repo(self._hub, request, write="push"), request.json()
        title, base = text_of(body, "title", required=True), text_of(body, "base", required=True)
        branch = text_of(body, "head", required=True).removeprefix(f"{repo.owner}:")
        git = repo.git
        for field, name in (("head", branch), ("base", base)):
            if not is_branch_name(name) or name not in git.branches:
                raise invalid("PullRequest", field, "invalid")
        if not git.only_in(git.branches[branch], git.branches[base]):
            raise invalid("PullRequest", "head", "custom", f"No commits between {base} and {branch}")
        if any(p.state == "open" and (p.branch, p.base) == (branch, base) for p in repo.pulls.values()):
            taken = f"A pull request already exists for {repo.owner}:{branch}."
            raise invalid("PullRequest", "head", "custom", taken)
        pull = self.open_pull(repo, branch, base, title, text_of(body, "body"), request.access.login)
        return Answer(status=201, body=pull_json(self._hub, repo, pull))

    def open_pull(self, repo: Repository, branch: str, base: str, title: str, body: str, author: str) -> Pull:
        now, git = self._hub.now(), repo.git
        pull = Pull(
            id=self._hub.new_id(),
            number=1 + max(repo.pulls, default=100),
            title=title,
            body=body,
            branch=branch,
            base=base,
            author=author,
            created=now,
            updated=now,
            head_sha=git.branches[branch],
            base_sha=git.branches[base],
        )
        repo.pulls[pull.number] = pull
        self._actions.pull_opened(repo, pull.number)
        self._hub.changed()
        return pull

    def pull(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        return Answer(body=pull_json(self._hub, repo, find_pull(repo, request.names["pull_number"])))

    def files(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        pull = find_pull(repo, request.names["pull_number"])
        rows, links = page_of(self._hub, request, pull_changes(repo, pull))
        shown = [change_json(self._hub, repo, pull.head_sha, change) for change in rows]
        return Answer(body=shown, headers=links)

    def update(self, request: Request) -> Answer:
        repo, body = find_repo(self._hub, request, write="push"), request.json()
        pull = find_pull(repo, request.names["pull_number"])
        state = text_of(body, "state")
        if state not in {"", "open", "closed"}:
            raise invalid("PullRequest", "state", "invalid")
        if state == "open" and pull.merged_at is not None:
            raise invalid("PullRequest", "state", "custom", "state cannot be changed. The pull request was merged.")
        pull.title = text_of(body, "title") or pull.title
        if "body" in body:
            pull.body = text_of(body, "body")
        if state == "closed":
            self.close_pull(pull)
        elif state == "open":
            pull.state, pull.closed = "open", None
        pull.updated = self._hub.now()
        self._hub.changed()
        return Answer(body=pull_json(self._hub, repo, pull))

    def is_merged(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        if find_pull(repo, request.names["pull_number"]).merged_at is None:
            raise not_found()
        return Answer(status=204)

    def merge(self, request: Request) -> Answer:
        repo, body = find_repo(self._hub, request, write="push"), request.json()
        pull = find_pull(repo, request.names["pull_number"])
        wanted = text_of(body, "sha")
        if wanted and wanted != pull.head_sha:
            raise GithubError(409, "Head branch was modified. Review and try the merge again.")
        sha = self.merge_pull(repo, pull, request.access.login, body)
        return Answer(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})

    def merge_pull(self, repo: Repository, pull: Pull, login: str, body: dict[str, Any] | None = None) -> str:
        """Merge, and move the base branch. GithubError 405 when it is closed or conflicts."""
        if pull.state != "open":
            raise GithubError(405, "Pull Request is not mergeable")
        files = merge_files(repo.git, pull.base_sha, pull.head_sha)
        if files is None:
            raise GithubError(405, "Pull Request is not mergeable")
        given = body or {}
        method = text_of(given, "merge_method") or "merge"
        if method not in {"merge", "squash"}:
            raise GithubError(405, f"{method.capitalize()} merges are not allowed on this repository.")
        title = text_of(given, "commit_title") or _merge_title(repo, pull, method)
        message = text_of(given, "commit_message") or (pull.title if method == "merge" else "")
        parents = (pull.base_sha, pull.head_sha) if method == "merge" else (pull.base_sha,)
        whole = f"{title}\n\n{message}" if message else title
        now = self._hub.now()
        made = repo.git.commit(files, parents, self._hub.identity(login), whole, now)
        pull.state, pull.closed, pull.merged_at, pull.updated = "closed", now, now, now
        pull.merged_by, pull.merge_sha = login, made.sha
        self._hub.push(repo, pull.base, made.sha)
        self._hub.changed()
        return made.sha

    def close_pull(self, pull: Pull) -> None:
        """Close without merging; nothing happens to one that is closed already."""
        if pull.state == "open":
            pull.state, pull.closed, pull.updated = "closed", self._hub.now(), self._hub.now()
            self._hub.changed()


def find_pull(repo: Repository, number: str) -> Pull:
    pull = repo.pulls.get(int(number)) if number.isdecimal() else None
    if pull is None:
        raise not_found()
    return pull


def _merge_title(repo: Repository, pull: Pull, method: str) -> str:
    if method == "squash":
        return f"{pull.title} (#{pull.number})"
    return f"Merge pull request #{pull.number} from {repo.owner}/{pull.branch}"
