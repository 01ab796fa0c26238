"""What breaks inside the sandbox is told, and ends nothing: a world that stands still in silence looks like one at peace.

The first time of each trouble goes to stderr with its traceback and to who listens (the server makes a notice of it);
the same again is only counted.
"""

import asyncio
import sys
import traceback
from collections import Counter
from collections.abc import Callable

_MAX_TEXT = 500
_MAX_KNOWN = 200


class Troubles:
    """The troubles of one platform; `name` is what people know it by."""

    def __init__(self, name: str) -> None:
        self.listeners: list[Callable[[str], None]] = []
        self.counts: Counter[str] = Counter()
        self._name = name

    def note(self, where: str, error: Exception) -> None:
        """Tell of an error that nobody above can answer; `where` says what was being done."""
        said = f"{self._name} stumbled: {where}: {type(error).__name__}: {error}"[:_MAX_TEXT]
        if said not in self.counts and len(self.counts) >= _MAX_KNOWN:
            return
        self.counts[said] += 1
        if self.counts[said] > 1:
            return
        traceback.print_exception(error, file=sys.stderr)
        for listener in self.listeners:
            listener(said)


async def keep_ticking(step: Callable[[], bool], pause: float, troubles: Troubles) -> None:
    """Do `step` for ever, after a pause, or at once when it says that there is more; one that breaks is told, no more."""
    while True:
        try:
            more = step()
        except Exception as error:  # noqa: BLE001 - the boundary: whatever breaks in one step, the next one comes
            more = False
            troubles.note("a step of the simulation", error)
        await asyncio.sleep(0 if more else pause)
