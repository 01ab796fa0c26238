"""Rich text of Block Kit: the only place where strangers' text goes, since nothing in it is ever read as markup.

Every text is cleaned here of what a terminal would act on and of what hides or reorders characters. Limits:
docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

import re
from typing import Any

from bot.domain.action import DiffLine
from bot.domain.report import QuotedLine
from knowledge.text.clean import strip_terminal

Element = dict[str, Any]

BLOCK_CHARS = 2_900
TEXT_CHARS = 1_500
LINE_CHARS = 600
NAME_CHARS = 80
MAX_PAIRS = 40
LEAST_PIECE = 80
MAX_URL = 3_000

_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,30}")
_URL = re.compile(r"https?://[!-~]{1,2990}")
_SIGNS = frozenset("+-")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str, most: int = 12_000) -> str:
    """Return the text as it is shown: without control, bidi and zero-width characters, at most `most` characters of it."""
    return _SURROGATE.sub("\ufffd", strip_terminal(text[:most]))


def cut(text: str, most: int) -> str:
    """Return the text cleaned and at most `most` long, with an ellipsis where something is left out."""
    shown = clean(text, 4 * most)
    room = most // width(shown)
    return shown if len(shown) <= room and len(text) <= 4 * most else f"{shown[: room - 1]}…"


def width(text: str) -> int:
    """Return 2 for a text with characters beyond U+FFFF, else 1: Slack may count in UTF-16 units."""
    return 2 if text and max(text) > "\uffff" else 1


def shortened(text: str, most: int) -> str:
    """Return the text cleaned, and where it is too long, how much of it is left out: `… 187,100 more characters`."""
    if len(text) <= most:
        return clean(text)
    return f"{clean(text[:most])} … {len(text) - most:,} more characters"


def fold(lines: list[str], room: int) -> list[str]:
    """Return the leading lines that fit into `room` characters and, where some do not, a last line that says how many."""
    shown: list[str] = []
    used = 0
    for at, line in enumerate(lines):
        if used + len(line) + 1 <= room:
            shown.append(line)
            used += len(line) + 1
            continue
        left = len(lines) - at
        piece = room - used
        if piece >= LEAST_PIECE:
            shown.append(line[:piece])
            rest = f" and {_lines(left - 1)}" if left > 1 else ""
            return [*shown, f"… {len(line) - piece:,} more characters{rest}"]
        return [*shown, f"… {_lines(left)}"]
    return shown


def _lines(many: int) -> str:
    return f"{many:,} more {'line' if many == 1 else 'lines'}"


def text(said: str, *, bold: bool = False) -> list[Element]:
    """Return a text element; none for the empty text, which Slack refuses."""
    if not said:
        return []
    return [{"type": "text", "text": said, "style": {"bold": True}} if bold else {"type": "text", "text": said}]


def user(user_id: str) -> list[Element]:
    """Return a mention; what is not a Slack user's id is shown as it is."""
    if _USER.fullmatch(user_id):
        return [{"type": "user", "user_id": user_id}]
    return text(cut(user_id, NAME_CHARS))


def channel(channel_id: str) -> list[Element]:
    """Return a channel's name as a link to it; what is not a channel (a direct message) is said in words."""
    if _CHANNEL.fullmatch(channel_id):
        return [{"type": "channel", "channel_id": channel_id}]
    return text("a direct message")


def link(label: str, url: str) -> list[Element]:
    """Return a link; where the url is none, the label alone."""
    shown = cut(label, 300)
    if shown and _URL.fullmatch(url):
        return [{"type": "link", "url": url, "text": shown}]
    return text(shown)


def is_user(user_id: str) -> bool:
    return _USER.fullmatch(user_id) is not None


def is_channel(channel_id: str) -> bool:
    return _CHANNEL.fullmatch(channel_id) is not None


def is_url(url: str) -> bool:
    """Whether this may be the url of a button or a link."""
    return _URL.fullmatch(url) is not None


def section(elements: list[Element]) -> list[Element]:
    """Return a section of rich text; none when there is nothing in it."""
    return [{"type": "rich_text_section", "elements": elements}] if elements else []


def preformatted(said: str) -> list[Element]:
    """Return a preformatted element; none for the empty text."""
    return [{"type": "rich_text_preformatted", "elements": text(said)}] if said else []


def block(elements: list[Element]) -> list[Element]:
    """Return a rich text block; none when there is nothing in it."""
    return [{"type": "rich_text", "elements": elements}] if elements else []


def numbered(lines: tuple[QuotedLine, ...]) -> list[str]:
    """Return quoted lines behind their numbers: `  42 │ …`. The text is verbatim but for what `clean` takes out."""
    width = max((len(str(line.number)) for line in lines), default=0)
    return [f"{line.number:>{width}} │ {one_line(line.text)}" for line in lines]


def signed(lines: tuple[DiffLine, ...]) -> list[str]:
    """Return a diff's lines behind their signs; what is no sign is a space."""
    return [f"{line.sign if line.sign in _SIGNS else ' '} {one_line(line.text)}" for line in lines]


def one_line(said: str) -> str:
    """Return the text cleaned, on one line."""
    return shortened(said, LINE_CHARS).replace("\n", " ")


def chunks(lines: list[str], room: int) -> list[str]:
    """Return the lines, folded into `room` characters, as texts that each fit into one block."""
    whole = "\n".join(fold(lines, room))
    cut_up: list[str] = []
    while len(whole) > BLOCK_CHARS:
        at = whole.rfind("\n", 1, BLOCK_CHARS)
        at = at if at > 0 else BLOCK_CHARS
        cut_up.append(whole[:at])
        whole = whole[at:].removeprefix("\n")
    return [*cut_up, whole] if whole else cut_up
