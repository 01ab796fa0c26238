"""What Slack delivers, as a Delivery: the key that makes it one, and the job that answers it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.domain.alert import Post, SlackRef
from bot.domain.durable import Delivery, Job, Lane, Payload
from bot.domain.errors import Unreadable
from bot.domain.happening import Click, HomeOpened, Question, Submission
from bot.ports import Ids
from bot.slack.flatten import flatten
from bot.slack.identity import Identity

DECIDE = "heal_decide"
REJECT = "heal_reject"
REVIEW = "heal_review"
LINK = "heal_link"
MAX_QUESTION = 500
ACK_LEAD = timedelta(milliseconds=500)
"""How much later than its arrival a submission is decided. Its ack puts the `checking` view into the modal, over the
socket, while the answer comes by views.update: an answer that overtakes the ack would be replaced by `checking` for good."""


def delivery_of(body: Mapping[str, Any], identity: Identity, *, now: datetime, ids: Ids) -> Delivery | None:
    """Return what has to be made durable before Slack is answered; None when nothing has.

    People's chatter, our own posts and notices cannot become alerts and are not stored. Raises Unreadable.
    """
    kind = body.get("type")
    if kind == "event_callback":
        return _event(body, identity, now, ids)
    if kind == "block_actions":
        return _click(body, now, ids)
    if kind == "view_submission":
        return _submission(body, now, ids)
    if "command" in body:
        return _command(body, now, ids)
    return None


def post_delivery(post: Post, key: str, *, now: datetime, ids: Ids) -> Delivery:
    """Return the delivery of a post, however it arrived; the second key names the same content of the same message."""
    ref = post.ref
    return Delivery(
        key=key,
        second_key=f"post/{ref.team}/{ref.channel}/{ref.ts}/{post.edited_ts}/{post.kind is post.kind.DELETED}",
        received_at=now,
        job=Job(
            id=ids.new("jb"),
            payload=post,
            lane=Lane.INVESTIGATIONS,
            run_at=min(post.posted_at, now),
            serial=f"channel:{ref.channel}",
            priority=0,
        ),
    )


def is_stored(post: Post) -> bool:
    """Whether a post can be an alert at all. What cannot is never written down."""
    return post.is_bot and not post.is_own and not post.is_notice


def _event(body: Mapping[str, Any], identity: Identity, now: datetime, ids: Ids) -> Delivery | None:
    event = _mapping(body, "event")
    key = f"event/{_text(body, 'event_id')}"
    team = str(body.get("team_id") or identity.team)
    name = event.get("type")
    if name == "app_home_opened":
        if event.get("tab", "home") != "home":
            return None
        opened = HomeOpened(user_id=_text(event, "user"), team=team, at=now)
        return _clicks(key, opened, ids, now, serial=f"home:{opened.user_id}")
    if name == "app_mention":
        return _question(event, key, team, now, ids)
    if name != "message":
        return None
    if event.get("channel_type") == "im" and not event.get("bot_id"):
        return _question(event, key, team, now, ids) if not event.get("subtype") else None
    post = flatten(event, team=team, own=identity.own(), received_at=now)
    return post_delivery(post, key, now=now, ids=ids) if is_stored(post) else None


def _question(event: Mapping[str, Any], key: str, team: str, now: datetime, ids: Ids) -> Delivery | None:
    """Return a person's question. A bot that mentions us is not answered: two bots could talk for ever."""
    if event.get("bot_id") or not isinstance(event.get("user"), str):
        return None
    ref = SlackRef(
        team=team, channel=_text(event, "channel"), ts=_text(event, "ts"), thread_ts=_optional(event, "thread_ts")
    )
    text = re.sub(r"<@[A-Z0-9]{1,40}(\|[^>]{0,100})?>", " ", str(event.get("text") or "")[:4000]).strip()
    question = Question(text=text[:MAX_QUESTION], user_id=_text(event, "user"), ref=ref, at=now)
    delivery = _clicks(key, question, ids, now)
    return Delivery(
        key=delivery.key, second_key=f"question/{team}/{ref.channel}/{ref.ts}", received_at=now, job=delivery.job
    )


