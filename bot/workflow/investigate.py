"""An incident is open: gather what can be known, diagnose, and offer a fix if one fits."""

from datetime import datetime

from bot.diagnosis.diagnose import diagnose
from bot.domain.alert import Alert
from bot.domain.diagnosis import Diagnosis
from bot.domain.durable import Expire, Investigate, Job, Lane, Lease, Step, Stored
from bot.domain.evidence import Dossier
from bot.domain.execution import Execution, Verification
from bot.domain.incident import Incident, IncidentState
from bot.domain.proposal import Proposal
from bot.domain.scope import ChannelMode
from bot.evidence.gather import gather
from bot.remedy.contract import Ask
from bot.remedy.propose import NoProposal, propose
from bot.workflow.channel import acting, reading, rule_of, said_in
from bot.workflow.desk import Desk
from bot.workflow.tell import card, story_of


def investigate(desk: Desk, lease: Lease, payload: Investigate) -> None:
    """Write dossier, diagnosis and proposal in one step, with the card that tells them."""
    incident = desk.state.get(Incident, payload.incident_id)
    if incident is None or incident.state is not IncidentState.INVESTIGATING:
        desk.state.apply(Step(name="nothing", at=desk.clock.now(), finish=lease))
        return
    alert = desk.state.of_incident(Alert, incident.id)[-1]
    dossier = gather(
        incident.id,
        alert,
        desk.platforms,
        ids=desk.ids,
        clock=desk.clock,
        refuses=reading(desk, incident.thread.channel),
        connections=desk.house.connections,
        session=desk.secrets(),
    )
    now = desk.clock.now()
    diagnosis = diagnose(dossier, desk.matcher, id=desk.ids.new("dg"), now=now, calibration=desk.calibration)
    proposal = _propose(desk, incident, dossier, diagnosis, now)
    _write(desk, lease, incident, dossier, diagnosis, proposal)


def _propose(
    desk: Desk, incident: Incident, dossier: Dossier, diagnosis: Diagnosis, now: datetime
) -> Proposal | NoProposal:
    if diagnosis.best is None:
        return NoProposal(reason="")
    if rule_of(desk, incident.thread.channel).mode is ChannelMode.OBSERVE:
        return NoProposal(reason="In this channel CodeHealer only observes.")
    ask = Ask(
        incident=incident,
        dossier=dossier,
        hypothesis=diagnosis.best,
        rules=desk.rules,
        verify_window=int(desk.house.verify_window.total_seconds()),
        executions=desk.state.of_incident(Execution, incident.id),
        verifications=desk.state.of_incident(Verification, incident.id),
        diagnosis_id=diagnosis.id,
        connections=desk.house.connections,
        refuses=acting(desk, incident.thread.channel),
    )
    return propose(ask, id=desk.ids.new("pr"), now=now, ttl=desk.house.proposal_ttl)


def _write(
    desk: Desk,
    lease: Lease,
    incident: Incident,
    dossier: Dossier,
    diagnosis: Diagnosis,
    proposal: Proposal | NoProposal,
) -> None:
    now = diagnosis.made_at
    offered = proposal if isinstance(proposal, Proposal) else None
    why_not = proposal.reason if isinstance(proposal, NoProposal) else ""
    state = IncidentState.DIAGNOSED if diagnosis.best else IncidentState.NEEDS_HUMAN
    moved = incident.moved_to(
        state,
        now,
        diagnosis_id=diagnosis.id,
        proposal_id=offered.id if offered else "",
        not_proposed=why_not,
        target=dossier.target,
    )
    puts: list[Stored] = [moved, dossier, diagnosis]
    audit = [desk.audit("codehealer", "diagnosed", incident.id, _in_words(diagnosis))]
    jobs: tuple[Job, ...] = ()
    if offered:
        puts.append(offered)
        jobs = (_expiry(desk, offered),)
        audit.append(
            desk.audit(
                "codehealer",
                "offered",
                incident.id,
                f"{offered.id} {offered.current.action} digest {offered.digest[:16]}",
            )
        )
    story = story_of(desk, moved, dossier=dossier, diagnosis=diagnosis, proposal=offered)
    desk.state.apply(
        Step(
            name="diagnose",
            at=now,
            puts=tuple(puts),
            jobs=jobs,
            finish=lease,
            messages=said_in(desk, moved.thread.channel, card(story)),
            audit=tuple(audit),
        )
    )


def _in_words(diagnosis: Diagnosis) -> str:
    best = diagnosis.best
    return f"{best.cause_id} at {best.confidence.score:.2f}" if best else "no cause found"


def _expiry(desk: Desk, proposal: Proposal) -> Job:
    return Job(
        id=desk.ids.new("jb"),
        payload=Expire(incident_id=proposal.incident_id, proposal_id=proposal.id),
        lane=Lane.CLICKS,
        run_at=proposal.expires_at,
        serial=proposal.incident_id,
        dedupe=f"expire:{proposal.id}",
        incident_id=proposal.incident_id,
    )
