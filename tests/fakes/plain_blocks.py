"""Block Kit as Slack's reference has it, as a judge: `problems` names everything that Slack would refuse.

Written from docs.slack.dev/reference/block-kit alone, and not from the sandbox, so that a mistake of one shows by the
other. It knows what a bot like ours may send, and refuses the rest.
"""

from collections.abc import Iterator

Json = dict[str, object]

TEXTS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
KEYS = {
    "header": {"type", "block_id", "text"},
    "divider": {"type", "block_id"},
    "section": {"type", "block_id", "text", "fields", "accessory", "expand"},
    "context": {"type", "block_id", "elements"},
    "actions": {"type", "block_id", "elements"},
    "context_actions": {"type", "block_id", "elements"},
    "rich_text": {"type", "block_id", "elements"},
    "input": {"type", "block_id", "label", "element", "hint", "optional", "dispatch_action"},
}
LEAVES = {
    "text": {"type", "text", "style"},
    "link": {"type", "url", "text", "style", "unsafe"},
    "user": {"type", "user_id", "style"},
    "channel": {"type", "channel_id", "style"},
    "usergroup": {"type", "usergroup_id", "style"},
    "emoji": {"type", "name", "unicode", "style"},
    "date": {"type", "timestamp", "format", "url", "fallback", "style"},
}
STYLES = {"bold", "italic", "strike", "underline", "code"}
BUTTON = {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}


def problems(blocks: object, *, limit: int, inputs: bool = False) -> list[str]:
    """Return what is wrong with the blocks of a message (limit 50) or of a view (limit 100, and inputs in modals)."""
    if not isinstance(blocks, list):
        return ["blocks: not an array"]
    found = [f"blocks: {len(blocks)} of them, at most {limit}"] if len(blocks) > limit else []
    ids: set[object] = set()
    for at, block in enumerate(blocks):
        place = f"/blocks/{at}"
        if not isinstance(block, dict):
            found.append(f"{place}: not an object")
            continue
        found += [f"{place}{each}" for each in _block(block, inputs=inputs)]
        named = block.get("block_id")
        if named is not None:
            if not isinstance(named, str) or not 1 <= len(named) <= 255 or named in ids:
                found.append(f"{place}/block_id: wrong or taken")
            ids.add(named)
    return found


def _block(block: Json, *, inputs: bool) -> Iterator[str]:
    kind = block.get("type")
    if kind not in KEYS or (kind == "input" and not inputs):
        yield f": unsupported block {kind!r}"
        return
    yield from _stray(block, KEYS[str(kind)])
    if kind == "header":
        yield from _text(block.get("text"), "/text", 150, ("plain_text",))
    elif kind == "section":
        yield from _section(block)
    elif kind == "context":
        yield from _row(block, 10, _context)
    elif kind == "actions":
        yield from _row(block, 25, _button)
        yield from _doubled(block)
    elif kind == "context_actions":
        yield from _row(block, 5, _feedback)
    elif kind == "rich_text":
        yield from _row(block, 10_000, _rich)
    elif kind == "input":
        yield from _text(block.get("label"), "/label", 2000, ("plain_text",))
        if not isinstance(block.get("element"), dict):
            yield "/element: missing"


def _stray(thing: Json, known: set[str]) -> Iterator[str]:
    for name in sorted(set(thing) - known):
        yield f"/{name}: no such property"


