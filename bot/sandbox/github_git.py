"""Git in memory: commits with whole snapshots of their files, branches, and the object ids that git itself gives.

Blobs, trees and commits are hashed as git hashes them, so that an id means its content here too. Files are UTF-8 text.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_SHA = re.compile(r"[0-9a-f]{7,40}")
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock$|/$|\.$))[\w][\w./@+-]{0,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who wrote a commit. `login` is the GitHub account ("": none is known)."""

    name: str
    email: str
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit and all files of its tree: path to text. `at` is in seconds since the epoch."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Identity
    message: str
    at: float
    files: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file of a difference; None: it is not there."""

    path: str
    before: str | None
    after: str | None

    @property
    def status(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "modified"


def _hash(kind: str, data: bytes) -> bytes:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).digest()


def blob_sha(text: str) -> str:
    return _hash("blob", text.encode()).hex()


def tree_sha(files: Mapping[str, str]) -> str:
    return _tree(files).hex()


def _tree(files: Mapping[str, str]) -> bytes:
    here: dict[str, str] = {}
    below: dict[str, dict[str, str]] = {}
    for path, text in files.items():
        head, _, rest = path.partition("/")
        if rest:
            below.setdefault(head, {})[rest] = text
        else:
            here[head] = text
    rows = [(name.encode(), b"100644", _hash("blob", text.encode())) for name, text in here.items()]
    rows += [(name.encode() + b"/", b"40000", _tree(inner)) for name, inner in below.items()]  # git sorts a tree so
    rows.sort()
    return _hash("tree", b"".join(mode + b" " + name.removesuffix(b"/") + b"\0" + sha for name, mode, sha in rows))


def commit_text(tree: str, parents: tuple[str, ...], author: Identity, message: str, at: float) -> str:
    """Write a commit object as git stores it."""
    signed = f"{author.name} <{author.email}> {int(at)} +0000"
    lines = [f"tree {tree}", *(f"parent {each}" for each in parents), f"author {signed}", f"committer {signed}"]
    return "\n".join(lines) + "\n\n" + message


def is_branch_name(name: str) -> bool:
    """Whether git takes it as a branch's name (near enough: git check-ref-format)."""
    return _BRANCH.fullmatch(name) is not None


@dataclass(slots=True)
class Git:
    """One repository's commits and branches."""

    default_branch: str = "main"
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    _blobs: dict[str, str] = field(default_factory=dict)
    _hashed: int = 0

    def commit(
        self, files: Mapping[str, str], parents: tuple[str, ...], author: Identity, message: str, at: float
    ) -> Commit:
        """Store a commit; no branch moves."""
        tree = tree_sha(files)
        sha = _hash("commit", commit_text(tree, parents, author, message, at).encode()).hex()
        made = Commit(
            sha=sha, tree=tree, parents=parents, author=author, message=message, at=float(int(at)), files=dict(files)
        )
        self.commits[sha] = made
        return made

    def resolve(self, ref: str) -> str | None:
        """Find the commit that a branch, a ref, HEAD or a sha (at least 7 digits of it) names."""
        if ref in {"", "HEAD"}:
            ref = self.default_branch
        name = ref.removeprefix("refs/").removeprefix("heads/")
        if name in self.branches:
            return self.branches[name]
        if _SHA.fullmatch(ref) is None:
            return None
        found = [sha for sha in self.commits if sha.startswith(ref)]
        return found[0] if len(found) == 1 else None

    def blob(self, sha: str) -> str | None:
        """Find the text of a blob in any commit; it is the same wherever it stands."""
        if self._hashed != len(self.commits):
            self._hashed = len(self.commits)
            for text in {text for commit in self.commits.values() for text in commit.files.values()}:
                self._blobs.setdefault(blob_sha(text), text)
        return self._blobs.get(sha)

    def history(self, sha: str) -> list[Commit]:
        """List a commit and all that led to it, newest first, children before their parents."""
        found: dict[str, Commit] = {}
        waiting = [sha]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found[each] = self.commits[each]
                waiting.extend(found[each].parents)
        depth: dict[str, int] = {}
        for commit in sorted(found.values(), key=lambda c: c.at):
            depth[commit.sha] = 1 + max((depth.get(p, 0) for p in commit.parents), default=0)
        return sorted(found.values(), key=lambda c: (c.at, depth[c.sha]), reverse=True)

    def changes(self, commit: Commit) -> list[Change]:
        """List what the commit changed against its first parent."""
        before = self.commits[commit.parents[0]].files if commit.parents else {}
        return list(differences(before, commit.files))

    def merge_base(self, one: str, other: str) -> str | None:
        """Find the newest commit that leads to both."""
        reached = {commit.sha for commit in self.history(other)}
        return next((commit.sha for commit in self.history(one) if commit.sha in reached), None)

    def only_in(self, head: str, base: str) -> list[Commit]:
        """List the commits of head that do not lead to base, newest first."""
        reached = {commit.sha for commit in self.history(base)}
        return [commit for commit in self.history(head) if commit.sha not in reached]


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield Change(path=path, before=before.get(path), after=after.get(path))
