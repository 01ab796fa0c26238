"""A report as one plain text: the notification, the screen reader's text, and all there is where blocks are not taken."""

import re

from bot.domain.report import Buttons, Code, Diff, Facts, Part, Quote, Report, Rule, Text
from bot.slack.rich_text import TEXT_CHARS, fold, is_channel, is_user, numbered, one_line, shortened, signed, width

MAX_TEXT = 3_900
MAX_CODE = 1_200
NO_TEXT = "(no text)"
NOTE_CHARS = 60
"""Room for the last line, which says how much is left out."""
_LOUD = re.compile(r"(?i)@(?=(?:here|channel|everyone|group)\b)")
_TORN = re.compile(r"(?:&[a-z]{0,3}|<[^<>]{0,40})$")


def fallback_text(report: Report) -> str:
    """Return the whole report as text of at most 3,900 characters, nothing in it but our own mentions being markup.

    The headline comes first. `&`, `<` and `>` are escaped, as docs.slack.dev/messaging/formatting-message-text asks.
    """
    lines = [escape(shortened(report.headline, TEXT_CHARS)).strip() or NO_TEXT]
    for part in report.parts:
        lines.extend(_said(part))
    whole: list[str] = []
    for line in lines:
        whole.extend(line.split("\n"))
    whole = [line for line in whole if line.strip()]
    room = MAX_TEXT // max((width(line) for line in whole), default=1)
    return _mended(fold(whole, room - NOTE_CHARS))


def escape(text: str) -> str:
    """Return the text with Slack's three escapes, and with `@here` and its like made mere words."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LOUD.sub("@\u2060", escaped)


def _said(part: Part) -> list[str]:
    if isinstance(part, Text):
        pieces = (escape(shortened(part.text, TEXT_CHARS)), _mention(part), escape(shortened(part.quoted, TEXT_CHARS)))
        return [" ".join(piece for piece in pieces if piece)]
    if isinstance(part, Facts):
        return [escape(f"{one_line(what)}: {one_line(said)}") for what, said in part.pairs if said]
    if isinstance(part, Quote):
        return [escape(one_line(part.source)), *(escape(line) for line in numbered(part.lines))]
    if isinstance(part, Diff):
        return [escape(one_line(part.title)), *(escape(line) for line in fold(signed(part.lines), MAX_CODE))]
    if isinstance(part, Code):
        lines = shortened(part.text, MAX_CODE).split("\n")
        return [escape(one_line(part.title)), *(escape(line) for line in lines)]
    assert isinstance(part, Buttons | Rule)
    return []


def _mention(part: Text) -> str:
    who = f"<@{part.user}>" if is_user(part.user) else escape(one_line(part.user))
    where = f"<#{part.channel}>" if is_channel(part.channel) else "a direct message" if part.channel else ""
    return f"{who} {where}".strip()


def _mended(lines: list[str]) -> str:
    """Join the lines; where the last but one was cut inside an escape or a mention, that is taken off."""
    if lines and lines[-1].startswith("… ") and len(lines) > 1:
        lines = [*lines[:-2], _TORN.sub("", lines[-2]), lines[-1]]
    return "\n".join(lines)
