"""From a ranked diagnosis to one proposal, or to the reason why there is none."""

from datetime import datetime, timedelta

from bot.domain.action import Risk
from bot.domain.proposal import Proposal, ProposalStep
from bot.domain.values import value
from bot.remedy.catalog import ACTIONS
from bot.remedy.contract import Action, Ask, NotOffered
from bot.remedy.policy import cooling, tried

_ORDER = tuple(Risk)


@value
class NoProposal:
    """Nothing is proposed; the reason is a sentence for the card."""

    reason: str


def propose(ask: Ask, *, id: str, now: datetime, ttl: timedelta) -> Proposal | NoProposal:  # noqa: A002
    """Return the hypothesis's remedy as a proposal that expires after `ttl`. Pure; nothing is asked of any platform.

    Only what the platform itself confirmed, at a confidence of `rules.floor` or more, gets a fix that changes something;
    a target that rests from the same action, or on which it did not help, gets it not again.
    """
    found = next((each for each in ACTIONS if each.spec.id == ask.hypothesis.remedy), None)
    why_not = _gate(ask, found)
    if found is None or why_not:
        return NoProposal(reason=why_not)
    step = found.draft(ask)
    if isinstance(step, NotOffered):
        return NoProposal(reason=step.reason)
    why_not = cooling(ask.executions, found.spec, step.target, now, ask.rules) or tried(
        ask.executions, ask.verifications, found.spec, step.target
    )
    if why_not and found.spec.risk is not Risk.READ_ONLY:
        return NoProposal(reason=why_not)
    steps = (step,)
    return Proposal(
        id=id,
        incident_id=ask.incident.id,
        diagnosis_id=ask.diagnosis_id or ask.incident.diagnosis_id,
        steps=steps,
        reason=_reason(ask, step),
        risk=highest(tuple(found.spec.risk for _ in steps)),
        required_role=found.spec.required_role,
        offered_at=now,
        expires_at=now + ttl,
    )


def highest(risks: tuple[Risk, ...]) -> Risk:
    """Return the highest of the risks: a proposal is as risky as its riskiest step."""
    return max(risks, key=_ORDER.index)


def _gate(ask: Ask, found: Action | None) -> str:
    """Return why no fix may be drafted at all, as a sentence, or the empty string."""
    hypothesis, rules = ask.hypothesis, ask.rules
    if found is None and hypothesis.remedy:
        return f"The pattern of this cause names the action {hypothesis.remedy}, which the catalogue does not have."
    if found is None:
        return "The catalogue has no safe fix for this cause; it needs a person."
    if not rules.of(found.spec.id).enabled:
        return f'"{found.spec.title}" is switched off in remediation_rules.yaml.'
    changes = found.spec.risk is not Risk.READ_ONLY
    if changes and not ask.dossier.confirmed:
        return "The platform itself did not confirm this failure, so no fix is proposed."
    if changes and hypothesis.confidence.score < rules.floor:
        return f"The confidence is {hypothesis.confidence.score:.2f}; a fix is proposed from {rules.floor:.2f} on."
    return ""


def _reason(ask: Ask, step: ProposalStep) -> str:
    confidence = ask.hypothesis.confidence
    confirmed = " The platform confirms the failure." if ask.dossier.confirmed else ""
    return (
        f"{step.preview.summary} Likely cause: {ask.hypothesis.cause_id}, "
        f"confidence {confidence.score:.2f} ({confidence.band.value}).{confirmed}"
    )
