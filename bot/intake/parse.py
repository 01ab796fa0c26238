"""A Post becomes an Alert, or is said not to be one. Pure, bounded, well under a millisecond: it runs before the ack."""

from bot.domain.alert import Alert, Label, Post, PostKind
from bot.domain.connections import Connections
from bot.intake.fingerprint import Where, also_of, fingerprint_of, target_of, where_of
from bot.intake.parsers import unlisted
from bot.intake.parsers.aws import OTHER_AWS, is_pipeline
from bot.intake.parsers.aws import SENDER as AWS
from bot.intake.parsers.generic import UNKNOWN, read_as
from bot.intake.parsers.generic_fields import KNOWN_NAMES
from bot.intake.parsers.generic_signals import STATUS_NAMES
from bot.intake.parsers.sender import recognise
from bot.intake.parsers.senders import SENDERS
from bot.intake.reading import NotAlert, Reading
from bot.intake.wording import read_wording

__all__ = ["SENDERS", "NotAlert", "parse"]
_NAMES = KNOWN_NAMES | frozenset(STATUS_NAMES)
_NOWHERE = Connections()


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


def read(post: Post) -> Reading | NotAlert:
    """Return what a bot's post says, whoever posted it; the sender's own reading where it brings one. Never raises."""
    if unlisted.is_no_reporter(post.app_id, post.author):
        return NotAlert(reason="a sender that reports no failures")
    wording = read_wording(post, _NAMES)
    sender = recognise(post, wording, SENDERS) or UNKNOWN
    if sender is OTHER_AWS and is_pipeline(post, wording):
        sender = AWS
    return sender.read(post, wording, sender) if sender.read else read_as(post, wording, sender)


def parse(post: Post, *, id: str, connections: Connections = _NOWHERE) -> Alert | NotAlert:  # noqa: A002 - the record's own field name
    """Return the Alert that the post is, under the given id, or NotAlert with the reason. Never raises.

    People's posts, own posts, notices, deletions and replies in threads (broadcasts aside) are never alerts. The
    alert's labels are those of `reading.RESOURCE` and `BESIDE` that the post names; its fingerprint is the same for the
    failure, its repeats and its recovery. `connections` say which platform it speaks of.
    """
    reason = _refusal(post)
    if reason:
        return NotAlert(reason=reason)
    reading = read(post)
    if isinstance(reading, NotAlert):
        return reading
    return alert_from(reading, where_of(reading, connections), id=id, post=post)


def alert_from(reading: Reading, where: Where, *, id: str, post: Post) -> Alert:  # noqa: A002 - the record's own field name
    """Return the Alert that a reading makes, at a known place."""
    return Alert(
        id=id,
        source=reading.source,
        platform=reading.platform,
        status=reading.status,
        severity=reading.labels.get("severity", ""),
        title=reading.title,
        target=target_of(reading, where.connection),
        labels=tuple(Label(name=name, value=said) for name, said in reading.labels.items() if said),
        fingerprint=fingerprint_of(reading, where),
        also=also_of(reading, where),
        raised_at=post.posted_at,
        post=post,
    )
