"""Report: what is said to people, in neutral parts; `slack/blocks.py` renders it."""

from enum import StrEnum

from bot.domain.action import DiffLine
from bot.domain.values import value


class Tone(StrEnum):
    """How a part of text is set: body text, a heading, or small print."""

    BODY = "body"
    HEADING = "heading"
    SMALL = "small"


@value
class Text:
    """Our own words in `text`; then, where given, a mention of `user`, the name of `channel` (both Slack ids).

    Strangers' words go in `quoted` and are shown verbatim after all of these. A `text` that ends in a colon labels it.
    With a `url` the quoted words lead there.
    """

    text: str
    quoted: str = ""
    tone: Tone = Tone.BODY
    user: str = ""
    channel: str = ""
    url: str = ""


@value
class Facts:
    """Short name and value pairs; the values may be strangers' text."""

    pairs: tuple[tuple[str, str], ...]


@value
class QuotedLine:
    number: int
    text: str


@value
class Quote:
    """Lines of evidence, verbatim, with their numbers, and where they come from."""

    source: str
    lines: tuple[QuotedLine, ...]
    url: str = ""


@value
class Diff:
    title: str
    lines: tuple[DiffLine, ...]


@value
class Code:
    """A preformatted text, such as the request that will be sent."""

    title: str
    text: str


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@value
class Button:
    """A button; `action` is the action_id, `value` an opaque id, never a secret."""

    action: str
    label: str
    value: str
    style: Style = Style.PLAIN
    url: str = ""


@value
class Buttons:
    buttons: tuple[Button, ...]


@value
class Rule:
    """A dividing line."""


Part = Text | Facts | Quote | Diff | Code | Buttons | Rule


@value
class Report:
    """A whole message, modal or page. `headline` alone must say what matters: it is the notification's text.

    For a modal, `submit` is the submit button's label (empty: none), `callback` its callback_id and `private` what its
    submission carries back.
    """

    headline: str
    parts: tuple[Part, ...] = ()
    submit: str = ""
    close: str = ""
    callback: str = ""
    private: str = ""
