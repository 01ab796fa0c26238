"""Routes over repositories: the repository itself, its branches and refs, commits, files, and the one write of a file."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.sandbox.github_answers import Answer, Request, find_repo, page_of, text_of
from bot.sandbox.github_errors import GithubError, not_found
from bot.sandbox.github_git import Change, Identity, blob_sha, differences, is_branch_name, tree_sha
from bot.sandbox.github_json import (
    branch_json,
    change_json,
    commit_json,
    content_json,
    git_commit_json,
    node_id,
    own_user_json,
    ref_json,
    repo_json,
    repo_page,
    repo_url,
)
from bot.sandbox.github_state import Hub, Repository

_MAX_FILES = 300


class Repositories:
    """Handlers; each is named in github_routes.py with its operation."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def user(self, request: Request) -> Answer:
        if request.access.is_app:  # an installation is no user
            raise GithubError(403, "Resource not accessible by integration")
        return Answer(body=own_user_json(self._hub, request.access.login))

    def repo(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        return Answer(body=repo_json(self._hub, repo, for_app=request.access.is_app))

    # --- branches and refs

    def branches(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        names, links = page_of(self._hub, request, sorted(repo.git.branches))
        url = repo_url(self._hub, repo)
        rows = [
            {
                "name": n,
                "commit": {"sha": repo.git.branches[n], "url": f"{url}/commits/{repo.git.branches[n]}"},
                "protected": False,
            }
            for n in names
        ]
        return Answer(body=rows, headers=links)

    def branch(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        if request.names["branch"] not in repo.git.branches:
            raise GithubError(404, "Branch not found")
        return Answer(body=branch_json(self._hub, repo, request.names["branch"]))

    def ref(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        branch = _branch_of(request.names["ref"])
        if branch not in repo.git.branches:
            raise not_found()
        return Answer(body=ref_json(self._hub, repo, branch, repo.git.branches[branch]))

    def matching_refs(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        begin = _branch_of(request.names["ref"])
        found = [n for n in sorted(repo.git.branches) if n.startswith(begin)]
        return Answer(body=[ref_json(self._hub, repo, n, repo.git.branches[n]) for n in found])

    def create_ref(self, request: Request) -> Answer:
        repo, body = find_repo(self._hub, request, write="push"), request.json()
        ref, sha = text_of(body, "ref", required=True), text_of(body, "sha", required=True)
        branch = ref.removeprefix("refs/heads/")
        if not ref.startswith("refs/heads/") or not is_branch_name(branch):
            raise GithubError(422, f"Reference name must start with 'refs/' and be valid: {ref[:80]}")
        if sha not in repo.git.commits:
            raise GithubError(422, "Object does not exist")
        if branch in repo.git.branches:
            raise GithubError(422, "Reference already exists")
        self._hub.push(repo, branch, sha)
        return Answer(status=201, body=ref_json(self._hub, repo, branch, sha))

    def delete_ref(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request, write="push")
        branch = _branch_of(request.names["ref"])
        if branch not in repo.git.branches:
            raise GithubError(422, "Reference does not exist")
        if branch == repo.git.default_branch:
            raise GithubError(422, "Cannot delete the default branch")
        del repo.git.branches[branch]
        self._hub.changed()
        return Answer(status=204)

    # --- commits

    def commits(self, request: Request) -> Answer:
        repo, query = find_repo(self._hub, request), request.query
        sha = repo.git.resolve(query.get("sha", ""))
        if sha is None:
            raise not_found()
        found = repo.git.history(sha)
        path = query.get("path", "").strip("/")
        if path:
            found = [c for c in found if any(_below(change.path, path) for change in repo.git.changes(c))]
        if query.get("author"):
            found = [c for c in found if query["author"] in {c.author.login, c.author.email}]
        for name, keep in (("since", 1), ("until", -1)):
            if query.get(name):
                moment = _moment(query[name])
                found = [c for c in found if (c.at - moment) * keep >= 0]
        rows, links = page_of(self._hub, request, found)
        return Answer(body=[commit_json(self._hub, repo, each) for each in rows], headers=links)

    def commit(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        sha = repo.git.resolve(request.names["ref"])
        if sha is None:
            raise GithubError(422, f"No commit found for SHA: {request.names['ref'][:60]}")
        commit = repo.git.commits[sha]
        files = self._files(repo, sha, repo.git.changes(commit))
        added, deleted = sum(row["additions"] for row in files), sum(row["deletions"] for row in files)
        stats = {"total": added + deleted, "additions": added, "deletions": deleted}
        return Answer(body={**commit_json(self._hub, repo, commit), "stats": stats, "files": files})

    def compare(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        names = request.names["basehead"].split("...")
        shas = [repo.git.resolve(name.rpartition(":")[2]) for name in names]
        if len(shas) != 2 or shas[0] is None or shas[1] is None:
            raise not_found()
        base, head = shas[0], shas[1]
        root = repo.git.merge_base(head, base)
        if root is None:
            raise GithubError(404, "No common ancestor between the commits")
        return Answer(body=self._comparison(repo, request.names["basehead"], base, head, root))

    def _comparison(self, repo: Repository, name: str, base: str, head: str, root: str) -> dict[str, Any]:
        git, page = repo.git, f"{repo_page(self._hub, repo)}/compare"
        ahead, behind = git.only_in(head, base), git.only_in(base, head)
        status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
        changes = list(differences(git.commits[root].files, git.commits[head].files))
        return {
            "url": f"{repo_url(self._hub, repo)}/compare/{name}",
            "html_url": f"{page}/{name}",
            "permalink_url": f"{page}/{repo.owner}:{base[:7]}...{repo.owner}:{head[:7]}",
            "diff_url": f"{page}/{name}.diff",
            "patch_url": f"{page}/{name}.patch",
            "base_commit": commit_json(self._hub, repo, git.commits[base]),
            "merge_base_commit": commit_json(self._hub, repo, git.commits[root]),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [commit_json(self._hub, repo, each) for each in reversed(ahead)][:250],
            "files": self._files(repo, head, changes),
        }

    def _files(self, repo: Repository, sha: str, changes: list[Change]) -> list[dict[str, Any]]:
        return [change_json(self._hub, repo, sha, change) for change in changes[:_MAX_FILES]]

    # --- files

    def blob(self, request: Request) -> Answer:
        repo, sha = find_repo(self._hub, request), request.names["file_sha"]
        text = repo.git.blob(sha)
        if text is None:
            raise not_found()
        data = text.encode()
        body = {
            "sha": sha,
            "node_id": node_id("B", f"{repo.id}:{sha}"),
            "size": len(data),
            "url": f"{repo_url(self._hub, repo)}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
        return Answer(body=body)

    def tree(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        wanted = request.names["tree_sha"]
        sha = repo.git.resolve(wanted) or next((c.sha for c in repo.git.commits.values() if c.tree == wanted), None)
        if sha is None:
            raise not_found()
        files, url = repo.git.commits[sha].files, f"{repo_url(self._hub, repo)}/git"
        rows: list[dict[str, Any]] = []
        folders = {path[:at] for path in files for at, letter in enumerate(path) if letter == "/"}
        for path in sorted({*files, *folders}):
            if "/" in path and "recursive" not in request.query:
                continue
            if path in folders:
                below = tree_sha(_folder(files, path))
                rows.append(
                    {"path": path, "mode": "040000", "type": "tree", "sha": below, "url": f"{url}/trees/{below}"}
                )
            else:
                blob, size = blob_sha(files[path]), len(files[path].encode())
                rows.append(
                    {
                        "path": path,
                        "mode": "100644",
                        "type": "blob",
                        "sha": blob,
                        "size": size,
                        "url": f"{url}/blobs/{blob}",
                    }
                )
        tree = repo.git.commits[sha].tree
        return Answer(body={"sha": tree, "url": f"{url}/trees/{tree}", "tree": rows, "truncated": False})

    def contents(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        ref = request.query.get("ref") or repo.git.default_branch
        sha = repo.git.resolve(ref)
        if sha is None:
            raise GithubError(404, f"No commit found for the ref {ref[:100]}")
        files, path = repo.git.commits[sha].files, request.names["path"].strip("/")
        if path in files:
            return Answer(body=content_json(self._hub, repo, ref, path, files[path]))
        below = _folder(files, path)
        if not below:
            raise not_found()
        names = sorted({each.partition("/")[0] for each in below})
        rows = []
        for name in names:
            whole = f"{path}/{name}" if path else name
            folder = "" if name in below else tree_sha(_folder(below, name))
            rows.append(content_json(self._hub, repo, ref, whole, below.get(name), sha=folder, whole=False))
        return Answer(body=rows)

    def put_contents(self, request: Request) -> Answer:
        """Write one file: a commit on a branch. The given blob sha must be the file's, and none for a new one."""
        repo, body = find_repo(self._hub, request, write="push"), request.json()
        path = request.names["path"].strip("/")
        if not path or any(part in {"", ".", "..", ".git"} for part in path.split("/")):
            raise GithubError(422, "path contains a malformed path component")
        message, text = text_of(body, "message", required=True), _decoded(text_of(body, "content", required=True))
        branch = text_of(body, "branch") or repo.git.default_branch
        head = repo.git.branches.get(branch)
        if head is None:
            raise GithubError(404, f"Branch {branch[:100]} not found")
        files, given = repo.git.commits[head].files, text_of(body, "sha")
        if path in files and not given:
            raise GithubError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        now = blob_sha(files[path]) if path in files else ""
        if given != now:
            raise GithubError(409, f"{path} does not match {given}" if now else f"{path} does not exist at {given}")
        author = _identity(body.get("author") or body.get("committer"), self._hub.identity(request.access.login))
        made = repo.git.commit({**files, path: text}, (head,), author, message, self._hub.now())
        self._hub.push(repo, branch, made.sha)
        content = content_json(self._hub, repo, branch, path, text, whole=False)
        whole = {"content": content, "commit": git_commit_json(self._hub, repo, made)}
        return Answer(status=200 if given else 201, body=whole)


def _branch_of(ref: str) -> str:
    return ref.removeprefix("refs/").removeprefix("heads/")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _folder(files: Mapping[str, str], path: str) -> dict[str, str]:
    """Take the files below a folder, their paths relative to it."""
    begin = f"{path}/" if path else ""
    return {each[len(begin) :]: text for each, text in files.items() if each.startswith(begin)}


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise GithubError(422, f"Invalid date: {text[:40]}") from None


def _decoded(content: str) -> str:
    try:
        return base64.b64decode("".join(content.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise GithubError(422, "content is not valid Base64") from None


def _identity(given: Any, otherwise: Identity) -> Identity:
    if not isinstance(given, dict):
        return otherwise
    name, email = text_of(given, "name", required=True), text_of(given, "email", required=True)
    return Identity(name=name, email=email)
