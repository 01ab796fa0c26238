"""A small schema language for Block Kit: checks are functions that append what is wrong, with a JSON pointer.

A check is `(value, pointer, problems) -> None`. Messages use the wording of Slack's own answers where it is known
("must be more than 0 characters", "no more than 25 items allowed", "missing required field: text").
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: what is wrong, and where as a JSON pointer into the call's arguments."""

    message: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = list[Problem]
Check = Callable[[Any, str, Problems], None]


def string(*, minimum: int = 0, maximum: int | None = None) -> Check:
    """Check a string of `minimum` to `maximum` characters."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.append(Problem("must provide a string", pointer))
        elif len(value) < minimum:
            problems.append(Problem(f"must be more than {minimum - 1} characters", pointer))
        elif maximum is not None and len(value) > maximum:
            problems.append(Problem(f"must be less than {maximum + 1} characters", pointer))

    return check


def integer(minimum: int, maximum: int) -> Check:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.append(Problem("must provide an integer", pointer))
        elif not minimum <= value <= maximum:
            problems.append(Problem(f"must be between {minimum} and {maximum}", pointer))

    return check


def number(value: Any, pointer: str, problems: Problems) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        problems.append(Problem("must provide a number", pointer))


def boolean(value: Any, pointer: str, problems: Problems) -> None:
    if not isinstance(value, bool):
        problems.append(Problem("must provide a boolean", pointer))


def anything(value: Any, pointer: str, problems: Problems) -> None:
    """Accept every value: for fields whose inside is not Block Kit's business."""


def one_of(*allowed: str) -> Check:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        if value not in allowed:
            problems.append(Problem(f"must be a valid enum value: {', '.join(allowed)}", pointer))

    return check


def array(item: Check, *, minimum: int = 1, maximum: int | None = None) -> Check:
    """Check a list of `minimum` to `maximum` items, each of which passes `item`."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.append(Problem("must provide an array", pointer))
            return
        if len(value) < minimum:
            problems.append(Problem(f"no fewer than {minimum} items allowed", pointer))
        if maximum is not None and len(value) > maximum:
            problems.append(Problem(f"no more than {maximum} items allowed", pointer))
            return
        for index, each in enumerate(value):
            item(each, f"{pointer}/{index}", problems)

    return check


def record(fields: Mapping[str, Check], required: Iterable[str] = ()) -> Check:
    """Check an object with exactly these fields: unknown ones are refused, as Slack does."""
    wanted = tuple(required)

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(Problem("must provide an object", pointer))
            return
        problems.extend(
            Problem(f"missing required field: {name}", pointer) for name in wanted if value.get(name) is None
        )
        for name, each in value.items():
            field_check = fields.get(name)
            if field_check is None:
                problems.append(Problem(f"invalid additional property: {str(name)[:60]}", pointer))
            elif each is not None:
                field_check(each, f"{pointer}/{name}", problems)

    return check


def typed(kinds: Mapping[str, Check], what: str = "type") -> Check:
    """Check an object whose `type` names which of the checks applies; other types are refused."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(Problem("must provide an object", pointer))
            return
        kind = value.get("type")
        if kind is None:
            problems.append(Problem("missing required field: type", pointer))
        elif not isinstance(kind, str) or kind not in kinds:
            problems.append(Problem(f"unsupported {what}: {str(kind)[:60]}", f"{pointer}/type"))
        else:
            kinds[kind](value, pointer, problems)

    return check


def every(*checks: Check) -> Check:
    """All of the checks, in order."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        for each in checks:
            each(value, pointer, problems)

    return check