def _click(body: Mapping[str, Any], now: datetime, ids: Ids) -> Delivery | None:
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else None
    if action is None:
        raise Unreadable(place="block_actions: actions", problem="there is no action in it")
    action_id = _text(action, "action_id")
    if action_id.startswith(LINK):
        return None
    key = f"click/{_text(body, 'trigger_id')}"
    user = _mapping(body, "user")
    if isinstance(body.get("view"), Mapping):
        return _decision(body, key, approve=False, now=now, ids=ids) if action_id == REJECT else None
    job_id = ids.new("jb")
    container = body.get("container") if isinstance(body.get("container"), Mapping) else {}
    message = body.get("message") if isinstance(body.get("message"), Mapping) else {}
    assert isinstance(container, Mapping)
    assert isinstance(message, Mapping)
    click = Click(
        action=action_id,
        value=str(action.get("value") or "")[:200],
        user_id=_text(user, "id"),
        ref=SlackRef(
            team=_team(body),
            channel=_text(_mapping(body, "channel"), "id"),
            ts=str(message.get("ts") or container.get("message_ts") or ""),
            thread_ts=_optional(message, "thread_ts") or _optional(container, "thread_ts"),
        ),
        view_key=job_id if action_id == REVIEW else "",
        at=now,
    )
    job = Job(id=job_id, payload=click, lane=Lane.CLICKS, run_at=now, serial=f"click:{click.value}", priority=0)
    return Delivery(key=key, received_at=now, job=job)


def _submission(body: Mapping[str, Any], now: datetime, ids: Ids) -> Delivery | None:
    view = _mapping(body, "view")
    if view.get("callback_id") != DECIDE:
        return None
    key = f"submit/{_text(view, 'id')}/{view.get('hash', '')}"
    return _decision(body, key, approve=True, now=now, ids=ids)


def _decision(body: Mapping[str, Any], key: str, *, approve: bool, now: datetime, ids: Ids) -> Delivery:
    """Return the decision that a modal carries: its private_metadata names the proposal, never its buttons."""
    view, user = _mapping(body, "view"), _mapping(body, "user")
    try:
        private = json.loads(str(view.get("private_metadata") or ""))
    except (ValueError, RecursionError) as error:
        raise Unreadable(place="view: private_metadata", problem="it is not JSON") from error
    if not isinstance(private, dict):
        raise Unreadable(place="view: private_metadata", problem="it is not an object")
    submission = Submission(
        approve=approve,
        proposal_id=_text(private, "proposal"),
        digest=_text(private, "digest"),
        user_id=_text(user, "id"),
        ref=SlackRef(
            team=_team(body),
            channel=_text(private, "channel"),
            ts=_text(private, "ts"),
            thread_ts=_optional(private, "thread_ts"),
        ),
        view_key=str(view.get("external_id") or ""),
        at=now,
    )
    return _clicks(key, submission, ids, now, after=ACK_LEAD if approve else timedelta())


def _command(body: Mapping[str, Any], now: datetime, ids: Ids) -> Delivery:
    ref = SlackRef(team=_team(body), channel=_text(body, "channel_id"), ts="")
    text = str(body.get("text") or "help")[:MAX_QUESTION]
    question = Question(text=text, user_id=_text(body, "user_id"), ref=ref, private=True, at=now)
    return _clicks(f"command/{_text(body, 'trigger_id')}", question, ids, now)


def _clicks(
    key: str, payload: Payload, ids: Ids, now: datetime, *, serial: str = "", after: timedelta = timedelta()
) -> Delivery:
    job = Job(id=ids.new("jb"), payload=payload, lane=Lane.CLICKS, run_at=now + after, serial=serial, priority=0)
    return Delivery(key=key, received_at=now, job=job)


def _team(body: Mapping[str, Any]) -> str:
    team = body.get("team")
    return str(team.get("id") or "") if isinstance(team, Mapping) else str(body.get("team_id") or "")


def _mapping(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if not isinstance(found, Mapping):
        raise Unreadable(place=f"{body.get('type', 'payload')}: {name}", problem="it is missing or not an object")
    return found


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise Unreadable(place=f"{body.get('type', 'payload')}: {name}", problem="it is missing or not a text")
    return found


def _optional(body: Mapping[str, Any], name: str) -> str | None:
    found = body.get(name)
    return found if isinstance(found, str) and found else None
