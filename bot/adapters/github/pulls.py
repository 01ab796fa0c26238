"""A fix as a pull request: a branch of its own, one commit a file, the request. Each step asks whether it stands already.

The guard is the branch's name, which holds the execution's id: two tries under one name make one branch. A commit is
guarded by the blob that it replaces, the request by GitHub's own rule of one open request a branch. So after a lost
answer the same call goes on where the earlier one ended.
"""

import base64
from collections.abc import Callable
from typing import Any

from bot.adapters.github.door import Door
from bot.adapters.github.edits import blob_sha, spliced
from bot.adapters.github.paths import name_path, repo_path
from bot.adapters.github.values import file_text, object_of, pull_from, text
from bot.domain.errors import AnswerLost, Conflict, NotFound, Rejected, Unavailable
from bot.domain.pipeline import FileEdit, PullRequest, PullRequestWanted
from bot.domain.values import value

OPERATION = "open pull request"

PullOf = Callable[[str, str], PullRequest | None]


@value
class Pending:
    """One file that is still to be committed: what replaces the blob `sha`."""

    path: str
    sha: str
    after: str


def open_pull(door: Door, wanted: PullRequestWanted, pull_of: PullOf) -> PullRequest:
    """Return the pull request, made now or by an earlier try. Every file is checked before anything is made."""
    edits = _by_path(wanted.edits)
    there = _tip(door, wanted.repo, wanted.branch)
    if there is None:
        base = _tip(door, wanted.repo, wanted.base)
        if base is None:
            raise NotFound(f"there is no branch {wanted.base}", connection=door.connection, operation=OPERATION)
        pending = [_on_base(door, wanted.repo, base, path, mine) for path, mine in edits.items()]
        if not pending:
            raise Rejected("the edits change nothing", connection=door.connection, operation=OPERATION)
        there = None if _made(door, wanted, base) else wanted.branch
    if there is not None:
        found = (_on_branch(door, wanted, path, mine) for path, mine in edits.items())
        pending = [each for each in found if each is not None]
        known = pull_of(wanted.repo, wanted.branch)
        if known is not None and (known.state != "open" or not pending):
            return known
    for each in pending:
        _commit(door, wanted, each)
    return _request(door, wanted, pull_of)


def _by_path(edits: tuple[FileEdit, ...]) -> dict[str, list[FileEdit]]:
    found: dict[str, list[FileEdit]] = {}
    for edit in edits:
        found.setdefault(edit.path, []).append(edit)
    for path, mine in found.items():
        if len({edit.blob_sha for edit in mine}) > 1:
            raise Conflict(f"the edits of {path} are for different versions of it")
    return found


def _tip(door: Door, repo: str, branch: str) -> str | None:
    """Return the commit that a branch is at, None when the repository has no such branch. Raises NotFound for none."""
    path = f"{repo_path(repo)}/git/ref/heads/{name_path(branch)}"
    try:
        answer = door.get("read branch", path, repo=repo)
    except NotFound:
        door.get("read repository", repo_path(repo), repo=repo)  # a repository that we cannot see is no missing branch
        return None
    sha = text(object_of(object_of(answer, "branch").get("object"), "branch"), "sha")
    if not sha:
        raise Unavailable("the answer holds no commit", connection=door.connection, operation="read branch")
    return sha


def _on_base(door: Door, repo: str, base: str, path: str, edits: list[FileEdit]) -> Pending:
    """Return the edited file as it is at the base commit. Raises Conflict when it is another by now."""
    sha, found = _file(door, repo, path, base)
    if sha != edits[0].blob_sha:
        raise _moved(door, path)
    return Pending(path=path, sha=sha, after=_edited(door, found, edits))


def _on_branch(door: Door, wanted: PullRequestWanted, path: str, edits: list[FileEdit]) -> Pending | None:
    """Return what is still to be committed on the branch of an earlier try, None for a file that is done."""
    sha, found = _file(door, wanted.repo, path, wanted.branch)
    if sha == edits[0].blob_sha:
        return Pending(path=path, sha=sha, after=_edited(door, found, edits))
    original = f"{repo_path(wanted.repo)}/git/blobs/{name_path(edits[0].blob_sha)}"
    try:
        _, before = file_text(door.get("read file", original, repo=wanted.repo), path)
    except NotFound:
        raise _moved(door, path) from None
    if sha != blob_sha(_edited(door, before, edits)):
        raise _moved(door, path)
    return None


def _edited(door: Door, found: str, edits: list[FileEdit]) -> str:
    after = spliced(found, edits)
    if after == found:
        raise Rejected(f"the edits of {edits[0].path} change nothing", connection=door.connection, operation=OPERATION)
    return after


def _file(door: Door, repo: str, path: str, ref: str) -> tuple[str, str]:
    where = f"{repo_path(repo)}/contents/{name_path(path)}"
    return file_text(door.get("read file", where, [("ref", ref)], repo=repo), path)


def _made(door: Door, wanted: PullRequestWanted, base: str) -> bool:
    """Make the branch; False when it is there already, by an earlier try whose answer was lost."""
    body = {"ref": f"refs/heads/{wanted.branch}", "sha": base}
    try:
        door.write("make branch", "POST", f"{repo_path(wanted.repo)}/git/refs", body, repo=wanted.repo)
    except Rejected as error:
        if "already exists" not in error.detail.lower():
            raise
        return False
    return True


def _commit(door: Door, wanted: PullRequestWanted, pending: Pending) -> None:
    body = {
        "message": wanted.commit_message,
        "content": base64.b64encode(pending.after.encode()).decode(),
        "sha": pending.sha,
        "branch": wanted.branch,
    }
    where = f"{repo_path(wanted.repo)}/contents/{name_path(pending.path)}"
    door.write(f"commit {pending.path}", "PUT", where, body, repo=wanted.repo)


def _request(door: Door, wanted: PullRequestWanted, pull_of: PullOf) -> PullRequest:
    body = {"title": wanted.title, "head": wanted.branch, "base": wanted.base, "body": wanted.body}
    try:
        answer: Any = door.write(OPERATION, "POST", f"{repo_path(wanted.repo)}/pulls", body, repo=wanted.repo)
    except Rejected as error:
        known = pull_of(wanted.repo, wanted.branch) if "already exists" in error.detail.lower() else None
        if known is None:
            raise
        return known
    if not isinstance(answer, dict) or not answer.get("number"):
        raise AnswerLost("the answer is no pull request", connection=door.connection, operation=OPERATION)
    return pull_from(wanted.repo, answer)


def _moved(door: Door, path: str) -> Conflict:
    return Conflict(f"{path} has changed since it was read", connection=door.connection, operation=OPERATION)
