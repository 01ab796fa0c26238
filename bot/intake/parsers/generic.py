"""Any sender's post: is it a failure, whose, and of what. Works from the tables of its neighbours, not from layouts."""

import re

from bot.domain.alert import Post
from bot.intake.fingerprint import CI
from bot.intake.parsers.generic_fields import KNOWN_NAMES, labels_of
from bot.intake.parsers.generic_platforms import is_other_sender, platform_of
from bot.intake.parsers.generic_signals import (
    STATUS,
    STATUS_NAMES,
    Signal,
    Verdict,
    colour_signal,
    is_plain_success,
    read_verdict,
    signal_of,
)
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import Wording, read_wording

SOURCE = "generic"
COLOUR_IS_SEVERITY = frozenset({"flux"})  # its notifier colours by the event's severity, whatever the words
POSTS_RESULTS = CI | {"argocd", "flux"}
_NAMES = KNOWN_NAMES | frozenset(STATUS_NAMES)
_SENTRY = (
    (Signal.RESOLVED, re.compile(r"^(?:\W{0,3}resolved\b|(?:this )?issue (?:was |has been )?resolved)", re.IGNORECASE)),
    (
        Signal.QUIET,
        re.compile(
            r"^(?:issue )?(?:\S{1,60} )?(?:archived|ignored|assigned|unassigned|marked|unresolved|deployed|commented)\b|"
            r"weekly|^release .{1,120} deployed|^your ",
            re.IGNORECASE,
        ),
    ),
)
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


def parse_generic(post: Post) -> Reading | NotAlert:
    """Return what the post says, or NotAlert with the reason. Reads every post; never raises."""
    if is_other_sender(post):
        return NotAlert(reason="a sender that reports no failures")
    wording = read_wording(post, _NAMES)
    platform = platform_of(post, wording.all)
    verdict = _verdict(post, wording, platform)
    if verdict.signal is None:
        return NotAlert(reason="says neither failure nor success")
    if verdict.signal is Signal.QUIET:
        return NotAlert(reason=f"no result: {verdict.why}")
    if not platform and verdict.signal is Signal.SUCCESS and not is_plain_success(verdict.line):
        return NotAlert(reason="good news of an unknown sender")
    title = title_of(post, wording, verdict)
    labels = labels_of(post, wording, platform)
    if platform == "argocd":
        labels["phase"] = "health" if re.search(r"degraded|health|unhealthy", title, re.IGNORECASE) else "sync"
    return Reading(source=SOURCE, platform=platform, status=STATUS[verdict.signal], title=title, labels=labels)


def _verdict(post: Post, wording: Wording, platform: str) -> Verdict:
    """Sentry quotes error text in its headline, so only how a line begins tells there; everybody else is read plainly."""
    if platform in COLOUR_IS_SEVERITY:
        tint = colour_signal(post.colour)
        if tint is not None:
            return Verdict(signal=tint, line=next(iter(wording.headlines[1:2]), ""), why="colour")
    if platform != "sentry":
        return read_verdict(wording, post.text, post.colour, posts_results=platform in POSTS_RESULTS)
    for line in wording.headlines[:3]:
        for signal, pattern in _SENTRY:
            if pattern.search(line):
                return Verdict(signal=signal, line=line, why="words")
    return Verdict(signal=Signal.FIRING, why="a Sentry issue")


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
