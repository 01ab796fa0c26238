"""A scripted fault of a platform in memory: the next call of that operation meets it."""

from dataclasses import dataclass

from bot.domain.errors import PlatformError


@dataclass
class Fault:
    """`before`: the error comes and nothing was done. Otherwise it was done, and the error hides it (AnswerLost)."""

    operation: str
    error: PlatformError
    before: bool = True
    times: int = 1
