"""The one error tree.

    CodeHealerError
    +-- Misuse                     our own fault: a bug, never shown as an outage
    |   +-- IllegalTransition      a state asked to go where its table does not lead
    +-- ConfigError                a file or variable is wrong; names the place, the problem and the mend
    +-- Unreadable                 input from outside that cannot be read; names the place
    +-- StateError                 the store refused a step
    |   +-- StaleVersion           somebody else changed the record first
    |   +-- KeyTaken               another open record holds this unique key
    |   +-- LeaseLost              the job was given to another worker
    +-- PlatformError              a vendor's API: their answer or their outage
        +-- NotConfigured, OutOfScope, NotFound, Forbidden, TimedOut, Unavailable, OverBudget
        +-- Conflict               the platform's own guard refused: the object moved
        +-- Rejected               the platform understood and refused for good (400, 422)
        +-- AnswerLost             a write was sent and its answer never came: look before deciding

Vendor exceptions are translated once, in the adapter, with the original chained as cause. Facts are attributes.
"""


class CodeHealerError(Exception):
    """Root of everything this project raises on purpose."""


class Misuse(CodeHealerError):
    """Our own code asked for something that its contract forbids."""


class IllegalTransition(Misuse):
    def __init__(self, *, subject: str, now: str, wanted: str) -> None:
        super().__init__(f"{subject} is {now} and cannot become {wanted}")
        self.subject, self.now, self.wanted = subject, now, wanted


class ConfigError(CodeHealerError):
    """Something a person configured is wrong. `place` is a file with line, or a variable; `mend` says what to do."""

    def __init__(self, *, place: str, problem: str, mend: str) -> None:
        super().__init__(f"{place}: {problem}; {mend}")
        self.place, self.problem, self.mend = place, problem, mend


class Unreadable(CodeHealerError):
    """Input from outside that cannot be read. Nothing else is changed by it."""

    def __init__(self, *, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place, self.problem = place, problem


class StateError(CodeHealerError):
    """The store refused a step; nothing of the step was written."""


class StaleVersion(StateError):
    def __init__(self, *, kind: str, id: str, version: int) -> None:  # noqa: A002 - the record's own field name
        super().__init__(f"{kind} {id} has moved on; version {version} was not written")
        self.kind, self.id, self.version = kind, id, version


class KeyTaken(StateError):
    def __init__(self, *, kind: str, key: str) -> None:
        super().__init__(f"another {kind} holds the key {key}")
        self.kind, self.key = kind, key


class LeaseLost(StateError):
    def __init__(self, *, job_id: str) -> None:
        super().__init__(f"job {job_id} is no longer leased to this worker")
        self.job_id = job_id


class PlatformError(CodeHealerError):
    """A vendor's API did not give what was asked. `reason` is the gap's reason when a read fails for it."""

    reason = "unavailable"

    def __init__(self, detail: str, *, connection: str = "default", operation: str = "", status: int = 0) -> None:
        super().__init__(f"{operation}: {detail}" if operation else detail)
        self.detail, self.connection, self.operation, self.status = detail, connection, operation, status


class NotConfigured(PlatformError):
    reason = "not_configured"


class OutOfScope(PlatformError):
    reason = "out_of_scope"


class NotFound(PlatformError):
    reason = "not_found"


class Forbidden(PlatformError):
    reason = "forbidden"


class TimedOut(PlatformError):
    reason = "timeout"


class Unavailable(PlatformError):
    reason = "unavailable"


class OverBudget(PlatformError):
    reason = "over_budget"


class Conflict(PlatformError):
    """The platform's guard refused the write: what we read is no longer what is there. Nothing was changed."""


class Rejected(PlatformError):
    """The platform read the request and refused it for good. Nothing was changed."""


class AnswerLost(PlatformError):
    """A write was sent and no answer came back: it may or may not have been applied."""
