"""A proposal's time is over: an offer that nobody took is closed, visibly."""

from bot.domain.durable import Expire, Lease, Step
from bot.domain.incident import Incident
from bot.domain.proposal import Proposal, ProposalState
from bot.report.notes import compose_expired
from bot.workflow.desk import Desk
from bot.workflow.tell import card, note, story_of


def expire(desk: Desk, lease: Lease, payload: Expire) -> None:
    """Move an offered proposal to expired. Anything else is left as it is."""
    incident = desk.state.get(Incident, payload.incident_id)
    proposal = desk.state.get(Proposal, payload.proposal_id)
    now = desk.clock.now()
    if incident is None or proposal is None or proposal.state is not ProposalState.OFFERED or now < proposal.expires_at:
        desk.state.apply(Step(name="nothing", at=now, finish=lease))
        return
    expired = proposal.moved_to(ProposalState.EXPIRED)
    story = story_of(desk, incident, proposal=expired)
    said = note(incident, f"{proposal.id}:expired", compose_expired(expired))
    audit = desk.audit("codehealer", "expired", incident.id, proposal.id)
    desk.state.apply(
        Step(name="expire", at=now, puts=(expired,), finish=lease, messages=(card(story), said), audit=(audit,))
    )
