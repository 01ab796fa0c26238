"""Modals and Home tabs: who has which view open, view hashes, trigger ids.

A trigger_id opens one view within 3 seconds. A modal lives in a stack of at most three; `hash` changes with every
update, so that two writers cannot overwrite each other unseen.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.identity import new_id
from bot.sandbox.workspace import Workspace, name_block

TRIGGER_SECONDS = 3.0
MAX_STACK = 3


class ViewRefusedError(Exception):
    """Slack would refuse this view call; `error` is the name Slack answers with."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(slots=True)
class View:
    """One view. `body` is what the app sent (blocks named); `stack` is the id of the root view."""

    id: str
    user: str
    body: dict[str, Any]
    hash: str
    root: str
    previous: str | None = None
    is_open: bool = True
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Trigger:
    """A ticket to open one view: for whom, until when, and the view it was pressed in (if any)."""

    user: str
    expires: float
    view_id: str | None = None
    used: bool = False


class Views:
    """All views of the workspace, open and closed, and each person's Home tab."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._clock = clock
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.trigger_seconds = TRIGGER_SECONDS

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, self._clock() + self.trigger_seconds, view_id)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use up a trigger. Raises ViewRefusedError: invalid_, exchanged_ or expired_trigger_id."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise ViewRefusedError("invalid_trigger_id")
        if trigger.used:
            raise ViewRefusedError("exchanged_trigger_id")
        if self._clock() > trigger.expires:
            raise ViewRefusedError("expired_trigger_id")
        trigger.used = True
        return trigger

    def open(self, trigger_id: str, body: dict[str, Any]) -> View:
        self._check_external_id(body, None)
        trigger = self.exchange(trigger_id)
        return self._add(trigger.user, body, None)

    def push(self, trigger_id: str, body: dict[str, Any]) -> View:
        """Put a view on the stack in which the trigger was pressed. Raises also push_limit_reached, not_found."""
        self._check_external_id(body, None)
        trigger = self.exchange(trigger_id)
        below = self.views.get(trigger.view_id or "")
        if below is None or not below.is_open:
            raise ViewRefusedError("not_found")
        return self.push_on(below, body)

    def push_on(self, below: View, body: dict[str, Any]) -> View:
        if len(self.stack(below)) >= MAX_STACK:
            raise ViewRefusedError("push_limit_reached")
        return self._add(below.user, body, below)

    def update(self, view: View | None, body: dict[str, Any], expected_hash: str | None) -> View:
        """Replace an open view's content. Raises ViewRefusedError: not_found, hash_conflict, duplicate_external_id."""
        if view is None or not view.is_open:
            raise ViewRefusedError("not_found")
        if expected_hash and expected_hash != view.hash:
            raise ViewRefusedError("hash_conflict")
        self._check_external_id(body, view)
        view.body = _named(body)
        view.hash = self._hash()
        view.errors = {}
        kept = {block.get("block_id") for block in view.body["blocks"]}
        view.values = {block: state for block, state in view.values.items() if block in kept}
        self._tell(view)
        return view

    def publish(self, user: str, body: dict[str, Any], expected_hash: str | None) -> View:
        """Replace a person's Home tab. Raises ViewRefusedError: hash_conflict, duplicate_external_id."""
        view = self.homes.get(user)
        if view is not None and expected_hash and expected_hash != view.hash:
            raise ViewRefusedError("hash_conflict")
        self._check_external_id(body, view)
        if view is None:
            view_id = new_id("V")
            view = View(id=view_id, user=user, body=_named(body), hash=self._hash(), root=view_id)
            self.views[view_id] = self.homes[user] = view
        else:
            view.body, view.hash = _named(body), self._hash()
        self._workspace.tell({"type": "home", "user": user, "view": self.describe(view)})
        return view

    def find(self, view_id: str | None, external_id: str | None) -> View | None:
        if view_id:
            return self.views.get(view_id)
        return next((v for v in self.views.values() if v.body.get("external_id") == external_id), None)

    def stack(self, view: View) -> list[View]:
        return [v for v in self.views.values() if v.root == view.root and v.is_open]

    def open_views(self, user: str) -> list[View]:
        return [v for v in self.views.values() if v.user == user and v.is_open and v.body["type"] == "modal"]

    def close(self, view: View) -> None:
        view.is_open = False
        self._workspace.tell({"type": "view_closed", "user": view.user, "view_id": view.id})

    def close_stack(self, view: View) -> None:
        for each in self.stack(view):
            self.close(each)

    def show_errors(self, view: View, errors: dict[str, str]) -> None:
        view.errors = errors
        self._tell(view)

    def describe(self, view: View) -> dict[str, Any]:
        """Describe the view as Slack hands it out: in answers of views.* and in interaction payloads."""
        body = view.body
        described: dict[str, Any] = {
            "id": view.id,
            "team_id": self._workspace.team_id,
            **{name: body.get(name) for name in ("type", "title", "submit", "close")},
            "blocks": body["blocks"],
            **{name: body.get(name) or "" for name in ("callback_id", "private_metadata", "external_id")},
            "state": {"values": view.values},
            "hash": view.hash,
            "clear_on_close": bool(body.get("clear_on_close")),
            "notify_on_close": bool(body.get("notify_on_close")),
            "previous_view_id": view.previous,
            "root_view_id": view.root,
            "app_id": self._workspace.app.id,
            "app_installed_team_id": self._workspace.team_id,
            "bot_id": self._workspace.app.bot_id,
        }
        return described

    def show(self, view: View) -> dict[str, Any]:
        """Describe the view for the page: what Slack hands out, and the errors to show under the inputs."""
        return {**self.describe(view), "errors": view.errors}

    def _add(self, user: str, body: dict[str, Any], below: View | None) -> View:
        view_id = new_id("V")
        view = View(
            id=view_id,
            user=user,
            body=_named(body),
            hash=self._hash(),
            root=below.root if below else view_id,
            previous=below.id if below else None,
        )
        self.views[view_id] = view
        self._tell(view)
        return view

    def _check_external_id(self, body: dict[str, Any], own: View | None) -> None:
        wanted = body.get("external_id")
        if wanted and any(v is not own and v.body.get("external_id") == wanted for v in self.views.values()):
            raise ViewRefusedError("duplicate_external_id")

    def _tell(self, view: View) -> None:
        self._workspace.tell({"type": "view", "user": view.user, "view": self.show(view)})

    def _hash(self) -> str:
        return f"{self._workspace.timestamps.next().split('.')[0]}.{secrets.token_hex(4)}"


def _named(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "blocks": [name_block(block) for block in body["blocks"]]}
