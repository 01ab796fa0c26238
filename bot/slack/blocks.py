"""Reports as Block Kit: a message, a modal, a Home tab. Every limit of Slack's holds by construction.

Strangers' text goes into rich text alone; headings, buttons and small print are plain_text and hold our words. No
mrkdwn object is ever made. What does not fit is left out and said so. Limits: docs.slack.dev/reference/block-kit.
"""

from collections.abc import Iterable
from typing import Any

from bot.domain.report import Button, Buttons, Code, Diff, Facts, Part, Quote, Report, Style, Text, Tone
from bot.slack import rich_text as rich
from bot.slack.plain_text import NO_TEXT, fallback_text

Block = dict[str, Any]

__all__ = ["fallback_text", "render_home", "render_message", "render_modal"]

MESSAGE_BLOCKS, MESSAGE_CHARS = 50, 11_000
VIEW_BLOCKS, VIEW_CHARS = 100, 16_000
MESSAGE_CODE, VIEW_CODE = 2_800, 8_000
HEADER, BUTTON, TITLE, CONTEXT = 150, 75, 24, 1_000
VALUE, PRIVATE, IDENTIFIER = 2_000, 3_000, 255
MAX_BUTTONS = 25
MAX_BUTTON_ROWS = 4
NAME = "CodeHealer"


def render_message(report: Report) -> tuple[str, list[Block]]:
    """Return the `text` (at most 3,900 characters, the headline first) and the `blocks` (at most 50, never empty)."""
    blocks = _capped([*_headline(report), *_parts(report.parts, MESSAGE_CODE)], MESSAGE_BLOCKS, MESSAGE_CHARS)
    return fallback_text(report), blocks


def render_modal(report: Report, *, external_id: str) -> dict[str, Any]:
    """Return the modal. A headline of up to 24 characters is its title, a longer one stands first in it.

    A submission that could not carry its `private` whole would be about nothing: then there is no submit button.
    """
    titled = bool(report.parts) and 0 < len(rich.clean(report.headline).strip()) <= TITLE
    first = [] if titled else _headline(report)
    view: dict[str, Any] = {
        "type": "modal",
        "title": _plain(report.headline if titled else NAME, TITLE),
        "close": _plain(report.close or "Close", TITLE),
        "blocks": _capped([*first, *_parts(report.parts, VIEW_CODE)], VIEW_BLOCKS, VIEW_CHARS),
    }
    whole = len(report.private) <= PRIVATE
    if report.submit and whole:
        view["submit"] = _plain(report.submit, TITLE)
    if report.callback:
        view["callback_id"] = report.callback[:IDENTIFIER]
    if report.private and whole:
        view["private_metadata"] = report.private
    if external_id:
        view["external_id"] = external_id[:IDENTIFIER]
    return view


def render_home(report: Report) -> dict[str, Any]:
    """Return the Home tab."""
    blocks = [*_headline(report), *_parts(report.parts, VIEW_CODE)]
    return {"type": "home", "blocks": _capped(blocks, VIEW_BLOCKS, VIEW_CHARS)}


def _headline(report: Report) -> list[Block]:
    """Return the headline as a header; as running text when it is an answer by itself, or too long for a header."""
    said = rich.clean(report.headline).strip() or NO_TEXT
    if report.parts and len(said) <= HEADER:
        return [_header(said)]
    return rich.block(rich.section(rich.text(rich.shortened(said, rich.TEXT_CHARS), bold=bool(report.parts))))


def _parts(parts: Iterable[Part], code: int) -> list[Block]:
    """Return the parts as blocks. Running texts that follow each other share a block, a line each."""
    blocks: list[Block] = []
    running: list[list[rich.Element]] = []
    links = 0
    for part in parts:
        if isinstance(part, Text) and not _apart(part):
            running.append(_line(part))
            continue
        blocks += _paragraphs(running)
        running = []
        blocks += _buttons(part, links) if isinstance(part, Buttons) else _block(part, code)
        links += sum(bool(button.url) for button in part.buttons) if isinstance(part, Buttons) else 0
    return [*blocks, *_paragraphs(running)]


def _apart(part: Text) -> bool:
    """Whether a text is set as a block of its own: a heading, or small print of our own words alone."""
    strangers = part.quoted or part.user or part.channel
    return part.tone is Tone.HEADING or (part.tone is Tone.SMALL and not strangers)


def _line(part: Text) -> list[rich.Element]:
    said, quoted = rich.shortened(part.text, rich.TEXT_CHARS), rich.shortened(part.quoted, rich.TEXT_CHARS)
    label = said.endswith(":") and part.tone is not Tone.SMALL and len(part.text) <= rich.NAME_CHARS
    pieces = [
        rich.text(said, bold=label),
        rich.user(part.user) if part.user else [],
        rich.channel(part.channel) if part.channel else [],
        rich.link(quoted, part.url) if part.url else rich.text(quoted),
    ]
    return _joined([piece for piece in pieces if piece], " ")


def _joined(pieces: list[list[rich.Element]], between: str) -> list[rich.Element]:
    elements: list[rich.Element] = []
    for piece in pieces:
        elements += [*rich.text(between), *piece] if elements else piece
    return elements


def _paragraphs(lines: list[list[rich.Element]]) -> list[Block]:
    """Return the lines in as few blocks as hold them."""
    blocks: list[Block] = []
    group: list[list[rich.Element]] = []
    used = 0
    for line in (each for each in lines if each):
        size = _size(line)
        if group and used + size > rich.BLOCK_CHARS:
            blocks += rich.block(rich.section(_joined(group, "\n")))
            group, used = [], 0
        group.append(line)
        used += size + 1
    return [*blocks, *rich.block(rich.section(_joined(group, "\n")))]


