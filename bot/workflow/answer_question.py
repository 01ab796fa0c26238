"""A person asked, by mention, in a direct message or with `/heal`: help, status, why."""

from bot.domain.diagnosis import Diagnosis
from bot.domain.durable import Lease, Message, Place, Step
from bot.domain.errors import PlatformError
from bot.domain.happening import Question
from bot.domain.incident import Incident
from bot.domain.report import Report
from bot.report.answers import compose_help, compose_status, compose_unclear, compose_why
from bot.report.notes import compose_answer
from bot.workflow.channel import why_not_told
from bot.workflow.desk import Desk
from bot.workflow.tell import story_of, whisper

MAX_LISTED = 20


def answer_question(desk: Desk, lease: Lease, question: Question) -> None:
    """Answer where it was asked; `/heal` is answered to the person alone. Only what the asker may see is told."""
    report = _answer(desk, question)
    if question.private:
        message = whisper(lease, question.ref, question.user_id, report)
    else:
        message = Message(
            key=f"answer:{lease.job.id}",
            place=Place.MESSAGE,
            report=report,
            team=question.ref.team,
            channel=question.ref.channel,
            thread_ts=question.ref.root,
            event_type="codehealer_answer",
            urgent=True,
        )
    desk.state.apply(Step(name="answer", at=desk.clock.now(), finish=lease, messages=(message,)))


def _answer(desk: Desk, question: Question) -> Report:
    words = question.text.lower().split()
    word = words[0].strip("?!.,") if words else "help"
    incident = desk.state.of_thread(question.ref.channel, question.ref.root)
    if word == "why":
        untold = why_not_told(desk, question.user_id)
        if untold:
            return compose_answer(untold)
        diagnosis = desk.state.get(Diagnosis, incident.diagnosis_id) if incident and incident.diagnosis_id else None
        return compose_why(story_of(desk, incident) if incident else None, diagnosis)
    if word in {"status", "state"}:
        if incident is not None:
            return compose_status((incident,), desk.clock.now())
        return compose_status(_visible(desk, question), desk.clock.now())
    return compose_help() if word in {"help", "hi", "hello"} else compose_unclear(question.text)


def _visible(desk: Desk, question: Question) -> tuple[Incident, ...]:
    """Return the open incidents of the channel, or in a direct message those of channels that the asker is in."""
    open_ones = desk.state.open_incidents(200)
    here = tuple(each for each in open_ones if each.thread.channel == question.ref.channel)
    if here or not question.ref.channel.startswith("D"):
        return here[:MAX_LISTED]
    return visible_to(desk, question.user_id, open_ones)


def visible_to(desk: Desk, user_id: str, incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
    """Return those incidents whose channel the person is a member of; where Slack does not answer, none."""
    seen: dict[str, bool] = {}
    for channel in dict.fromkeys(each.thread.channel for each in incidents):
        try:
            seen[channel] = desk.directory.is_member(channel, user_id)
        except PlatformError:
            seen[channel] = False
    return tuple(each for each in incidents if seen[each.thread.channel])[:MAX_LISTED]