def _text(thing: object, place: str, limit: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(thing, dict) or thing.get("type") not in kinds:
        yield f"{place}: expected a {' or '.join(kinds)} object"
        return
    yield from (f"{place}{each}" for each in _stray(thing, TEXTS[str(thing["type"])]))
    said = thing.get("text")
    if not isinstance(said, str) or not 1 <= len(said) <= limit:
        yield f"{place}: {len(said) if isinstance(said, str) else 'no'} characters, 1 to {limit} are taken"


def _section(block: Json) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield ": a section needs text or fields"
    if "text" in block:
        yield from _text(block["text"], "/text", 3000)
    fields = block.get("fields", [])
    if not isinstance(fields, list) or ("fields" in block and not 1 <= len(fields) <= 10):
        yield "/fields: 1 to 10 are taken"
        return
    for at, field in enumerate(fields):
        yield from _text(field, f"/fields/{at}", 2000)
    if "accessory" in block:
        yield from (f"/accessory{each}" for each in _button(block["accessory"]))


def _row(block: Json, limit: int, judge) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= limit:
        yield f"/elements: 1 to {limit} are taken"
        return
    for at, element in enumerate(elements):
        yield from (f"/elements/{at}{each}" for each in judge(element))


def _context(element: object) -> Iterator[str]:
    if isinstance(element, dict) and element.get("type") == "image":
        if not element.get("alt_text") or not (element.get("image_url") or element.get("slack_file")):
            yield ": an image needs alt_text and an address"
        return
    yield from _text(element, "", 3000)


def _identifier(element: Json) -> Iterator[str]:
    action = element.get("action_id")
    if action is not None and (not isinstance(action, str) or not 1 <= len(action) <= 255):
        yield "/action_id: 1 to 255 characters are taken"


def _button(element: object) -> Iterator[str]:
    if not isinstance(element, dict) or element.get("type") != "button":
        yield ": unsupported element"
        return
    yield from _stray(element, BUTTON)
    yield from _text(element.get("text"), "/text", 75, ("plain_text",))
    yield from _identifier(element)
    value, url = element.get("value"), element.get("url")
    if value is not None and (not isinstance(value, str) or len(value) > 2000):
        yield "/value: too long"
    if url is not None and (not isinstance(url, str) or len(url) > 3000 or not url.startswith(("http://", "https://"))):
        yield "/url: not an address"
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "/style: primary or danger"


def _doubled(block: Json) -> Iterator[str]:
    elements = block.get("elements")
    actions = (
        [each.get("action_id") for each in elements if isinstance(each, dict)] if isinstance(elements, list) else []
    )
    if len(actions) != len(set(actions)):
        yield "/elements: the same action_id twice"


def _feedback(element: object) -> Iterator[str]:
    if not isinstance(element, dict) or element.get("type") not in {"feedback_buttons", "icon_button"}:
        yield ": unsupported element"
        return
    yield from _identifier(element)
    if element["type"] == "feedback_buttons":
        yield from _stray(element, {"type", "action_id", "positive_button", "negative_button"})
        for name in ("positive_button", "negative_button"):
            half = element.get(name)
            if not isinstance(half, dict) or not isinstance(half.get("value"), str) or len(half["value"]) > 2000:
                yield f"/{name}: needs a text and a value"
                continue
            yield from _text(half.get("text"), f"/{name}/text", 75, ("plain_text",))


def _rich(element: object) -> Iterator[str]:
    kinds = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
    if not isinstance(element, dict) or element.get("type") not in kinds:
        yield ": unsupported rich text"
        return
    yield from _stray(element, {"type", "elements", "style", "indent", "offset", "border", "language"})
    inner = element.get("elements")
    if not isinstance(inner, list) or not inner:
        yield "/elements: empty"
        return
    for at, each in enumerate(inner):
        judged = _rich(each) if element["type"] == "rich_text_list" else _leaf(each)
        yield from (f"/elements/{at}{problem}" for problem in judged)


def _leaf(element: object) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if not isinstance(element, dict) or kind not in LEAVES:
        yield f": unsupported rich text element {kind!r}"
        return
    yield from _stray(element, LEAVES[str(kind)])
    if kind == "text" and not (isinstance(element.get("text"), str) and element["text"]):
        yield "/text: empty"
    if kind == "link" and not str(element.get("url", "")).startswith(("http://", "https://")):
        yield "/url: not an address"
    for name in ("user_id", "channel_id"):
        if kind == name.removesuffix("_id") and not str(element.get(name, "")).isalnum():
            yield f"/{name}: no id"
    style = element.get("style", {})
    if not isinstance(style, dict) or set(style) - STYLES:
        yield "/style: unknown"


def view_problems(view: object, *, kind: str) -> list[str]:
    """Return what is wrong with a view; `kind` is the one that the method takes."""
    if not isinstance(view, dict):
        return ["view: not an object"]
    found: list[str] = []
    known = {"type", "title", "submit", "close", "blocks", "callback_id", "private_metadata", "external_id"}
    found += _stray(view, known | {"clear_on_close", "notify_on_close", "submit_disabled"})
    if view.get("type") != kind:
        found.append(f"/type: {view.get('type')!r}, expected {kind}")
    if kind == "modal":
        found += _text(view.get("title"), "/title", 24, ("plain_text",))
        for name in ("submit", "close"):
            found += _text(view[name], f"/{name}", 24, ("plain_text",)) if name in view else ()
    for name, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        said = view.get(name, "")
        if not isinstance(said, str) or len(said) > limit:
            found.append(f"/{name}: at most {limit} characters")
    found += problems(view.get("blocks"), limit=100, inputs=kind == "modal")
    blocks = view.get("blocks")
    asks = isinstance(blocks, list) and any(isinstance(each, dict) and each.get("type") == "input" for each in blocks)
    if asks and "submit" not in view:
        found.append("/submit: a modal with inputs needs it")
    return found
