"""The control API: what tests, `simulate` and the page do to the workspace. docs/sandbox.md lists the endpoints.

Every endpoint takes and gives JSON. A wrong request is 400 with `{"ok": false, "error": ...}`; a wrong token is 401.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from aiohttp import web

from bot.sandbox.cluster_world import read_post
from bot.sandbox.faults import Fault
from bot.sandbox.gate import bearer, same
from bot.sandbox.github_control import GithubControl
from bot.sandbox.github_scenario import fill_marks
from bot.sandbox.interaction import NotPossibleError, People
from bot.sandbox.state_view import describe_deliveries, describe_state
from bot.sandbox.views import View
from bot.sandbox.workspace import Channel, Message
from bot.sandbox.world import World

Body = dict[str, Any]
Endpoint = Callable[[Body], Awaitable[Body]]

_FAULT_FIELDS = {field.name for field in fields(Fault)}
_RESERVED = {"ts", "team", "type", "channel", "event_ts", "thread_ts"}
BULK_STEP = 25


def newest(calls: Iterable[Body], query: Mapping[str, str]) -> list[Body]:
    """Give the record of calls; only the newest `calls` of them when the query says so."""
    return list(calls)[-int(query.get("calls", "0")) :]


class WrongRequestError(ValueError):
    """The control request itself is wrong."""


class Control:
    """All endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._people = People(world)
        self._github = GithubControl(world.github, self._login) if world.github is not None else None
        self._marks: dict[str, dict[str, str]] = {}
        self._endpoints: dict[str, Endpoint] = {
            "post": self.post,
            "post_bulk": self.post_bulk,
            "say": self.say,
            "edit": self.edit,
            "delete": self.delete,
            "cause": self.cause,
            "recover": self.recover,
            "click": self.click,
            "submit": self.submit,
            "close_view": self.close_view,
            "command": self.command,
            "shortcut": self.shortcut,
            "home": self.home,
            "event": self.event,
            "frame": self.frame,
            "channels": self.add_channels,
            "people": self.add_person,
            "members": self.set_member,
            "limits": self.limits,
            "fault": self.fault,
            "scopes": self.scopes,
            "timing": self.timing,
            "disconnect": self.disconnect,
            "workloads": self.workloads,
            "cluster_fault": self.cluster_fault,
            "argocd_fault": self.argocd_fault,
            **(self._github.endpoints() if self._github is not None else {}),
        }

    async def handle_post(self, request: web.Request) -> web.Response:
        """Serve POST control/{name}."""
        self._check(request)
        endpoint = self._endpoints.get(request.match_info["name"])
        if endpoint is None:
            return web.json_response({"ok": False, "error": "no such endpoint"}, status=404)
        try:
            body = await request.json() if request.can_read_body else {}
            if not isinstance(body, dict):
                raise WrongRequestError("the body must be a JSON object")
            return web.json_response({"ok": True, **await endpoint(body)})
        except (ValueError, KeyError, TypeError, NotPossibleError) as wrong:
            said = f"missing {wrong}" if isinstance(wrong, KeyError) else str(wrong)
            return web.json_response({"ok": False, "error": said}, status=400)

    async def handle_get(self, request: web.Request) -> web.Response:
        """Serve GET control/{state,calls,deliveries,cluster,github,github_log,argocd,scenarios}."""
        self._check(request)
        try:
            found = self._look(request.match_info["name"], request.query)
        except ValueError as wrong:
            return web.json_response({"ok": False, "error": str(wrong)}, status=400)
        if found is None:
            return web.json_response({"ok": False, "error": "no such endpoint"}, status=404)
        return web.json_response({"ok": True, **found})

    def _look(self, name: str, query: Mapping[str, str]) -> Body | None:
        world = self._world
        match name:
            case "state":
                return describe_state(world, channel_id=query.get("channel", ""), since=query.get("since", ""))
            case "calls":
                return {"calls": list(world.calls)[int(query.get("start", "0")) :]}
            case "deliveries":
                return describe_deliveries(world, int(query.get("start", "0")))
            case "cluster":
                return {"workloads": world.cluster.summary(), "calls": newest(world.cluster.calls, query)}
            case "scenarios":
                return {"scenarios": world.cluster.scenarios()}
        return self._look_beside(name, query)

    def _look_beside(self, name: str, query: Mapping[str, str]) -> Body | None:
        """Look at the platforms that this world may lack."""
        argocd = self._world.argocd
        if name == "argocd" and argocd is not None:
            return {"applications": argocd.summary(), "calls": newest(argocd.calls, query)}
        return self._github.look(name, query) if self._github is not None else None

    # --- posts -------------------------------------------------------------------------------------------------

    async def post(self, body: Body) -> Body:
        """Post as a foreign app: {channel, sender: {name, app_id?, bot_id?}, message, thread_ts?, reply_broadcast?}."""
        channel, sender = self._channel(body), body.get("sender") or {}
        message = {k: v for k, v in dict(body["message"]).items() if k not in _RESERVED}
        thread_ts = body.get("thread_ts")
        if thread_ts is not None and thread_ts not in channel.messages:
            raise WrongRequestError("no such thread")
        workspace = self._world.workspace
        app = workspace.foreign_app(str(sender.get("name", "Alerts")), sender.get("app_id"), sender.get("bot_id"))
        author: Message = {"bot_id": app.bot_id}
        if message.get("subtype") != "bot_message":
            author |= {"user": app.user_id, "app_id": app.id, "bot_profile": workspace.bot_profile(app)}
        elif sender.get("app_id"):
            author["app_id"] = app.id
        stored = workspace.post(
            channel, {**author, **message}, thread_ts=thread_ts, broadcast=bool(body.get("reply_broadcast"))
        )
        self._world.events.posted(channel, stored)
        return {"ts": stored["ts"], "channel": channel.id}

    async def post_bulk(self, body: Body) -> Body:
        """Post many: {posts: [...]}; the loop breathes between small steps."""
        answers = []
        for number, each in enumerate(body["posts"], 1):
            answers.append(await self.post(each))
            if number % BULK_STEP == 0:
                await asyncio.sleep(0)
        return {"posts": answers}

    async def say(self, body: Body) -> Body:
        message = self._people.say(str(body["user"]), self._channel(body), str(body["text"]), body.get("thread_ts"))
        return {"ts": message["ts"]}

    async def edit(self, body: Body) -> Body:
        """Edit a message as its author: {channel, ts, message}; only the named fields change."""
        channel = self._channel(body)
        message = channel.messages.get(str(body["ts"]))
        if message is None:
            raise WrongRequestError("no such message")
        changes = {k: v for k, v in dict(body["message"]).items() if k not in _RESERVED}
        editor = str(message.get("user", ""))
        now, before = self._world.workspace.edit(channel, message["ts"], changes, editor)
        if body.get("unfurl"):  # Slack's own unfurling changes a message without marking it as edited
            now.pop("edited", None)
        self._world.events.changed(channel, now, before)
        return {"ts": message["ts"]}

    async def delete(self, body: Body) -> Body:
        channel = self._channel(body)
        if str(body["ts"]) not in channel.messages:
            raise WrongRequestError("no such message")
        self._world.events.deleted(channel, self._world.workspace.delete(channel, str(body["ts"])))
        return {}

    async def cause(self, body: Body) -> Body:
        """Make a scenario's failure happen: its world into the cluster, its post into its channel."""
        name = self._scenario_name(body)
        card = next(each for each in self._world.cluster.scenarios() if each["name"] == name)
        post = self._world.cluster.load_scenario(name)
        self._marks[name] = self._load_beside(name)
        post = fill_marks(post, self._marks[name])
        channel = body.get("channel") or post.get("channel") or card.get("channel") or "platform-alerts"
        answer = await self.post({**post, "channel": channel})
        return {**answer, "scenario": body["scenario"]}

    def _load_beside(self, name: str) -> dict[str, str]:
        """Load the scenario's part of the platforms that this world has; gives the marks that its post may hold."""
        github, argocd = self._world.github, self._world.argocd
        marks = {"github": github.hub.base, **github.load_scenario(name)} if github is not None else {}
        if argocd is not None:
            marks["argocd"] = argocd.url
            argocd.load_scenario(name, marks)
        return marks

    async def recover(self, body: Body) -> Body:
        """Post the scenario's recovery (`recovery` in its post.json), as the alerting app would."""
        name = self._scenario_name(body)
        marks = self._marks.get(name, {}) | (self._world.argocd.marks() if self._world.argocd is not None else {})
        post = fill_marks(read_post(self._world.scenarios_dir / name), marks)
        if not post.get("recovery"):
            raise WrongRequestError(f"scenario {body['scenario']} has no recovery post")
        channel = body.get("channel") or post.get("channel") or "platform-alerts"
        return await self.post({"sender": post.get("sender"), "message": post["recovery"], "channel": channel})

    # --- what people do ----------------------------------------------------------------------------------------

    async def click(self, body: Body) -> Body:
        more = {name: body.get(name) for name in ("block_id", "value", "values")}
        user, action = str(body["user"]), str(body["action_id"])
        if body.get("view_id"):
            return await self._people.click_in_view(user, self._view(body), action, **more)
        return await self._people.click(user, self._channel(body), str(body["ts"]), action, **more)

    async def submit(self, body: Body) -> Body:
        return await self._people.submit(str(body["user"]), self._view(body), body.get("values") or {})

    async def close_view(self, body: Body) -> Body:
        self._people.close_view(str(body["user"]), self._view(body), whole_stack=bool(body.get("whole_stack")))
        return {}

    async def command(self, body: Body) -> Body:
        user, text = str(body["user"]), str(body.get("text", ""))
        return await self._people.command(user, self._channel(body), str(body["command"]), text)

    async def shortcut(self, body: Body) -> Body:
        user, ts = str(body["user"]), str(body["ts"])
        return await self._people.shortcut(user, self._channel(body), ts, str(body["callback_id"]))

    async def home(self, body: Body) -> Body:
        user = str(body["user"])
        if user not in self._world.workspace.people:
            raise WrongRequestError("no such person")
        self._people.open_home(user, str(body.get("tab", "home")))
        return {}

    async def event(self, body: Body) -> Body:
        """Raise another subscribed event: {name, user, fields}; it belongs to the person's DM with the app."""
        channel = self._world.workspace.direct_message(str(body["user"]))
        fields_of = {"user": body["user"], **(body.get("fields") or {})}
        self._world.events.other(str(body["name"]), channel, fields_of)
        return {"channel": channel.id}

    async def frame(self, body: Body) -> Body:
        """Send something odd to the app: {text} as a raw frame, or {kind, payload} in an envelope of its own."""
        if "text" in body:
            return {"connections": self._world.socket.send_raw(str(body["text"]))}
        delivery = self._world.socket.send_odd(str(body.get("kind", "events_api")), body["payload"])
        return {"envelope_id": delivery.attempts[0].envelope_id}

    # --- the workspace -----------------------------------------------------------------------------------------

    async def add_channels(self, body: Body) -> Body:
        """Make channels: {count?, prefix?, name?, kind?, bot?}; everybody is in them, the bot too unless bot=false."""
        workspace, count = self._world.workspace, int(body.get("count", 1))
        members = {person.id for person in workspace.people.values() if not person.is_bot}
        if body.get("bot", True):
            members.add(workspace.app.user_id)
        prefix, start = str(body.get("prefix", "load")), len(workspace.channels)
        names = [str(body["name"])] if body.get("name") else [f"{prefix}-{start + n}" for n in range(count)]
        made = [workspace.add_channel(name, members, kind=str(body.get("kind", "channel"))) for name in names]
        for channel in made:
            channel.is_ext_shared = bool(body.get("ext_shared"))
        return {"channels": [{"id": channel.id, "name": channel.name} for channel in made]}

    async def add_person(self, body: Body) -> Body:
        """Add a person: {name, real_name?, is_restricted?, is_stranger?, deleted?, team_id?}."""
        flags = {n: bool(body.get(n)) for n in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")}
        person = self._world.workspace.add_person(str(body["name"]), str(body.get("real_name", body["name"])))
        for flag, value in flags.items():
            setattr(person, flag, value)
        person.team_id = str(body.get("team_id", person.team_id))
        return {"id": person.id}

    async def set_member(self, body: Body) -> Body:
        """Put a person in a channel, or out of it: {channel, user, member}."""
        channel = self._channel(body)
        (channel.members.add if body.get("member", True) else channel.members.discard)(str(body["user"]))
        self._world.workspace.tell({"type": "channel", "channel": self._world.workspace.describe_channel(channel)})
        return {}

    async def workloads(self, body: Body) -> Body:
        if body.get("reset"):
            self._world.cluster.reset()
            if self._world.argocd is not None:
                self._world.argocd.reset()
        self._world.cluster.create(list(body.get("objects", [])))
        return {"created": len(body.get("objects", []))}

    async def cluster_fault(self, body: Body) -> Body:
        """Arm a fault of the Kubernetes API: the fields of its ApiFault."""
        self._world.cluster.fault(body)
        return {}

    async def argocd_fault(self, body: Body) -> Body:
        """Arm a fault of Argo CD's API: the fields of PlatformFault, or {clear: true}."""
        if self._world.argocd is None:
            raise WrongRequestError("this sandbox has no Argo CD")
        self._world.argocd.fault(body)
        return {}

    # --- behaviour ---------------------------------------------------------------------------------------------

    async def limits(self, body: Body) -> Body:
        self._world.limits.on = bool(body["on"])
        self._world.limits.reset()
        return {"on": self._world.limits.on}

    async def fault(self, body: Body) -> Body:
        """Arm a fault (fields of `Fault`), or {clear: true} to take all back."""
        if body.get("clear"):
            self._world.faults.clear()
            return {}
        unknown = set(body) - _FAULT_FIELDS
        if unknown:
            raise WrongRequestError(f"unknown fields: {', '.join(sorted(unknown))}")
        self._world.faults.add(Fault(**body))
        return {}

    async def scopes(self, body: Body) -> Body:
        """Take scopes away from the app: {missing: [...]}; an empty list gives all back."""
        self._world.missing_scopes = {str(scope) for scope in body["missing"]}
        return {"missing": sorted(self._world.missing_scopes)}

    async def timing(self, body: Body) -> Body:
        """Change Slack's patience, for tests: {ack_seconds?, retry_seconds?, trigger_seconds?}."""
        world = self._world
        world.socket.ack_seconds = float(body.get("ack_seconds", world.socket.ack_seconds))
        world.socket.retry_seconds = tuple(float(s) for s in body.get("retry_seconds", world.socket.retry_seconds))
        world.views.trigger_seconds = float(body.get("trigger_seconds", world.views.trigger_seconds))
        return {}

    async def disconnect(self, body: Body) -> Body:
        """Send disconnect frames: {reason?, close_after?}; {cut: true} breaks the sockets without a word."""
        if body.get("cut"):
            return {"connections": self._world.socket.cut()}
        reason = str(body.get("reason", "refresh_requested"))
        return {"connections": await self._world.socket.disconnect(reason, body.get("close_after"))}

    # --- finding -----------------------------------------------------------------------------------------------

    def _channel(self, body: Body) -> Channel:
        channel = self._world.workspace.find_channel(str(body["channel"]))
        if channel is None:
            raise WrongRequestError(f"no such channel: {str(body['channel'])[:60]}")
        return channel

    def _view(self, body: Body) -> View:
        view = self._world.views.views.get(str(body["view_id"]))
        if view is None:
            raise WrongRequestError("no such view")
        return view

    def _login(self, user: str) -> str:
        """Give the GitHub login of a person of the workspace, whose name is the same; others are logins already."""
        person = self._world.workspace.people.get(user)
        return person.name if person is not None else user

    def _scenario_name(self, body: Body) -> str:
        """Check the name against the list, so that it can be part of a path."""
        name = str(body["scenario"])
        if name not in {scenario["name"] for scenario in self._world.cluster.scenarios()}:
            raise WrongRequestError(f"no such scenario: {name[:60]}")
        return name

    def _check(self, request: web.Request) -> None:
        tokens = self._world.tokens
        if not same(bearer(request), tokens.control, tokens.page):
            raise web.HTTPUnauthorized(text='{"ok": false, "error": "wrong token"}', content_type="application/json")
