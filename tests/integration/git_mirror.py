"""A mirror of a repository of the sandbox's GitHub on a git server, commit by commit: every id in it is GitHub's own."""

import base64
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.integration.house import House

IDS_ONLY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


class Mirror:
    """`url` is the repository on the git server; the first push creates it."""

    def __init__(self, house: House, repo: str, url: str, folder: Path) -> None:
        self._house, self._api, self._url, self._folder = house, f"/repos/{repo}", url, folder
        self._brought: set[str] = set()
        self._repo = repo
        folder.mkdir()
        self._git("init", "-q", "--bare")

    @property
    def head(self) -> str:
        """The newest commit of GitHub's main."""
        return str(self._house.repository(self._repo)["branches"]["main"])

    def parent(self, sha: str) -> str:
        return str(self._commit(sha)["parents"][0]["sha"])

    def push(self, sha: str = "") -> str:
        """Push main as it is on GitHub, or as it was at that commit."""
        sha = sha or self.head
        self._bring(sha)
        self._git("push", "-q", self._url, f"{sha}:refs/heads/main")
        return sha

    def _commit(self, sha: str) -> dict[str, Any]:
        return dict(self._house.github(f"{self._api}/commits/{sha}"))

    def _bring(self, sha: str) -> None:
        if sha in self._brought:
            return
        commit = self._commit(sha)
        parents = [each["sha"] for each in commit["parents"]]
        for parent in parents:
            self._bring(parent)
        about = commit["commit"]
        self._bring_tree(about["tree"]["sha"])
        lines = [f"tree {about['tree']['sha']}", *(f"parent {each}" for each in parents)]
        for role in ("author", "committer"):
            person = about[role]
            at = int(datetime.fromisoformat(person["date"]).timestamp())
            lines.append(f"{role} {person['name']} <{person['email']}> {at} +0000")
        text = "\n".join(lines) + "\n\n" + about["message"]
        assert self._git("hash-object", "-w", "-t", "commit", "--stdin", given=text.encode()) == sha
        self._brought.add(sha)

    def _bring_tree(self, sha: str) -> None:
        index = self._folder / "mirror-index"
        index.unlink(missing_ok=True)
        for entry in self._house.github(f"{self._api}/git/trees/{sha}?recursive=1")["tree"]:
            if entry["type"] != "blob":
                continue
            blob = self._house.github(f"{self._api}/git/blobs/{entry['sha']}")
            content = base64.b64decode(blob["content"])
            assert self._git("hash-object", "-w", "--stdin", given=content) == entry["sha"]
            place = f"{entry['mode']},{entry['sha']},{entry['path']}"
            self._git("update-index", "--add", "--cacheinfo", place, GIT_INDEX_FILE=str(index))
        assert self._git("write-tree", GIT_INDEX_FILE=str(index)) == sha

    def _git(self, *words: str, given: bytes = b"", **environment: str) -> str:
        env = {**os.environ, **IDS_ONLY, **environment}
        done = subprocess.run(
            ["git", *words], cwd=self._folder, input=given, env=env, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"git {words[0]}: {done.stderr.decode(errors='replace')[:500]}"
        return done.stdout.decode().strip()
