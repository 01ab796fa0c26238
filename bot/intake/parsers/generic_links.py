"""What links say: repositories, runs, builds, commits, by the shape of their addresses. No link is ever fetched."""

import re
from urllib.parse import unquote

from bot.domain.alert import Link, Post
from bot.intake.parsers.sender import Sender

_SHAPES = (
    r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/commit/(?P<commit>[0-9a-f]{6,40})",
    r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/(?:commits|tree)/(?P<branch>[^?#]{1,200})",
    r"//[^/]{1,200}/(?P<repo>[\w./-]{1,250}?)/-/merge_requests/(?P<pr>\d{1,7})",
    r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/commit/(?P<commit>[0-9a-f]{6,40})",
    r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/pull/(?P<pr>\d{1,7})",
    r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/tree/(?P<branch>[^?#]{1,200})",
    r"//github\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/(?:releases/tag|tags?)/(?P<tag>[^/?#]{1,100})",
    r"//(?:github|gitlab)\.[^/]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?/?$",
)
_COMMON = tuple(re.compile(pattern) for pattern in _SHAPES)
_SHORT = re.compile(r"(?<![0-9a-z])(?=[a-f]{0,39}\d)[0-9a-f]{6,40}(?![0-9a-z])")
MAX_LINKS = 20
MAX_URL = 500


def labels_of_links(post: Post, sender: Sender) -> dict[str, str]:
    """Return what the post's links name; `run_url` is the page of the run or alert on the platform that speaks."""
    labels: dict[str, str] = {}
    links = [Link(url=each.url[:MAX_URL], label=each.label[:MAX_URL]) for each in post.links[:MAX_LINKS]]
    for patterns, is_page in ((sender.pages, True), (_COMMON, False)):
        for pattern in patterns:
            for link in links:
                found = pattern.search(link.url)
                if found:
                    if is_page:
                        labels.setdefault("run_url", link.url)
                    _add(labels, link, found)
                    break
    if "run_url" not in labels and sender.links_home and links:
        labels["run_url"] = links[0].url
    return labels


def _add(labels: dict[str, str], link: Link, found: re.Match[str]) -> None:
    for name, said in found.groupdict().items():
        if not said:
            continue
        label, text = name.rstrip("_"), unquote(said)
        if label == "commit":
            short = _SHORT.search(link.label)
            text = short[0] if short and said.startswith(short[0]) else said
        if label == "repo" and "/" not in text:
            text = text.replace("_", "/", 1)
        labels.setdefault(label, text)
