"""Finding: one thing that `doctor` looked at."""

from bot.domain.values import value


@value
class Finding:
    """One thing looked at. `mend` is empty when it is in order."""

    subject: str
    ok: bool
    says: str
    mend: str = ""
