"""Everything readable in a message's text, blocks, attachments and files, in reading order, as lines, fields and links.

Bounded: MAX_NODES elements, MAX_DEPTH levels, MAX_LINKS links and MAX_TEXT characters; what goes beyond is left out.
An unfurl (an attachment that Slack or an app made from a link in the message) is another page's text and is left out.
Facts: docs.slack.dev/reference/block-kit/blocks and /messaging/formatting-message-text (legacy attachments).
"""

import re
from collections.abc import Callable, Mapping

from bot.domain.alert import Field, Link
from bot.intake.wording import headline
from bot.slack.mrkdwn import read_markdown, read_mrkdwn, tidy_url, unescape
from bot.slack.shapes import MAX_PIECE, read_list, read_object, read_text

MAX_TEXT = 20_000
MAX_NODES = 2_000
MAX_DEPTH = 8
MAX_LINKS = 60
MAX_FIELDS = 60
STOCK = ("this content can't be displayed.", "[no preview available]", "this content can’t be displayed.")
_TITLED = re.compile(r"\*([^*\n]{1,60}?)\s?:?\*\s?:?[ \t]*\n?(.*)", re.DOTALL)


class Reader:
    """Collects a message's readable parts. `titles` holds candidates for the headline, each with its rank."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fields: list[Field] = []
        self.links: list[Link] = []
        self.titles: list[tuple[int, str]] = []
        self._seen: set[str] = set()
        self._size = 0
        self._nodes = 0

    @property
    def title(self) -> str:
        """The headline: the best ranked candidate, the first of equals, else the first line."""
        if self.titles:
            return min(self.titles, key=lambda each: each[0])[1]
        return headline(self.lines[0]) if self.lines else ""

    def enter(self) -> bool:
        """Count one element; False when the message has had more than enough."""
        self._nodes += 1
        return self._nodes <= MAX_NODES and self._size < MAX_PIECE

    def say(self, text: str, rank: int, *, once: bool = True) -> None:
        """Add lines; one that was said before is left out if `once`. Lower ranks make better headlines."""
        is_first, said = True, []
        for raw in text.split("\n"):
            line = raw.rstrip()
            clean = headline(line)
            if not clean:
                continue
            if is_first and clean.lower() not in STOCK:
                self.titles.append((rank, clean))
            is_first = False
            if (once and clean in self._seen) or clean.lower() in STOCK or self._size >= MAX_PIECE:
                continue
            said.append(clean)
            self._size += len(line) + 1
            self.lines.append(line)
        self._seen.update(said)

    def mrkdwn(self, text: str, rank: int) -> None:
        """Add a mrkdwn text."""
        if text:
            self.say(read_mrkdwn(text, self.links), rank)

    def field(self, title: str, text: str) -> None:
        """Add a titled value; one without a title is a line."""
        title, text = headline(read_mrkdwn(title, self.links)).rstrip(" :"), read_mrkdwn(text, self.links).strip()
        if not title:
            self.say(text, 6)
        elif len(self.fields) < MAX_FIELDS:
            self.fields.append(Field(title=title, text=text))
            self.say(f"{title}: {text}" if text else title, 8, once=False)

    def link(self, url: str, label: str) -> None:
        """Add a link that is not in the text: a title's or a button's."""
        if url.startswith(("http://", "https://")):
            self.links.append(Link(url=tidy_url(url), label=headline(unescape(label))))

    # -- text, files, attachments

    def read_message(self, message: Mapping[str, object], place: str) -> None:
        """Add a message: its text, its blocks, its attachments, its files' names. Raises Unreadable."""
        text = read_text(message.get("text"), f"{place}.text")
        if text.strip().lower() not in STOCK:
            self.mrkdwn(text, 1)
        self.read_blocks(message.get("blocks"), f"{place}.blocks", 2, 0)
        for at, each in enumerate(read_list(message.get("attachments"), f"{place}.attachments", 100)):
            self._attachment(read_object(each, f"{place}.attachments[{at}]"), f"{place}.attachments[{at}]")
        for at, each in enumerate(read_list(message.get("files"), f"{place}.files", 20)):
            file = read_object(each, f"{place}.files[{at}]")
            name = read_text(file.get("title") or file.get("name"), f"{place}.files[{at}].name", 300)
            if name:
                self.say(f"file: {unescape(name)}", 8)

    def _attachment(self, part: Mapping[str, object], place: str) -> None:
        if is_unfurl(part) or not self.enter():
            return
        before = len(self.lines)
        self.mrkdwn(read_text(part.get("pretext"), f"{place}.pretext"), 3)
        title = read_text(part.get("title"), f"{place}.title", 3000)
        author = read_text(part.get("author_name"), f"{place}.author_name", 300)
        if author and author != title:
            self.say(unescape(author), 9)
        self.mrkdwn(title, 3)
        self.link(read_text(part.get("title_link"), f"{place}.title_link", 3000), title)
        self.mrkdwn(read_text(part.get("text"), f"{place}.text"), 5)
        for at, each in enumerate(read_list(part.get("fields"), f"{place}.fields", 100)):
            field, here = read_object(each, f"{place}.fields[{at}]"), f"{place}.fields[{at}]"
            self.field(
                read_text(field.get("title"), f"{here}.title", 300), read_text(field.get("value"), f"{here}.value")
            )
        self.read_blocks(part.get("blocks"), f"{place}.blocks", 5, 1)
        for at, each in enumerate(read_list(part.get("actions"), f"{place}.actions", 25)):
            self._button(read_object(each, f"{place}.actions[{at}]"), f"{place}.actions[{at}]")
        fallback = read_text(part.get("fallback"), f"{place}.fallback")
        if len(self.lines) == before:
            self.mrkdwn(fallback, 7)
        elif fallback.lower() not in STOCK:
            self.titles.append((7, headline(read_mrkdwn(fallback.split("\n", 1)[0], []))))
        self.mrkdwn(read_text(part.get("footer"), f"{place}.footer", 1000), 9)

    # -- blocks

    def read_blocks(self, blocks: object, place: str, rank: int, depth: int) -> None:
        """Add a list of blocks. Unknown blocks say what their `text` says. Raises Unreadable."""
        for at, each in enumerate(read_list(blocks, place, 100)):
            if not self.enter() or depth > MAX_DEPTH:
                return
            here = f"{place}[{at}]"
            block = read_object(each, here)
            kind = read_text(block.get("type"), f"{here}.type", 60)
            _BLOCKS.get(kind, Reader.read_section)(self, block, here, rank)

    def _text_object(self, thing: object, place: str) -> str:
        """Return a text object's text; the plain kind has escapes too, but no links."""
        if isinstance(thing, str):
            return read_mrkdwn(read_text(thing, place), self.links)
        part = read_object(thing, place)
        text = read_text(part.get("text"), f"{place}.text")
        return unescape(text) if part.get("type") == "plain_text" else read_mrkdwn(text, self.links)

    def read_section(self, block: Mapping[str, object], place: str, rank: int) -> None:
        self.say(self._text_object(block.get("text"), f"{place}.text"), rank)
        for at, each in enumerate(read_list(block.get("fields"), f"{place}.fields", 10)):
            part = read_object(each, f"{place}.fields[{at}]")
            text = read_text(part.get("text"), f"{place}.fields[{at}].text")
            titled = _TITLED.match(text.strip())
            self.field(titled[1] if titled else "", titled[2] if titled else text)
        self._button(read_object(block.get("accessory"), f"{place}.accessory"), f"{place}.accessory")

    def read_header(self, block: Mapping[str, object], place: str, _rank: int) -> None:
        self.say(self._text_object(block.get("text"), f"{place}.text"), 0)

    def read_context(self, block: Mapping[str, object], place: str, _rank: int) -> None:
        for at, each in enumerate(read_list(block.get("elements"), f"{place}.elements", 10)):
            part = read_object(each, f"{place}.elements[{at}]")
            if part.get("type") != "image":
                self.say(self._text_object(part, f"{place}.elements[{at}]"), 7)

    def read_actions(self, block: Mapping[str, object], place: str, _rank: int) -> None:
        for at, each in enumerate(read_list(block.get("elements"), f"{place}.elements", 25)):
            self._button(read_object(each, f"{place}.elements[{at}]"), f"{place}.elements[{at}]")

    def _button(self, part: Mapping[str, object], place: str) -> None:
        url = part.get("url")
        if url is None:
            return
        label = part.get("text")
        said = label if isinstance(label, str) else read_object(label, f"{place}.text").get("text")
        self.link(read_text(url, f"{place}.url", 3000), read_text(said, f"{place}.text", 300))

    def read_markdown(self, block: Mapping[str, object], place: str, rank: int) -> None:
        self.say(read_markdown(read_text(block.get("text"), f"{place}.text"), self.links), rank)

    def read_image(self, block: Mapping[str, object], place: str, _rank: int) -> None:
        self.say(self._text_object(block.get("title"), f"{place}.title"), 8)
        self.say(read_text(block.get("alt_text"), f"{place}.alt_text", 2000), 8)

    def read_table(self, block: Mapping[str, object], place: str, _rank: int) -> None:
        for at, row in enumerate(read_list(block.get("rows"), f"{place}.rows", 100)):
            cells = []
            for column, each in enumerate(read_list(row, f"{place}.rows[{at}]", 20)):
                here = f"{place}.rows[{at}][{column}]"
                cell = read_object(each, here)
                cells.append(
                    " ".join(self._rich(cell, here, 0).split())
                    if "elements" in cell
                    else read_text(cell.get("text"), here)
                )
            self.say(" | ".join(cells), 8, once=False)

    def read_rich_text(self, block: Mapping[str, object], place: str, rank: int) -> None:
        self.say(self._rich(block, place, 0), rank)

    def _rich(self, part: Mapping[str, object], place: str, depth: int) -> str:
        """Return what a rich_text element says; lists, quotes and code begin on lines of their own."""
        if depth > MAX_DEPTH or not self.enter():
            return ""
        kind = part.get("type")
        leaf = _LEAVES.get(kind) if isinstance(kind, str) else None
        if leaf is not None:
            return leaf(self, part, place)
        mark = "\n• " if kind == "rich_text_list" else ""
        said = [
            mark + self._rich(read_object(each, f"{place}.elements[{at}]"), f"{place}.elements[{at}]", depth + 1)
            for at, each in enumerate(read_list(part.get("elements"), f"{place}.elements", 500))
        ]
        own_line = kind in {"rich_text_list", "rich_text_quote", "rich_text_preformatted", "rich_text_section"}
        return ("\n" if own_line and not mark and depth == 1 else "") + "".join(said)

    def said_text(self, part: Mapping[str, object], place: str) -> str:
        return read_text(part.get("text"), f"{place}.text")

    def said_link(self, part: Mapping[str, object], place: str) -> str:
        url, text = read_text(part.get("url"), f"{place}.url", 3000), read_text(part.get("text"), f"{place}.text")
        if url.startswith(("http://", "https://")):
            self.links.append(Link(url=tidy_url(url), label=headline(text)))
        return text or url

    def said_emoji(self, part: Mapping[str, object], place: str) -> str:
        return f":{read_text(part.get('name'), f'{place}.name', 80)}:"

    def said_mention(self, part: Mapping[str, object], place: str) -> str:
        named = part.get("user_id") or part.get("usergroup_id") or part.get("channel_id") or part.get("range")
        return f"@{read_text(named, place, 40)}"

    def said_date(self, part: Mapping[str, object], place: str) -> str:
        return read_text(part.get("fallback"), f"{place}.fallback", 200)


_Block = Callable[[Reader, Mapping[str, object], str, int], None]
_BLOCKS: dict[str, _Block] = {
    "header": Reader.read_header,
    "section": Reader.read_section,
    "context": Reader.read_context,
    "actions": Reader.read_actions,
    "context_actions": Reader.read_actions,
    "markdown": Reader.read_markdown,
    "image": Reader.read_image,
    "table": Reader.read_table,
    "rich_text": Reader.read_rich_text,
    "divider": lambda *_: None,
}
_LEAVES: dict[str, Callable[[Reader, Mapping[str, object], str], str]] = {
    "text": Reader.said_text,
    "raw_text": Reader.said_text,
    "link": Reader.said_link,
    "emoji": Reader.said_emoji,
    "user": Reader.said_mention,
    "usergroup": Reader.said_mention,
    "channel": Reader.said_mention,
    "broadcast": Reader.said_mention,
    "date": Reader.said_date,
}


def is_unfurl(part: Mapping[str, object]) -> bool:
    """Whether an attachment shows another page or message, not what the sender wrote."""
    return bool(part.get("from_url") or part.get("is_msg_unfurl") or part.get("is_app_unfurl") or part.get("is_share"))
