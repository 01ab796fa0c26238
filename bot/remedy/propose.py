"""From a ranked diagnosis to one proposal, or to the reason why there is none."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.action import Risk
from bot.domain.proposal import Proposal, ProposalStep
from bot.domain.values import value
from bot.remedy.catalog import plans
from bot.remedy.contract import Action, Ask, NotOffered
from bot.remedy.policy import cooling, tried

_ORDER = tuple(Risk)


@value
class NoProposal:
    """Nothing is proposed; the reason is a sentence for the card."""

    reason: str


def propose(ask: Ask, *, id: str, now: datetime, ttl: timedelta) -> Proposal | NoProposal:  # noqa: A002
    """Return the hypothesis's remedy as a proposal that expires after `ttl`. Pure; nothing is asked of any platform.

    Of a remedy's alternatives the first is taken of which every step can be drafted; when none is, the reason is that of
    the first. Only what the platform itself confirmed, at a confidence of `rules.floor` or more, gets a fix that changes
    something, and only within what the channel may act on; a target that rests from the same action, or on which it did
    not help, gets it not again.
    """
    ways = plans(ask.hypothesis.remedy)
    why_not = _gate(ask, ways)
    for way in ways if not why_not else ():
        steps = _drafted(ask, way, now)
        if not isinstance(steps, NotOffered):
            return _proposal(ask, way, steps, id, now, ttl)
        why_not = why_not or steps.reason
    return NoProposal(reason=why_not)


def _drafted(ask: Ask, way: tuple[Action, ...], now: datetime) -> tuple[ProposalStep, ...] | NotOffered:
    """Return the steps of one alternative, all of them, else why there are none."""
    steps: tuple[ProposalStep, ...] = ()
    for act in way:
        if not ask.rules.of(act.spec.id).enabled:
            return NotOffered(reason=f'"{act.spec.title}" is switched off in remediation_rules.yaml.')
        step = act.draft(replace(ask, before=steps))
        if isinstance(step, NotOffered):
            return step
        why_not = "" if act.spec.risk is Risk.READ_ONLY else _held_back(ask, act, step, len(steps), now)
        if why_not:
            return NotOffered(reason=why_not)
        steps = (*steps, step)
    return steps


def _held_back(ask: Ask, act: Action, step: ProposalStep, at: int, now: datetime) -> str:
    """Return why a step that could be drafted is not offered, as a sentence, or the empty string."""
    outside = ask.refuses(step.target) or ask.refuses(ask.dossier.target)
    if outside:
        return f"No fix is proposed here: {outside}."
    return cooling(ask.executions, act.spec, step.target, now, ask.rules) or tried(
        ask.executions, ask.verifications, act.spec, step.target, at
    )


def _proposal(
    ask: Ask,
    way: tuple[Action, ...],
    steps: tuple[ProposalStep, ...],
    id: str,  # noqa: A002
    now: datetime,
    ttl: timedelta,
) -> Proposal:
    return Proposal(
        id=id,
        incident_id=ask.incident.id,
        diagnosis_id=ask.diagnosis_id or ask.incident.diagnosis_id,
        steps=steps,
        reason=_reason(ask, steps),
        risk=highest(tuple(act.spec.risk for act in way)),
        required_role=way[0].spec.required_role,
        offered_at=now,
        expires_at=now + ttl,
    )


def highest(risks: tuple[Risk, ...]) -> Risk:
    """Return the highest of the risks: a proposal is as risky as its riskiest step."""
    return max(risks, key=_ORDER.index)


def _gate(ask: Ask, ways: tuple[tuple[Action, ...], ...]) -> str:
    """Return why no fix may be drafted at all, as a sentence, or the empty string."""
    hypothesis, rules = ask.hypothesis, ask.rules
    if not ways and hypothesis.remedy:
        return f"The pattern of this cause names the action {hypothesis.remedy}, which the catalogue does not have."
    if not ways:
        return "The catalogue has no safe fix for this cause; it needs a person."
    changes = any(act.spec.risk is not Risk.READ_ONLY for way in ways for act in way)
    if changes and not ask.dossier.confirmed:
        return "The platform itself did not confirm this failure, so no fix is proposed."
    if changes and hypothesis.confidence.score < rules.floor:
        return f"The confidence is {hypothesis.confidence.score:.2f}; a fix is proposed from {rules.floor:.2f} on."
    return ""


def _reason(ask: Ask, steps: tuple[ProposalStep, ...]) -> str:
    confidence = ask.hypothesis.confidence
    said = " Then: ".join(step.preview.summary for step in steps)
    confirmed = " The platform confirms the failure." if ask.dossier.confirmed else ""
    return (
        f"{said} Likely cause: {ask.hypothesis.cause_id}, "
        f"confidence {confidence.score:.2f} ({confidence.band.value}).{confirmed}"
    )
