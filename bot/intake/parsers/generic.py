"""Any sender's post: is it a failure, and of what. Works from tables (its neighbours' and the sender's), not from layouts."""

import re

from bot.domain.alert import Post
from bot.intake.parsers.generic_fields import labels_of
from bot.intake.parsers.generic_signals import (
    STATUS,
    Signal,
    Verdict,
    colour_signal,
    is_plain_success,
    read_verdict,
    signal_of,
)
from bot.intake.parsers.sender import Sender
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import Wording

UNKNOWN = Sender(source="generic")
_PRELUDE = re.compile(
    r"^(?:(?:workflow )?(?:was )?triggered (?:via|by)|new github action run|k8s event detected|notification\b)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r" at \d{4}-\d\d-\d\dT.{0,300}$| with the following error.{0,300}$| \((?:open|https?://[^\s)]{1,280})\)$|, next run in \S{1,20}$|"
    r"\s?:\s?$",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"^(?:kustomization|helm\w{3,20}|\w{2,20}repository|bucket|image\w{3,30}|terraform)/[\w.-]{1,253}$", re.IGNORECASE
)


def read_as(post: Post, wording: Wording, sender: Sender, verdict: Verdict | None = None) -> Reading | NotAlert:
    """Return what the post of that sender says, or NotAlert with the reason. Reads every post; never raises."""
    if verdict is None:
        verdict = _verdict(post, wording, sender)
    if verdict.signal is None:
        return NotAlert(reason="says neither failure nor success")
    if verdict.signal is Signal.QUIET:
        return NotAlert(reason=f"no result: {verdict.why}")
    if sender is UNKNOWN and verdict.signal is Signal.SUCCESS and not is_plain_success(verdict.line):
        return NotAlert(reason="good news of an unknown sender")
    is_over = sender.monitors and verdict.signal is Signal.SUCCESS
    return Reading(
        source=sender.source,
        platform=sender.platform,
        status=STATUS[Signal.RESOLVED if is_over else verdict.signal],
        title=title_of(post, wording, verdict),
        labels=labels_of(post, wording, sender),
    )


def _verdict(post: Post, wording: Wording, sender: Sender) -> Verdict:
    if sender.tints:
        tint = colour_signal(post.colour)
        if tint is not None:
            return Verdict(signal=tint, line=next(iter(wording.headlines[1:2]), ""), why="colour")
    links = post.links[:20]
    has_page = any(page.search(link.url[:500]) for link in links for page in sender.pages) if sender.talks else True
    return read_verdict(wording, post.text, post.colour, posts_results=sender.posts_results and has_page)


def title_of(post: Post, wording: Wording, verdict: Verdict) -> str:
    """Return the headline: the line with the verdict, else the post's title, without tails such as times and links."""
    title = verdict.line or post.title
    is_field = post.title.endswith(verdict.line)
    if verdict.why == "words" and not is_field and signal_of(post.title) is verdict.signal:
        title = post.title
    if not verdict.line and _PRELUDE.match(title):
        title = next((line for line in wording.headlines if not _PRELUDE.match(line)), title)
    at = wording.headlines.index(title) if title in wording.headlines else -1
    if at > 0 and _OBJECT.match(wording.headlines[at - 1]):
        title = f"{wording.headlines[at - 1]}: {title}"
    return _TAIL.sub("", _TAIL.sub("", title)).strip() or post.title
