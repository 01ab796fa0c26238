"""Cards as pictures: Block Kit drawn by the sandbox's page in headless Chromium, for golden files and for people's eyes.

    png = picture(blocks, width=390, theme="dark")

The card is posted by the bot into the thread of an alert, so the sandbox first refuses what Slack would refuse
(RefusedError names the place). `width` is the page's width in CSS pixels: 390 is a phone, 1366 a laptop, where the
thread takes 36 % of it. `theme` is "light" or "dark". The picture holds the whole message, however long; its time is
always 09:41 and no animation runs, so the same blocks give the same bytes on the same machine (fonts differ elsewhere).

Many pictures: `pictures({name: blocks}, width, theme)` starts sandbox and browser once (a second and a half; then about
0.4 s a picture). A modal or a Home tab: pass the view itself, a dict, in place of the list of blocks.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.kubernetes_api import serve_kubernetes
from bot.sandbox.server import Sandbox, start_sandbox

Blocks = list[dict[str, Any]] | dict[str, Any]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PHONE, LAPTOP = 390, 1366
HEIGHT = 844
_CHANNEL = "platform-alerts"
_STILL = """() => {
  document.activeElement?.blur();
  for (const time of document.querySelectorAll(".time")) time.textContent = "09:41";
}"""


class RefusedError(ValueError):
    """The sandbox refused the blocks as Slack would; the message holds its words."""


def picture(blocks: Blocks, width: int = LAPTOP, theme: str = "light") -> bytes:
    """Draw one card, modal or Home tab; gives the PNG."""
    return pictures({"card": blocks}, width, theme)["card"]


def pictures(cards: Mapping[str, Blocks], width: int = LAPTOP, theme: str = "light") -> dict[str, bytes]:
    """Draw all of them with one browser; gives name to PNG."""

    async def all_of_them() -> dict[str, bytes]:
        async with album() as drawn:
            return {name: await drawn.picture(blocks, width, theme) for name, blocks in cards.items()}

    return asyncio.run(all_of_them())


class Album:
    """One open page that draws card after card."""

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession, page: Any) -> None:
        self._sandbox = sandbox
        self._http = http
        self._page = page

    async def picture(self, blocks: Blocks, width: int = LAPTOP, theme: str = "light") -> bytes:
        """Draw one card, or a view. Raises RefusedError for what Slack would refuse."""
        await self._page.emulate_media(color_scheme=theme)
        await self._page.set_viewport_size({"width": width, "height": HEIGHT})
        if isinstance(blocks, list):
            return await self._message(blocks, width)
        return await (self._home(blocks, width) if blocks.get("type") == "home" else self._modal(blocks, width))

    async def _message(self, blocks: list[dict[str, Any]], width: int) -> bytes:
        page = self._page
        channel = next(each for each in self._sandbox.world.workspace.channels.values() if each.name == _CHANNEL)
        alert = await self._call("chat.postMessage", channel=channel.id, text="the alert")
        card = await self._call(
            "chat.postMessage", channel=channel.id, thread_ts=alert["ts"], text="card", blocks=blocks
        )
        await page.locator(f"#messages [data-ts='{alert['ts']}'] [data-testid=open-thread]").click()
        drawn = page.locator(f"#replies [data-ts='{card['ts']}']")
        await drawn.wait_for()
        whole = await self._shoot(drawn, "#replies", width)
        await page.locator("[data-testid=thread-close]").click()
        for message in (card, alert):
            await self._call("chat.delete", channel=channel.id, ts=message["ts"])
        return whole

    async def _modal(self, view: dict[str, Any], width: int) -> bytes:
        person = self._sandbox.seed.approver
        trigger = self._sandbox.world.views.new_trigger(person)
        answer = await self._call("views.open", trigger_id=trigger, view=view)
        drawn = self._page.locator("[data-testid=modal]")
        await drawn.wait_for()
        whole = await self._shoot(drawn, "[data-testid=modal] .dialog-body", width)
        opened = self._sandbox.world.views.find(answer["view"]["id"], None)
        if opened is not None:
            self._sandbox.world.views.close(opened)
        await drawn.wait_for(state="detached")
        return whole

    async def _home(self, view: dict[str, Any], width: int) -> bytes:
        await self._call("views.publish", user_id=self._sandbox.seed.approver, view=view)
        await self._page.reload()
        await self._page.wait_for_selector("[data-testid=app-home]", state="attached")
        await self._page.evaluate("document.querySelector('[data-testid=app-home]').click()")
        drawn = self._page.locator("#home .home-page")
        await drawn.wait_for()
        whole = await self._shoot(drawn, "#home", width)
        await self._page.evaluate(f"document.querySelector('[data-testid=channel-{_CHANNEL}]').click()")
        return whole

    async def _shoot(self, drawn: Any, scroller: str, width: int) -> bytes:
        """Make the page as high as the card needs, so that nothing of it is scrolled away."""
        page = self._page
        await page.evaluate(_STILL)
        inside = await page.evaluate(f"document.querySelector({scroller!r}).scrollHeight")
        await page.set_viewport_size({"width": width, "height": max(HEIGHT, int(inside) + 400)})
        await page.mouse.move(0, 0)
        return bytes(await drawn.screenshot(animations="disabled", caret="hide"))

    async def _call(self, method: str, **body: Any) -> dict[str, Any]:
        line = self._sandbox.line()
        headers = {"Authorization": f"Bearer {line['slack_bot_token']}"}
        async with self._http.post(line["slack_api_url"] + method, json=body, headers=headers) as answer:
            said: dict[str, Any] = await answer.json()
        if not said["ok"]:
            raise RefusedError(f"{method}: {said['error']}: {(said.get('response_metadata') or {}).get('messages')}")
        return said


@contextlib.asynccontextmanager
async def album() -> AsyncIterator[Album]:
    """Start sandbox and browser; `async with album() as drawn: await drawn.picture(...)`."""
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as scenarios:
        sandbox = await start_sandbox(await serve_kubernetes(0, Path(scenarios)), Path(scenarios), limits_on=False)
        try:
            async with aiohttp.ClientSession() as http, async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                page = await browser.new_page()
                await page.add_init_script("localStorage.setItem('codehealer.tour', 'seen')")
                await page.goto(sandbox.line()["url"])
                await page.wait_for_selector(f"[data-testid=channel-{_CHANNEL}]", state="attached")
                yield Album(sandbox, http, page)
                await browser.close()
        finally:
            await sandbox.close()
