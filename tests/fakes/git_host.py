"""A git host in memory: what the sandbox's Argo CD needs of one, without GitHub around it."""

from collections.abc import Callable, Mapping


class GitHost:
    """One repository at any address; `push` makes the next commit of main, whose sha counts up from 1."""

    def __init__(self) -> None:
        self.commits: list[Mapping[str, str]] = []
        self._callbacks: list[Callable[[str, str, str], None]] = []

    def push(self, files: Mapping[str, str]) -> str:
        self.commits.append(dict(files))
        sha = f"{len(self.commits):040x}"
        for callback in self._callbacks:
            callback("acme/deploy", "main", sha)
        return sha

    def resolve(self, repository: str, ref: str) -> str | None:
        if ref == "main":
            return f"{len(self.commits):040x}"
        known = {f"{number:040x}" for number in range(1, len(self.commits) + 1)}
        return ref if ref in known else None

    def files(self, repository: str, sha: str) -> Mapping[str, str]:
        number = int(sha, 16)
        if not 1 <= number <= len(self.commits):
            raise KeyError(sha)
        return self.commits[number - 1]

    def on_push(self, callback: Callable[[str, str, str], None]) -> None:
        self._callbacks.append(callback)
