"""Slack's mrkdwn as plain text, with its links taken out.

Facts: docs.slack.dev/messaging/formatting-message-text. All patterns are bounded: the text is a stranger's.
"""

import re

from bot.domain.alert import Link
from bot.intake.wording import headline

_TOKEN = re.compile(r"<([^<>|\n]{1,3000})(?:\|([^<>\n]{0,3000}))?>")
_BARE_URL = re.compile(r"https?://[^\s<>|\"'`]{3,3000}")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https?://[^()\s]{1,2000})\)")


def unescape(text: str) -> str:
    """Return the text with Slack's three escapes undone, `&amp;` last."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def tidy_url(url: str) -> str:
    """Return the url unescaped and without brackets that a sender's own markup left at its end."""
    url = unescape(url.strip())
    while url and (
        url[-1] in ".,;:\"'"
        or (url[-1] == ")" and url.count("(") < url.count(")"))
        or (url[-1] == "]" and url.count("[") < url.count("]"))
    ):
        url = url[:-1]
    return url


def _said(inside: str, label: str | None, links: list[Link]) -> str:
    if inside.startswith(("http://", "https://")):
        url = tidy_url(inside)
        shown = unescape(label).strip() if label else ""
        links.append(Link(url=url, label=headline(shown)))
        return shown or url
    if label:
        return unescape(label).strip()
    if inside.startswith("mailto:"):
        return unescape(inside[7:])
    if inside.startswith("!date^"):
        return ""
    if inside[0] in "@#!":
        return inside.replace("!subteam^", "@").replace("!", "@")
    return f"<{unescape(inside)}>"


def read_mrkdwn(text: str, links: list[Link]) -> str:
    """Return the text as a person sees it (emoji still as `:name:`) and append its links, in order, to `links`."""
    if "<" not in text and "://" not in text and "&" not in text:
        return text
    parts: list[str] = []
    end = 0
    for found in _TOKEN.finditer(text):
        parts.extend((_loose(text[end : found.start()], links), _said(found[1], found[2], links)))
        end = found.end()
    parts.append(_loose(text[end:], links))
    return "".join(parts)


def _loose(text: str, links: list[Link]) -> str:
    text = unescape(text)
    if "://" in text:
        links.extend(Link(url=tidy_url(url)) for url in _BARE_URL.findall(text))
    return text


def read_markdown(text: str, links: list[Link]) -> str:
    """Return a markdown block's text with `[label](url)` resolved; the rest as mrkdwn."""
    if "](" in text:
        text = _MARKDOWN_LINK.sub(lambda found: f"<{found[2]}|{found[1]}>", text)
    return read_mrkdwn(text, links)
