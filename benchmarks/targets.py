"""What must hold, in the issue's numbers, each with the plain words that the report prints."""

from collections.abc import Sequence

from benchmarks.results import Phase

ACK_SECONDS = 3.0
"""No delivery is acknowledged later than this: Slack sends it again."""
FIRST_CARD_OVER_ECHO_SECONDS = 0.050
"""First card's p95 may be this much above the p95 of a bare Bolt echo bot, at a steady rate in the same run."""
FULL_CARD_SECONDS = 0.500
"""Full card's p95 at the steady rate."""


def missed(phases: Sequence[Phase]) -> list[str]:
    """Return what was missed, one sentence each; an empty list is a pass. Only what was run is judged."""
    by_name = {(phase.name, phase.subject): phase for phase in phases}
    found = [line for phase in phases if phase.subject == "bot" for line in _always(phase)]
    steady, echo = by_name.get(("steady", "bot")), by_name.get(("steady", "echo"))
    if steady and echo:
        allowed = echo.first.p95 + FIRST_CARD_OVER_ECHO_SECONDS
        if steady.first.p95 > allowed:
            said = f"first card p95 {_ms(steady.first.p95)}, wanted at most {_ms(allowed)} (the echo's p95 plus 50 ms)"
            found.append(f"steady: {said}")
        if steady.full.p95 > FULL_CARD_SECONDS:
            found.append(f"steady: full card p95 {_ms(steady.full.p95)}, wanted at most {_ms(FULL_CARD_SECONDS)}")
    paced = by_name.get(("paced", "bot"))
    if paced and paced.out_of_order:
        found.append(f"paced: {paced.out_of_order} cards out of order in their channel, wanted none")
    return found


def _always(phase: Phase) -> list[str]:
    wanted_none = (
        (phase.lost, "alerts lost"),
        (phase.twice, "alerts answered twice"),
        (phase.unfinished, "alerts without a full card"),
        (phase.refused, "calls refused by Slack's rules"),
        (phase.rate_limited, "calls refused with 429"),
        (phase.late_acks + phase.lost_deliveries, "deliveries acknowledged late or never"),
    )
    found = [f"{phase.name}: {count} {what}, wanted none" for count, what in wanted_none if count]
    if phase.ack.max > ACK_SECONDS:
        found.append(f"{phase.name}: slowest ack {phase.ack.max:.2f} s, wanted at most {ACK_SECONDS:g} s")
    return found


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
