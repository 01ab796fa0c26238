"""The Observer port on structlog: stable event names with fields, one JSON line each, on stderr."""

import logging
import sys

import structlog

QUIET = frozenset({"step.before", "step.after", "slack.sending"})
WARN = frozenset(
    {
        "slack.unreadable", "slack.refused", "slack.cannot_look", "slack.lost", "slack.catch_up_failed", "slack.no_answer",
        "job.failed", "job.dead", "job.give_up_failed", "worker.state_failed",
    }
)  # fmt: skip


def configure(*, verbose: bool) -> None:
    """Send structlog and the vendors' loggers to stderr; vendors speak only from warnings on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


class LogObserver:
    """Observer as `bot.ports.Observer` promises it."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("codehealer")

    def tell(self, event: str, **facts: object) -> None:
        if event in QUIET:
            return
        exception = facts.pop("exception", None)
        if isinstance(exception, BaseException):
            facts["exc_info"] = exception
        (self._log.warning if event in WARN else self._log.info)(event, **facts)
