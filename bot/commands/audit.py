"""`audit`: the chain of what was done. It reads beside a running bot and never writes."""

import json
from collections.abc import Callable

from bot.bootstrap import audit_key, peek
from bot.domain.audit import first_break
from bot.domain.values import plain
from bot.settings import Settings

ALL = 10_000_000


def verify(settings: Settings, write: Callable[[str], object]) -> int:
    """Return 0 for a whole chain, 1 for a broken one, naming the first record that does not fit."""
    records = peek(settings).audit("", ALL)
    broken = first_break(records, audit_key(settings))
    if broken is None:
        write(f"the audit chain is whole: {len(records)} records\n")
        return 0
    write(f"the audit chain is broken at record {broken}: it or one before it was changed, or the key is another\n")
    return 1


def show(settings: Settings, incident: str, limit: int, *, as_json: bool, write: Callable[[str], object]) -> int:
    """Print records, oldest first: text, or one JSON object a line."""
    for record in peek(settings).audit(f"incident:{incident}" if incident else "", limit):
        if as_json:
            write(json.dumps(plain(record), ensure_ascii=False) + "\n")
        else:
            detail = f"  {record.detail}" if record.detail else ""
            write(
                f"{record.seq:>6}  {record.at:%Y-%m-%d %H:%M:%S}Z  {record.actor}  {record.verb}  {record.subject}{detail}\n"
            )
    return 0
