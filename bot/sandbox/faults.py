"""Faults to order: the next calls of a Web API method fail in a chosen way."""

from dataclasses import dataclass

KINDS = ("error", "http", "slow", "drop_answer", "drop_request")


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` calls of `method` ("*": any), after `skip` calls have passed.

    error: `{"ok": false, "error": error}` · http: this status (429 with Retry-After) · slow: the work is done
    `seconds` later · drop_answer: the work is done, the connection breaks before the answer · drop_request: it breaks
    before the work.
    """

    method: str
    kind: str
    times: int = 1
    skip: int = 0
    error: str = "internal_error"
    status: int = 500
    retry_after: int = 1
    seconds: float = 1.0
    channel: str = ""


class Faults:
    """The faults that are waiting for their call."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Arm a fault. Raises ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        self.waiting.append(fault)

    def take(self, method: str, channel: str) -> Fault | None:
        """Find the fault for this call, and count it down."""
        for fault in self.waiting:
            if fault.method not in {method, "*"} or (fault.channel and fault.channel != channel):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.waiting.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self.waiting.clear()
