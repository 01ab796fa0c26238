"""How GitHub writes people, repositories, commits, files and branches as JSON. Every url stays on the sandbox's own base."""

import base64
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.sandbox.github_diff import counted, patch_text
from bot.sandbox.github_git import Change, Commit, Identity, blob_sha
from bot.sandbox.github_state import Hub, Repository

Json = dict[str, Any]

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPO_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def stamp(at: float) -> str:
    """Write a moment as GitHub does: UTC, whole seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(at: float | None) -> str | None:
    return None if at is None else stamp(at)


def node_id(kind: str, number: object) -> str:
    return f"{kind}_" + base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def number_of(name: str) -> int:
    """Give a name the same id in every answer."""
    return 10_000 + zlib.crc32(name.encode()) % 90_000_000


def user_json(hub: Hub, login: str) -> Json:
    bot, organization = login.endswith("[bot]"), any(login == repo.owner for repo in hub.repositories.values())
    url = f"{hub.api}/users/{quote(login)}"
    return {
        "login": login,
        "id": number_of(login),
        "node_id": node_id("U", number_of(login)),
        "avatar_url": f"{hub.base}/avatars/{number_of(login)}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{hub.base}/{quote(login)}",
        **{name: url + rest for name, rest in _USER_URLS.items()},
        "type": "Bot" if bot else "Organization" if organization else "User",
        "site_admin": False,
    }


def own_user_json(hub: Hub, login: str) -> Json:
    """Describe the token's own account (GET /user)."""
    identity = hub.identity(login)
    about = {
        "name": identity.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
    }
    counts = dict.fromkeys(
        (
            *("public_repos", "public_gists", "followers", "following", "private_gists", "total_private_repos"),
            *("owned_private_repos", "disk_usage", "collaborators"),
        ),
        0,
    )
    when = stamp(hub.now() - 400 * 86_400)
    times = {"created_at": when, "updated_at": when, "two_factor_authentication": True}
    return {**user_json(hub, login), **about, **counts, **times}


def repo_url(hub: Hub, repo: Repository) -> str:
    return f"{hub.api}/repos/{repo.full_name}"


def repo_page(hub: Hub, repo: Repository) -> str:
    return f"{hub.base}/{repo.full_name}"


def short_repo_json(hub: Hub, repo: Repository) -> Json:
    """Describe a repository as it stands inside of other answers."""
    url = repo_url(hub, repo)
    return {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user_json(hub, repo.owner),
        "html_url": repo_page(hub, repo),
        "description": repo.description or None,
        "fork": False,
        "url": url,
        **{name: url + rest for name, rest in _REPO_URLS.items()},
    }


def repo_json(hub: Hub, repo: Repository, *, for_app: bool = False) -> Json:
    """Describe a repository in full; an App's token is not told `permissions`."""
    page = repo_page(hub, repo)
    pulls = sum(pull.state == "open" for pull in repo.pulls.values())
    pushed = max((repo.git.commits[sha].at for sha in repo.git.branches.values()), default=repo.created)
    whole = {
        **short_repo_json(hub, repo),
        "created_at": stamp(repo.created),
        "updated_at": stamp(pushed),
        "pushed_at": stamp(pushed),
        "git_url": f"{page}.git",
        "ssh_url": f"{page}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "language": None,
        "mirror_url": None,
        "license": None,
        "archived": repo.archived,
        "disabled": False,
        "visibility": "private" if repo.private else "public",
        "default_branch": repo.git.default_branch,
        **dict.fromkeys(("has_issues", "has_projects"), True),
        **dict.fromkeys(("has_wiki", "has_pages", "has_discussions", "has_downloads"), False),
        **dict.fromkeys(("forks_count", "stargazers_count", "watchers_count", "forks", "watchers"), 0),
        **dict.fromkeys(("network_count", "subscribers_count", "size"), 0),
        **dict.fromkeys(("open_issues_count", "open_issues"), pulls),
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": False,
    }
    return whole if for_app else {**whole, "permissions": repo.permissions}


def _signature(identity: Identity, at: float) -> Json:
    return {"name": identity.name, "email": identity.email, "date": stamp(at)}