def _block(part: Part, code: int) -> list[Block]:
    if isinstance(part, Text):
        return _set_apart(part)
    if isinstance(part, Facts):
        return _facts(part)
    if isinstance(part, Quote):
        return _titled(rich.link(part.source, part.url), rich.numbered(part.lines), MESSAGE_CODE)
    if isinstance(part, Diff):
        return _titled(rich.text(rich.cut(part.title, rich.NAME_CHARS), bold=True), rich.signed(part.lines), code)
    if isinstance(part, Code):
        lines = rich.clean(part.text, 4 * code).split("\n") + _beyond(part.text, 4 * code)
        return _titled(rich.text(rich.cut(part.title, rich.NAME_CHARS), bold=True), lines, code)
    return [{"type": "divider"}]


def _set_apart(part: Text) -> list[Block]:
    """Return a heading, or small print; what a heading quotes stands under it."""
    if not rich.clean(part.text):
        return _paragraphs([_line(part)])
    if part.tone is Tone.SMALL:
        return [{"type": "context", "elements": [_plain(part.text, CONTEXT)]}]
    rest = Text(text="", quoted=part.quoted, user=part.user, channel=part.channel, url=part.url)
    return [_header(part.text), *_paragraphs([_line(rest)])]


def _beyond(text: str, most: int) -> list[str]:
    return [f"… {len(text) - most:,} more characters"] if len(text) > most else []


def _facts(part: Facts) -> list[Block]:
    lines = []
    for what, said in part.pairs[: rich.MAX_PAIRS]:
        shown = rich.shortened(said, rich.TEXT_CHARS)
        if shown:
            lines.append([*rich.text(f"{rich.cut(what, rich.NAME_CHARS)}: ", bold=True), *rich.text(shown)])
    left = len(part.pairs) - rich.MAX_PAIRS
    if left > 0:
        lines.append(rich.text(f"… {left:,} more"))
    return _paragraphs(lines)


def _titled(title: list[rich.Element], lines: list[str], room: int) -> list[Block]:
    """Return a title and preformatted lines under it, in as many blocks as they need."""
    texts = rich.chunks(lines, room)
    first = rich.block([*rich.section(title), *rich.preformatted(texts[0] if texts else "")])
    return [*first, *(each for text in texts[1:] for each in rich.block(rich.preformatted(text)))]


def _buttons(part: Buttons, links: int) -> list[Block]:
    """Return rows of buttons: at most 25 in one, and no action id twice in one. `links`: how many links came before."""
    rows: list[list[Block]] = []
    taken: set[str] = set()
    for button in part.buttons:
        if button.url and not rich.is_url(button.url):
            continue
        links += bool(button.url)
        drawn = _button(button, f"heal_link_{links}" if button.url else button.action)
        if not rows or drawn["action_id"] in taken or len(rows[-1]) == MAX_BUTTONS:
            rows.append([])
            taken = set()
        rows[-1].append(drawn)
        taken.add(drawn["action_id"])
    return [{"type": "actions", "elements": row} for row in rows[:MAX_BUTTON_ROWS]]


def _button(button: Button, action: str) -> Block:
    drawn: Block = {
        "type": "button",
        "action_id": action[:IDENTIFIER] or "heal_none",
        "text": _plain(button.label, BUTTON, emoji=True),
    }
    if button.value:
        drawn["value"] = button.value[:VALUE]
    if button.url:
        drawn["url"] = button.url
    if button.style is not Style.PLAIN:
        drawn["style"] = button.style.value
    return drawn


def _header(said: str) -> Block:
    return {"type": "header", "text": _plain(said, HEADER)}


def _plain(said: str, most: int, *, emoji: bool = False) -> Block:
    """Return a plain_text object. Without `emoji`, `:names:` in it stay what they are."""
    return {"type": "plain_text", "text": rich.cut(said, most).replace("\n", " ").strip() or "…", "emoji": emoji}


def _capped(blocks: list[Block], most: int, room: int) -> list[Block]:
    """Return the blocks within both limits. Buttons always stay; of the rest the first ones do, and it is said so."""
    buttons = sum(block["type"] == "actions" for block in blocks)
    free = most - min(buttons, MAX_BUTTON_ROWS)
    others = len(blocks) - buttons
    free -= others > free
    kept: list[Block] = []
    shown = rows = used = left = 0
    for block in blocks:
        if block["type"] == "actions":
            rows += 1
            if rows <= MAX_BUTTON_ROWS:
                kept.append(block)
            continue
        size = _size([block])
        if left or shown >= free or used + size > room:
            left += 1
            continue
        kept.append(block)
        shown, used = shown + 1, used + size
    return [*kept, *_left_out(left)]


def _left_out(many: int) -> list[Block]:
    if not many:
        return []
    said = f"… {many:,} more {'part is' if many == 1 else 'parts are'} not shown"
    return [{"type": "context", "elements": [_plain(said, CONTEXT)]}]


def _size(things: list[Any]) -> int:
    """Return how many characters of text a block or its elements hold."""
    total = 0
    for thing in things:
        said = thing.get("text")
        total += len(said) if isinstance(said, str) else _size([said]) if isinstance(said, dict) else 0
        inner = thing.get("elements")
        total += _size(inner) if isinstance(inner, list) else 0
    return total
