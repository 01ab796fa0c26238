"""What can arrive from Slack beside posts, parsed at the edge: clicks, decisions, questions, openings."""

from datetime import datetime

from bot.domain.alert import SlackRef
from bot.domain.values import value


@value
class Click:
    """A press on a button. `view_key` is the external_id of the modal that shows the answer (empty: none is open)."""

    action: str
    value: str
    user_id: str
    ref: SlackRef
    view_key: str = ""
    at: datetime


@value
class Submission:
    """The modal `heal_decide` was submitted, or its Reject pressed; the ids are those of its private_metadata."""

    approve: bool
    proposal_id: str
    digest: str
    user_id: str
    ref: SlackRef
    view_key: str = ""
    at: datetime


@value
class Question:
    """A person asked: by mention, by direct message or by `/heal` (`private`: answer only to them)."""

    text: str
    user_id: str
    ref: SlackRef
    private: bool = False
    at: datetime


@value
class HomeOpened:
    user_id: str
    team: str
    at: datetime


@value
class SweepDue:
    """It is time for a look of our own at the connections in scope of the channels that want it."""

    at: datetime
