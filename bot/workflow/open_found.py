"""A sweep's message stands in the channel: from here on its failure is an incident like any other."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.durable import Found, Job, Lane, Lease, Step
from bot.workflow.desk import Desk
from bot.workflow.handle_post import handle_alert

AGAIN = timedelta(seconds=1)


def open_found(desk: Desk, lease: Lease, found: Found) -> None:
    """Open the incident under the sweep's own message, once it is in Slack; join what an app's post opened meanwhile."""
    now = desk.clock.now()
    where = desk.state.where(found.key)
    if where is not None:
        post = replace(found.alert.post, ref=where)
        handle_alert(desk, lease, replace(found.alert, post=post))
        return
    if now >= found.until:
        desk.observer.tell("sweep.unsaid", key=found.key)
        desk.state.apply(Step(name="nothing", at=now, finish=lease))
        return
    desk.state.apply(Step(name="not_yet", at=now, jobs=(found_job(desk, found),), finish=lease))


def found_job(desk: Desk, found: Found) -> Job:
    """Return the job that opens the incident; one at a time in a channel, as for posts."""
    return Job(
        id=desk.ids.new("jb"),
        payload=found,
        lane=Lane.INVESTIGATIONS,
        run_at=desk.clock.now() + AGAIN,
        serial=f"channel:{found.alert.post.ref.channel}",
        dedupe="",
    )
