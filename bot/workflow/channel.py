"""What holds in a channel: whose posts count, what may be read and acted on from it, and how far the bot goes there."""

from collections.abc import Callable

from bot.domain.alert import Target
from bot.domain.durable import Message
from bot.domain.errors import PlatformError, Unavailable
from bot.domain.scope import ChannelMode, ChannelRule
from bot.workflow.desk import Desk

Refuses = Callable[[Target], str]
"""Returns why a target may not be touched from a channel, as words for people; the empty string: it may."""


def rule_of(desk: Desk, channel: str) -> ChannelRule:
    """Return the channel's rule. Slack is asked for the name only where a rule names channels by name.

    Raises Unavailable when Slack does not tell it: to guess would give one channel the rights of another.
    """
    rules = desk.house.channels
    if not rules.by_name:
        return rules.of(channel, "")
    room = desk.directory.room(channel)
    if not room.name and not room.is_im:
        raise Unavailable(f"Slack did not tell the name of channel {channel}, which slack_channels.yaml asks for")
    return rules.of(channel, room.name)


def reading(desk: Desk, channel: str) -> Refuses:
    """Return what refuses evidence: everything where outsiders read along, else what the channel's scope leaves out."""
    if desk.directory.room(channel).external:
        return lambda _: "this channel is shared with another organisation, or Slack did not say that it is not"
    return rule_of(desk, channel).read.refuses


def acting(desk: Desk, channel: str) -> Refuses:
    """Return what refuses fixes; what may not be read may not be acted on either."""
    may_read, may_act = reading(desk, channel), rule_of(desk, channel).act.refuses
    return lambda target: may_read(target) or may_act(target)


def may_act(desk: Desk, channel: str) -> bool:
    """Return whether a fix can be approved from this channel at all."""
    return rule_of(desk, channel).mode is ChannelMode.ACT


def why_not_told(desk: Desk, user_id: str) -> str:
    """Return why this person is told no evidence, as a sentence; empty for a full member of our own workspace."""
    try:
        person = desk.directory.person(user_id)
    except PlatformError:
        return "Slack did not say who you are just now. Ask again in a moment."
    if person.is_guest:
        return "Guests are shown no evidence; ask a full member of the workspace."
    if person.is_stranger or person.team != desk.house.team:
        return "People of other workspaces are shown no evidence."
    return ""


def said_in(desk: Desk, channel: str, *messages: Message) -> tuple[Message, ...]:
    """Return the messages, or none of them where the bot only observes."""
    return () if rule_of(desk, channel).mode is ChannelMode.OBSERVE else messages
