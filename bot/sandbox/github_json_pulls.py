"""How GitHub writes pull requests as JSON."""

from bot.sandbox.github_diff import counted, merge_files
from bot.sandbox.github_git import Change, differences
from bot.sandbox.github_json import Json, node_id, repo_json, repo_page, repo_url, stamp, stamp_or_none, user_json
from bot.sandbox.github_state import Hub, Pull, Repository


def pull_changes(repo: Repository, pull: Pull) -> list[Change]:
    """List what the pull request changes: its head against where it left the base."""
    git = repo.git
    root = git.merge_base(pull.head_sha, pull.base_sha)
    return list(differences(git.commits[root].files if root else {}, git.commits[pull.head_sha].files))


def is_mergeable(repo: Repository, pull: Pull) -> bool:
    return merge_files(repo.git, pull.base_sha, pull.head_sha) is not None


def short_pull_json(hub: Hub, repo: Repository, pull: Pull) -> Json:
    """Describe a pull request as lists have it."""
    url, page = f"{repo_url(hub, repo)}/pulls/{pull.number}", f"{repo_page(hub, repo)}/pull/{pull.number}"
    issue = f"{repo_url(hub, repo)}/issues/{pull.number}"
    commits, comments, reviews = f"{url}/commits", f"{issue}/comments", f"{url}/comments"
    one, statuses = (
        f"{repo_url(hub, repo)}/pulls/comments{{/number}}",
        f"{repo_url(hub, repo)}/statuses/{pull.head_sha}",
    )
    return {
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "body": pull.body or None,
        "user": user_json(hub, pull.author),
        "labels": [],
        "milestone": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": False,
        "active_lock_reason": None,
        "author_association": "MEMBER",
        "auto_merge": None,
        "created_at": stamp(pull.created),
        "updated_at": stamp(pull.updated),
        "closed_at": stamp_or_none(pull.closed),
        "merged_at": stamp_or_none(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "head": _side(hub, repo, pull.branch, pull.head_sha),
        "base": _side(hub, repo, pull.base, pull.base_sha),
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": commits,
        "review_comments_url": reviews,
        "review_comment_url": one,
        "comments_url": comments,
        "statuses_url": statuses,
        "_links": {
            name: {"href": href}
            for name, href in {
                "self": url,
                "html": page,
                "issue": issue,
                "comments": comments,
                "review_comments": reviews,
                "review_comment": one,
                "commits": commits,
                "statuses": statuses,
            }.items()
        },
    }


def _side(hub: Hub, repo: Repository, branch: str, sha: str) -> Json:
    return {
        "label": f"{repo.owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user_json(hub, repo.owner),
        "repo": repo_json(hub, repo),
    }


def pull_json(hub: Hub, repo: Repository, pull: Pull) -> Json:
    changes = pull_changes(repo, pull)
    lines = [counted(change) for change in changes]
    is_open = pull.state == "open"
    mergeable = is_mergeable(repo, pull) if is_open else None
    state = ("clean" if mergeable else "dirty") if is_open else "unknown"
    return {
        **short_pull_json(hub, repo, pull),
        "merged": pull.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": state,
        "merged_by": user_json(hub, pull.merged_by) if pull.merged_by else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(repo.git.only_in(pull.head_sha, pull.base_sha)) if is_open else 1,
        "additions": sum(added for added, _ in lines),
        "deletions": sum(deleted for _, deleted in lines),
        "changed_files": len(changes),
    }
