"""What runs at fixed intervals. It only writes jobs: the work itself is done by the workers, once, whoever scheduled it."""

from collections.abc import Callable
from datetime import UTC, timedelta

from apscheduler.schedulers.background import BackgroundScheduler


class Timetable:
    """A background thread that calls at intervals. A call that fails is told by the scheduler's log and tried next time."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(timezone=UTC, daemon=True)

    def every(self, interval: timedelta, name: str, call: Callable[[], None]) -> None:
        """Call at each interval, never twice at once; calls that were missed are made up for by one."""
        self._scheduler.add_job(
            call,
            "interval",
            seconds=interval.total_seconds(),
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
