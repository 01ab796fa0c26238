"""The paths of GitHub's API that name strangers' things: checked, then encoded, so that no name leads elsewhere."""

import re
from urllib.parse import quote

from bot.domain.errors import NotFound

REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
NUMBER = re.compile(r"[0-9]{1,20}")
MAX_NAME = 1000


def repo_path(repo: str) -> str:
    """Return `/repos/owner/name`. Raises NotFound for what can be no repository's name."""
    if not REPO.fullmatch(repo) or any(part in (".", "..") for part in repo.split("/")):
        raise NotFound(f"{repo[:100]!r} is no name of a repository")
    return f"/repos/{repo}"


def number(text: str) -> str:
    """Return the id of a run or job. Raises NotFound for what is no number."""
    if not NUMBER.fullmatch(text):
        raise NotFound(f"{text[:40]!r} is no id of GitHub's")
    return text


def name_path(text: str) -> str:
    """Return a file's path, branch or commit, encoded but for its slashes. Raises NotFound for what cannot be one."""
    text = text.strip("/")
    if len(text) > MAX_NAME or "\0" in text or any(part in (".", "..", "") for part in text.split("/") if text):
        raise NotFound(f"{text[:100]!r} is no path or branch")
    return quote(text, safe="/")
