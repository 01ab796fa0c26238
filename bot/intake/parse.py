"""A Post becomes an Alert, or is said not to be one. Pure, bounded, well under a millisecond: it runs before the ack."""

from collections.abc import Callable

from bot.domain.alert import Alert, Label, Post, PostKind
from bot.intake.fingerprint import fingerprint_of, target_of
from bot.intake.parsers.alertmanager import parse_alertmanager
from bot.intake.parsers.generic import parse_generic
from bot.intake.parsers.robusta import parse_robusta
from bot.intake.reading import NotAlert, Reading

__all__ = ["PARSERS", "NotAlert", "parse"]

PARSERS: tuple[Callable[[Post], Reading | NotAlert | None], ...] = (parse_robusta, parse_alertmanager, parse_generic)
"""In order of trial; the first that does not say None decides. The generic one reads everything."""


def _refusal(post: Post) -> str:
    """Return why a post cannot be an alert whatever it says, or the empty string."""
    if post.is_own:
        return "our own post"
    if post.kind is PostKind.DELETED:
        return "deleted"
    if post.is_notice:
        return "a notice of Slack"
    if not post.is_bot or post.author_id == "USLACKBOT":
        return "a person's post"
    if post.in_thread:
        return "a reply in a thread"
    return ""


def parse(post: Post, *, id: str) -> Alert | NotAlert:  # noqa: A002 - the record's own field name
    """Return the Alert that the post is, under the given id, or NotAlert with the reason. Never raises.

    People's posts, own posts, notices, deletions and replies in threads (broadcasts aside) are never alerts. The
    alert's labels are those of `reading.RESOURCE` that the post names; its fingerprint is the same for the failure,
    its repeats and its recovery.
    """
    reason = _refusal(post)
    if reason:
        return NotAlert(reason=reason)
    for parser in PARSERS:
        reading = parser(post)
        if isinstance(reading, NotAlert):
            return reading
        if reading is not None:
            return Alert(
                id=id,
                source=reading.source,
                platform=reading.platform,
                status=reading.status,
                severity=reading.labels.get("severity", ""),
                title=reading.title,
                target=target_of(reading),
                labels=tuple(Label(name=name, value=said) for name, said in reading.labels.items() if said),
                fingerprint=fingerprint_of(reading),
                raised_at=post.posted_at,
                post=post,
            )
    return NotAlert(reason="no parser reads it")
