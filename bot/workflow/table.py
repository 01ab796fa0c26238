"""Which use case answers which payload: the one visible table."""

from collections.abc import Callable
from typing import Any

from bot.domain.alert import Post
from bot.domain.durable import Expire, Found, Investigate, Lease, LookAgain, RunAction, Verify
from bot.domain.happening import Click, HomeOpened, Question, Submission, SweepDue
from bot.workflow.answer_question import answer_question
from bot.workflow.decide import decide
from bot.workflow.desk import Desk
from bot.workflow.expire import expire
from bot.workflow.follow_up import follow_up
from bot.workflow.handle_post import handle_post
from bot.workflow.investigate import investigate
from bot.workflow.look_again import look_again
from bot.workflow.on_click import on_click
from bot.workflow.open_found import open_found
from bot.workflow.run_action import run_action
from bot.workflow.show_home import show_home
from bot.workflow.sweep import sweep

USE_CASES: dict[type, Callable[[Desk, Lease, Any], None]] = {
    Post: handle_post,
    Click: on_click,
    Submission: decide,
    Question: answer_question,
    HomeOpened: show_home,
    SweepDue: sweep,
    Found: open_found,
    Investigate: investigate,
    RunAction: run_action,
    Verify: follow_up,
    LookAgain: look_again,
    Expire: expire,
}


def run_job(desk: Desk, lease: Lease) -> None:
    """Run the use case of a leased job. Raises what the use case raises; the worker decides about trying again."""
    USE_CASES[type(lease.job.payload)](desk, lease, lease.job.payload)
