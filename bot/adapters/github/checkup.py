"""What the credential can and cannot do, asked without changing anything."""

from collections.abc import Iterator

from bot.adapters.github.credentials import AppCredentials
from bot.adapters.github.door import Door
from bot.adapters.github.paths import repo_path
from bot.adapters.github.values import object_of
from bot.domain.errors import Forbidden, NotFound, PlatformError
from bot.domain.finding import Finding

LOW = 0.1

READS = (
    ("Actions: read", "/actions/runs"),
    ("Contents: read", "/commits"),
    ("Pull requests: read", "/pulls"),
)
"""What is tried in each repository, one entry of a list each: (permission, path)."""

NEEDED = (("actions", "write"), ("contents", "write"), ("pull_requests", "write"), ("checks", "read"))
"""A GitHub App's permissions for evidence and for all three actions."""


def checkup(door: Door, repositories: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return the findings, the credential first, then each repository. Raises nothing of a platform's."""
    try:
        login = door.credentials.login()
    except PlatformError as error:
        return (_bad(f"GitHub {door.connection}", str(error), "set GITHUB_TOKEN, or the App's id and key, anew"),)
    found = [Finding(subject=f"GitHub {door.connection}", ok=True, says=f"signed in as {login}")]
    found += _scopes(door)
    for repo in repositories:
        found += _repository(door, repo)
    return tuple(found)


def _scopes(door: Door) -> Iterator[Finding]:
    """The rate limit that is left, and a classic token's scopes. A server without a rate limit answers 404."""
    if isinstance(door.credentials, AppCredentials):
        return
    subject = f"GitHub {door.connection}"
    try:
        headers = door.headers("read rate limit", "/rate_limit", repo="")
    except NotFound:
        return
    except PlatformError as error:
        yield _bad(subject, str(error), "see whether the address and the network are right")
        return
    left, limit = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-limit", "")
    if left.isdecimal() and limit.isdecimal():
        low = int(left) < int(limit) * LOW
        mend = "give CodeHealer a credential of its own" if low else ""
        yield Finding(subject=subject, ok=not low, says=f"{left} of {limit} calls are left this hour", mend=mend)
    scopes = [each.strip() for each in headers.get("x-oauth-scopes", "").split(",") if each.strip()]
    if scopes:
        ok = "repo" in scopes or "public_repo" in scopes
        mend = "" if ok else "give the token the scope repo (public_repo for public repositories only)"
        yield Finding(subject=subject, ok=ok, says=f"the token's scopes are {', '.join(scopes)}", mend=mend)


def _repository(door: Door, repo: str) -> Iterator[Finding]:
    try:
        whole = object_of(door.get("read repository", repo_path(repo), repo=repo), "repository")
    except PlatformError as error:
        yield _bad(repo, str(error), "correct the name, or give the credential access to the repository")
        return
    for permission, path in READS:
        try:
            door.get("try to read", f"{repo_path(repo)}{path}", [("per_page", 1)], repo=repo)
        except (Forbidden, NotFound) as error:
            yield _bad(repo, f"{permission} is missing: {error.detail}", f"give the credential {permission}")
        except PlatformError as error:
            if error.status != 409:  # an empty repository has no commits
                yield _bad(repo, str(error), "try again later")
    if whole.get("archived") is True:
        yield _bad(repo, "it is archived: nothing can be re-run or changed", "unarchive it, or leave it out")
        return
    yield _writes(door, repo, whole.get("permissions"))


def _writes(door: Door, repo: str, permissions: object) -> Finding:
    """An App's permissions are told with its token; a person's token shows the person's role, not what it is cut to."""
    if isinstance(door.credentials, AppCredentials):
        have = dict(door.credentials.permissions(repo))
        lacking = [f"{name}: {level}" for name, level in NEEDED if have.get(name) not in (level, "write", "admin")]
        if lacking:
            return _bad(repo, f"the App lacks {', '.join(lacking)}", "give the App these permissions")
        return Finding(subject=repo, ok=True, says="readable; the App may re-run, dispatch and open pull requests")
    if isinstance(permissions, dict) and permissions.get("push") is not True:
        mend = "give its account the role Write; until then nothing can be re-run, dispatched or proposed there"
        return _bad(repo, "readable, but the account may not write", mend)
    says = "readable; the account may write (whether a fine-grained token may is only known by writing)"
    return Finding(subject=repo, ok=True, says=says)


def _bad(subject: str, says: str, mend: str) -> Finding:
    return Finding(subject=subject, ok=False, says=says, mend=mend)
