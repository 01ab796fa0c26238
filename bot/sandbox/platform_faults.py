"""Faults to order for the platforms' APIs (GitHub and Argo CD): the next calls that match fail in a chosen way."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

KINDS = ("status", "slow", "cut", "drop_answer", "rate_limited")


@dataclass(slots=True, kw_only=True)
class PlatformFault:
    """What happens to the next `times` calls with this method ("": any) and path part, after `skip` such have passed.

    status: refused with `status`, no work done (with `done`: the work is done, and the answer is that status all the
    same) · slow: the work is done after `seconds` · cut: the work is done and half of the body is sent · drop_answer:
    the work is done, the connection breaks before the answer · rate_limited: 403 with the platform's own headers, or
    `status`, and Retry-After when `retry_after` is above 0; no work is done. times 0: until cleared.
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 0
    seconds: float = 1.0
    retry_after: int = 0
    done: bool = False
    message: str = ""

    def takes(self, method: str, path: str) -> bool:
        return self.method.upper() in {"", method} and self.path in path


class PlatformFaults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self.waiting: list[PlatformFault] = []

    def order(self, body: Mapping[str, Any]) -> None:
        """Arm a fault (fields of PlatformFault), or {"clear": true}. ValueError for what is none."""
        if body.get("clear"):
            self.waiting.clear()
            return
        unknown = set(body) - {field.name for field in fields(PlatformFault)}
        if unknown:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        if body.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = PlatformFault(**body)
        if fault.status and not 400 <= fault.status <= 599:
            raise ValueError("status must be 400 to 599")
        self.waiting.append(fault)

    def take(self, method: str, path: str) -> PlatformFault | None:
        """Find the fault for this call, and count it down."""
        for fault in self.waiting:
            if not fault.takes(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times > 0:
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
            return fault
        return None

    def rows(self) -> list[dict[str, Any]]:
        """Describe what waits, for the page."""
        names = [field.name for field in fields(PlatformFault)]
        return [{name: getattr(fault, name) for name in names} for fault in self.waiting]
