"""Somebody opened the app's Home tab: show the open incidents of their channels."""

from bot.domain.durable import Lease, Message, Place, Step
from bot.domain.happening import HomeOpened
from bot.report.answers import compose_home
from bot.workflow.answer_question import visible_to
from bot.workflow.desk import Desk


def show_home(desk: Desk, lease: Lease, opened: HomeOpened) -> None:
    """Publish the person's Home tab."""
    now = desk.clock.now()
    incidents = visible_to(desk, opened.user_id, desk.state.open_incidents(100))
    report = compose_home(incidents, now, anyone_approves=bool(desk.house.approvers))
    message = Message(
        key=f"home:{opened.user_id}",
        place=Place.HOME,
        report=report,
        team=opened.team,
        user=opened.user_id,
        urgent=True,
    )
    desk.state.apply(Step(name="home", at=now, finish=lease, messages=(message,)))
