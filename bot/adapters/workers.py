"""Worker threads: they claim jobs lane by lane and run their use cases. Waiting costs no polling but for timers."""

import threading
from collections.abc import Callable
from datetime import timedelta

from bot.domain.durable import MAX_ATTEMPTS, Job, Lane, Lease
from bot.domain.errors import CodeHealerError, LeaseLost, StateError
from bot.ports import Clock, Observer, State

LANES: tuple[tuple[Lane, int, int], ...] = (
    # lane, the least urgent priority that this crew takes, threads
    (Lane.CLICKS, 9, 2),
    (Lane.INVESTIGATIONS, 0, 1),  # kept free for first cards, however long the platforms take
    (Lane.INVESTIGATIONS, 9, 3),
    (Lane.INDEXING, 9, 1),
)
TIMER_SECONDS = 0.25
BACKOFF = (timedelta(0), timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=20))


_here = threading.local()


def in_background() -> bool:
    """Tell whether this thread is a worker whose jobs nobody waits for: any lane but that of clicks and questions."""
    return getattr(_here, "lane", Lane.CLICKS) is not Lane.CLICKS


class Workers:
    """The crew. `run_job` runs one leased job to its last durable step; `give_up` answers for a dead letter."""

    def __init__(
        self,
        state: State,
        *,
        run_job: Callable[[Lease], None],
        give_up: Callable[[Job, str], None],
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._state, self._run_job, self._give_up = state, run_job, give_up
        self._clock, self._observer = clock, observer
        self._changed = threading.Condition()
        self._changes = 0
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start all threads."""
        for lane, priority, count in LANES:
            for number in range(count):
                name = f"{lane.value}-{priority}-{number}"
                thread = threading.Thread(target=self._work, args=(lane, priority, name), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)

    def wake(self) -> None:
        """Look for work now. Called from any thread after a commit."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let each thread end the job that it is in, and join it."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout=15)

    def run_one(self, lane: Lane, priority: int = 9, worker: str = "inline") -> bool:
        """Run the next due job of a lane on this thread; False when nothing is due."""
        lease = self._state.claim(lane, worker, priority)
        if lease is None:
            return False
        self._attempt(lease)
        return True

    def _work(self, lane: Lane, priority: int, name: str) -> None:
        _here.lane = lane
        while not self._stopping.is_set():
            seen = self._changes
            try:
                if self.run_one(lane, priority, name):
                    continue
            except StateError as error:
                if self._stopping.is_set():
                    return
                self._observer.tell("worker.state_failed", worker=name, error=str(error))
            with self._changed:
                if self._changes == seen and not self._stopping.is_set():
                    self._changed.wait(timeout=TIMER_SECONDS)

    def _attempt(self, lease: Lease) -> None:
        job = lease.job
        try:
            self._run_job(lease)
        except LeaseLost:
            self._observer.tell("job.lease_lost", job=job.id)
        except CodeHealerError as error:
            self._failed(lease, error)
        except Exception as error:  # noqa: BLE001 - a bug in one job must not end the thread that others wait for
            self._failed(lease, error)

    def _failed(self, lease: Lease, error: Exception) -> None:
        """Give the job back; a dead letter is answered where people see it."""
        job = lease.job
        words = str(error) if isinstance(error, CodeHealerError) else f"{type(error).__name__}: {error}"
        self._observer.tell(
            "job.failed",
            job=job.id,
            payload=type(job.payload).__name__,
            attempt=lease.attempt,
            error=words,
            exception=error,
        )
        pause = timedelta(0) if isinstance(error, StateError) else BACKOFF[min(lease.attempt, len(BACKOFF)) - 1]
        dead = self._state.release(lease, self._clock.now() + pause, words)
        if dead:
            self._observer.tell("job.dead", job=job.id, attempts=MAX_ATTEMPTS, error=words)
            try:
                self._give_up(job, words)
            except Exception as again:  # noqa: BLE001 - the dead letter itself stays visible in `doctor`
                self._observer.tell("job.give_up_failed", job=job.id, error=str(again), exception=again)