def commit_json(hub: Hub, repo: Repository, commit: Commit) -> Json:
    url, page = repo_url(hub, repo), repo_page(hub, repo)
    account = user_json(hub, commit.author.login) if commit.author.login else None
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "commit": {
            "author": _signature(commit.author, commit.at),
            "committer": _signature(commit.author, commit.at),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
            "url": f"{url}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": unsigned(),
        },
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{page}/commit/{commit.sha}",
        "comments_url": f"{url}/commits/{commit.sha}/comments",
        "author": account,
        "committer": account,
        "parents": [
            {"sha": each, "url": f"{url}/commits/{each}", "html_url": f"{page}/commit/{each}"}
            for each in commit.parents
        ],
    }


def unsigned() -> Json:
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def git_commit_json(hub: Hub, repo: Repository, commit: Commit) -> Json:
    """Describe a commit as the Git database does, and as a write of contents answers."""
    url, page = repo_url(hub, repo), repo_page(hub, repo)
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "url": f"{url}/git/commits/{commit.sha}",
        "html_url": f"{page}/commit/{commit.sha}",
        "author": _signature(commit.author, commit.at),
        "committer": _signature(commit.author, commit.at),
        "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [
            {"sha": each, "url": f"{url}/git/commits/{each}", "html_url": f"{page}/commit/{each}"}
            for each in commit.parents
        ],
        "verification": unsigned(),
    }


def head_commit_json(commit: Commit) -> Json:
    who = {"name": commit.author.name, "email": commit.author.email}
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": stamp(commit.at),
        "author": who,
        "committer": who,
    }


def change_json(hub: Hub, repo: Repository, sha: str, change: Change) -> Json:
    added, deleted = counted(change)
    path = quote(change.path)
    text = change.after if change.after is not None else change.before
    return {
        "sha": blob_sha(text or ""),
        "filename": change.path,
        "status": change.status,
        "additions": added,
        "deletions": deleted,
        "changes": added + deleted,
        "blob_url": f"{repo_page(hub, repo)}/blob/{sha}/{path}",
        "raw_url": f"{repo_page(hub, repo)}/raw/{sha}/{path}",
        "contents_url": f"{repo_url(hub, repo)}/contents/{path}?ref={sha}",
        "patch": patch_text(change),
    }


def content_json(
    hub: Hub, repo: Repository, ref: str, path: str, text: str | None, *, sha: str = "", whole: bool = True
) -> Json:
    """Describe a file (text) or a folder (None; `sha` is its tree's); `whole`: with its content."""
    url = f"{repo_url(hub, repo)}/contents/{quote(path)}?ref={quote(ref, safe='')}"
    kind = "dir" if text is None else "file"
    sha = sha or blob_sha(text or "")
    git_url = f"{repo_url(hub, repo)}/git/{'trees' if text is None else 'blobs'}/{sha}"
    page = f"{repo_page(hub, repo)}/{'tree' if text is None else 'blob'}/{quote(ref, safe='')}/{quote(path)}"
    raw = None if text is None else f"{repo_page(hub, repo)}/raw/{quote(ref, safe='')}/{quote(path)}"
    row = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": len(text.encode()) if text is not None else 0,
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": raw,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": page},
    }
    if whole and text is not None:
        row |= {"content": base64.encodebytes(text.encode()).decode(), "encoding": "base64"}
    return row


def ref_json(hub: Hub, repo: Repository, branch: str, sha: str) -> Json:
    url = repo_url(hub, repo)
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": node_id("REF", f"{repo.id}:{branch}"),
        "url": f"{url}/git/refs/heads/{quote(branch)}",
        "object": {"sha": sha, "type": "commit", "url": f"{url}/git/commits/{sha}"},
    }


def branch_json(hub: Hub, repo: Repository, branch: str) -> Json:
    url = repo_url(hub, repo)
    own = f"{url}/branches/{quote(branch, safe='')}"
    return {
        "name": branch,
        "commit": commit_json(hub, repo, repo.git.commits[repo.git.branches[branch]]),
        "_links": {"self": own, "html": f"{repo_page(hub, repo)}/tree/{quote(branch)}"},
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{own}/protection",
    }
