"""The sandbox's page in headless Chromium: hostile text stays text, and the keyboard reaches everything."""

import asyncio
import contextlib
import shutil

import pytest
from sandbox_bench import BUTTONS, MODAL, PROXIES, bench, run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="browser: no Chromium on this machine"),
]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@contextlib.asynccontextmanager
async def page_of(b):
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(10_000)
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("console", lambda message: page.troubles.append(message.text) if message.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith(b.world.base) else page.troubles.append(r.url))
        try:
            await page.goto(b.line["url"])
            await page.wait_for_selector("[data-testid=channel-platform-alerts]")
            yield page
        finally:
            await browser.close()


def test_strangers_text_never_becomes_markup_or_a_request(tmp_path):
    async def story():
        async with bench(tmp_path) as b, page_of(b) as page:
            link = "<javascript:window.hacked=1|click> <https://example.com/a|fine> &lt;b&gt; *bold* `code`"
            posts = [
                {"text": HOSTILE},
                {"text": link},
                {"text": "", "attachments": [{"title": HOSTILE, "title_link": "javascript:hacked=1", "text": HOSTILE}]},
                {
                    "text": "",
                    "attachments": [{"image_url": "https://example.com/x.png", "color": "red;} body{display:none"}],
                },
                {
                    "text": "t",
                    "blocks": [{"type": "image", "image_url": "https://example.com/y.png", "alt_text": "graph"}],
                },
                {"text": "odd", "blocks": "not a list"},
                {"text": "the end"},
            ]
            await b.control("post_bulk", posts=[{"channel": "platform-alerts", "message": m} for m in posts])
            await page.wait_for_selector("text=the end")
            assert await page.evaluate("window.hacked") is None
            assert await page.locator("#messages img, #messages script").count() == 0
            hrefs = await page.locator("#messages a").evaluate_all(
                "nodes => nodes.map(node => node.getAttribute('href'))"
            )
            assert hrefs == ["https://example.com/a"]
            assert await page.locator("#messages").get_by_text(HOSTILE).count() >= 2
            assert await page.get_by_text("(this message cannot be drawn)").count() == 1
            assert page.troubles == []

    run(story())


def test_the_way_through_a_modal_by_keyboard_alone(tmp_path):
    async def story():
        async with bench(tmp_path) as b:
            submitted = []

            @b.app.action("heal_review")
            async def review(ack, body, client):
                await ack()
                await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

            @b.app.view("heal_decide")
            async def decide(ack, body):
                submitted.append(body["view"]["state"]["values"]["note"]["note"]["value"])
                await ack()

            await b.connect()
            await b.client.chat_postMessage(channel=b.channel(), text="card", blocks=BUTTONS)
            async with page_of(b) as page:
                await page.locator("[data-action-id=heal_review]").focus()
                await page.keyboard.press("Enter")
                await page.wait_for_selector("[data-testid=modal]")
                seen = set()
                for _ in range(12):
                    await page.keyboard.press("Tab")
                    seen.add(await page.evaluate("document.activeElement.closest('[role=dialog]') !== null"))
                assert seen == {True}
                await page.keyboard.press("Escape")
                await page.wait_for_selector("[data-testid=modal]", state="detached")
                assert await page.evaluate("document.activeElement.dataset.actionId") == "heal_review"
                await page.keyboard.press("Enter")
                await page.locator("[data-testid=modal] input").fill("go on")
                await page.keyboard.press("Enter")
                await page.wait_for_selector("[data-testid=modal]", state="detached")
                assert submitted == ["go on"]
                assert page.troubles == []

    run(story())


def test_causing_a_failure_opens_its_thread_and_an_unanswered_click_is_said(tmp_path):
    async def story():
        async with bench(tmp_path) as b:

            @b.app.event("message")
            async def message(event, client):
                if event.get("app_id") != b.line["app_id"]:
                    await client.chat_postMessage(
                        channel=event["channel"], thread_ts=event["ts"], text="card", blocks=BUTTONS
                    )

            @b.app.action("heal_review")
            async def review():
                pass  # never acked

            await b.control("timing", ack_seconds=0.3)
            await b.connect()
            async with page_of(b) as page:
                await page.locator("[data-testid=channel-ci-alerts]").click()
                await page.locator("[data-testid=cause-failure]").click()
                await page.wait_for_selector("[data-testid=scenario-oom]:focus")
                await page.keyboard.press("ArrowDown")
                await page.keyboard.press("Enter")
                button = page.locator("[data-testid=thread-panel] [data-action-id=heal_review]")
                await button.click()
                await page.wait_for_selector("[data-testid=toast-error] >> text=did not answer in time")
                await page.locator("[data-testid=person-switch]").click()
                await page.locator("[data-testid=person-gia]").click()
                assert await page.locator("[data-testid=channel-ci-alerts]").count() == 0
                await page.keyboard.press("Escape")
                await page.wait_for_selector("[data-testid=thread-panel]", state="hidden")
                assert page.troubles == []

    run(story())


def test_a_page_that_lost_its_stream_draws_what_it_missed(tmp_path):
    async def story():
        async with bench(tmp_path) as b, page_of(b) as page:
            stream = b.sandbox._stream
            await page.route("**/stream/**", lambda route: route.abort())
            stream._closed.set()
            for queue in stream._pages:
                queue.put_nowait({"type": "bye"})
            await b.until(lambda: not stream._pages, "the stream is gone")
            await b.control("post", channel="platform-alerts", message={"text": "while away"})
            await asyncio.sleep(0.2)
            assert await page.get_by_text("while away").count() == 0
            stream._closed.clear()
            await page.unroute("**/stream/**")
            await page.wait_for_selector("text=while away")

    run(story())
