"""What the sandbox's integration tests share: the sandbox in process, a real Bolt app on it, the control API."""

import asyncio
import contextlib
import json
import logging
from collections import deque

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import start_sandbox
from bot.sandbox.troubles import Troubles

ALERT = {
    "text": "KubePodCrashLooping",
    "attachments": [{"color": "#f00", "title": "pod payments-api is crash looping"}],
}
BUTTONS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*OOMKilled*"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "heal_review",
                "text": {"type": "plain_text", "text": "Review fix"},
                "value": "p1",
            }
        ],
    },
]
MODAL = {
    "type": "modal",
    "callback_id": "heal_decide",
    "private_metadata": "p1",
    "title": {"type": "plain_text", "text": "Review fix"},
    "submit": {"type": "plain_text", "text": "Approve"},
    "close": {"type": "plain_text", "text": "Cancel"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "note"},
        }
    ],
}


class NoCluster:
    """A cluster with nothing in it: these tests are about Slack."""

    url = "http://127.0.0.1:1"

    def __init__(self):
        self.calls = deque()
        self.faults = []
        self.troubles = Troubles("no cluster")
        self.objects = []

    def create(self, objects):
        self.objects += objects

    def reset(self):
        self.objects.clear()

    def kubeconfig(self):
        return json.dumps({"clusters": [{"cluster": {"server": self.url}}]})

    def fault(self, order):
        raise ValueError(f"no faults here: {order}")

    def summary(self):
        return []

    def load_scenario(self, name):
        return {"channel": "platform-alerts", "sender": {"name": "Robusta"}, "message": {**ALERT, "text": name}}

    def scenarios(self):
        return [{"name": "oom", "title": "OOM", "description": "A pod dies"}]

    async def close(self):
        pass


class Bench:
    """The sandbox, a Bolt app connected to it, and the control API."""

    def __init__(self, sandbox, http):
        self.sandbox, self.http, self.line = sandbox, http, sandbox.line()
        self.world = sandbox.world
        self.client = AsyncWebClient(token=self.line["slack_bot_token"], base_url=self.line["slack_api_url"])
        self.app = AsyncApp(client=self.client, logger=logging.getLogger("quiet"))
        self.handler = None

    async def connect(self):
        self.handler = AsyncSocketModeHandler(self.app, self.line["slack_app_token"], ping_interval=0.5)
        await self.handler.connect_async()

    async def control(self, name, expect=200, **body):
        headers = {"Authorization": f"Bearer {self.line['control_token']}"}
        async with self.http.post(self.line["control_url"] + name, json=body, headers=headers) as answer:
            assert answer.status == expect, await answer.text()
            return await answer.json()

    async def look(self, name, **query):
        headers = {"Authorization": f"Bearer {self.line['control_token']}"}
        async with self.http.get(self.line["control_url"] + name, params=query, headers=headers) as answer:
            return await answer.json()

    def channel(self, name="platform-alerts"):
        return self.world.workspace.find_channel(name).id

    async def until(self, true, what="it"):
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.01)


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")


@contextlib.asynccontextmanager
async def bench(tmp_path, limits_on=False, cluster=None):
    sandbox = await start_sandbox(cluster or NoCluster(), tmp_path, limits_on=limits_on)
    async with aiohttp.ClientSession() as http:
        made = Bench(sandbox, http)
        try:
            yield made
        finally:
            if made.handler is not None:
                await made.handler.close_async()
            await sandbox.close()


def run(test):
    asyncio.run(test)
