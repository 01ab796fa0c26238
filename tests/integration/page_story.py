"""What the page's tests share: a browser at two widths, and a GitHub and an Argo CD that answer from a script.

The script answers what the page asks the control API about the two platforms (shapes: docs/sandbox.md); Slack and the
cluster are the sandbox's own. Everything that the page posts to the script is kept in `posted`.
"""

import contextlib
import copy
import json
import shutil

from sandbox_bench import NoCluster

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
LAPTOP, PHONE = (1366, 768), (390, 844)
GITHUB, ARGOCD = "http://127.0.0.1:4801", "http://127.0.0.1:4802"

_STEPS = [
    {"name": "Set up job", "conclusion": "success"},
    {"name": "Log in to registry.acme.dev", "conclusion": "failure"},
    {"name": "Push image", "conclusion": "skipped"},
]
_RUN = {
    "id": 9001,
    "attempt": 1,
    "workflow": "Release",
    "event": "push",
    "branch": "main",
    "title": "Publish checkout 2.15.0",
    "status": "completed",
    "conclusion": "failure",
    "actor": "dana",
    "jobs": [
        {"id": 71, "name": "build", "status": "completed", "conclusion": "success", "steps": _STEPS[:1]},
        {"id": 72, "name": "publish", "status": "completed", "conclusion": "failure", "steps": _STEPS},
    ],
}
_PULL = {
    "number": 12,
    "title": "checkout: memory as a quantity",
    "state": "open",
    "merged": False,
    "mergeable": True,
    "branch": "codehealer/fix-7f3a",
    "base": "main",
    "author": "codehealer[bot]",
    "body": "## Why\n\nThe sync failed: `quantities must match the regular expression`.\n\n- **Run** 9001\n- <script>1</script>\n",
    "diff": [
        {
            "path": "apps/checkout/deployment.yaml",
            "lines": [
                {"sign": "@", "text": "@@ -31,3 +31,3 @@"},
                {"sign": " ", "text": "          resources:"},
                {"sign": "-", "text": "            limits: {memory: 256MiB}"},
                {"sign": "+", "text": "            limits: {memory: 256Mi}"},
            ],
        }
    ],
}
REPOSITORY = {
    "name": "acme/checkout",
    "default_branch": "main",
    "runs": [_RUN],
    "pulls": [_PULL],
    "secrets": [{"name": "REGISTRY_TOKEN", "updated_at": "2026-01-05T10:00:00Z"}],
}
APPLICATION = {
    "name": "checkout",
    "project": "shop",
    "sync": "OutOfSync",
    "health": "Degraded",
    "health_message": "",
    "revision": "4f1c2a9be0",
    "auto_sync": True,
    "operation": {"phase": "Failed", "message": "one or more objects failed to apply: quantities must match"},
    "conditions": [{"type": "SyncError", "message": "Failed sync attempt to 4f1c2a9be0"}],
    "resources": [
        {
            "kind": "Service",
            "namespace": "shop",
            "name": "checkout",
            "sync": "Synced",
            "health": "Healthy",
            "message": "",
        },
        {
            "kind": "Deployment",
            "namespace": "shop",
            "name": "checkout",
            "sync": "OutOfSync",
            "health": "Degraded",
            "message": "quantities must match the regular expression",
        },
    ],
}
LOG = "\n".join(
    [
        "2026-01-05T10:00:00.0000000Z ##[group]Run docker login",
        "2026-01-05T10:00:00.1000000Z \u001b[36mdocker login registry.acme.dev\u001b[0m",
        "2026-01-05T10:00:00.2000000Z ##[endgroup]",
        *(f"2026-01-05T10:00:01.{n:07d}Z layer {n} <b>waits</b>" for n in range(200)),
        "2026-01-05T10:00:02.0000000Z ##[error]denied: token expired",
    ]
)
WORKLOAD = {
    "namespace": "shop",
    "kind": "Deployment",
    "name": "checkout",
    "ready": 0,
    "desired": 2,
    "containers": [{"name": "app", "memory_limit": "256Mi"}],
    "pods": [
        {
            "name": "checkout-7d9c5b8f4d-x2lqp",
            "phase": "Running",
            "reason": "CrashLoopBackOff",
            "restarts": 6,
            "ready": False,
        }
    ],
}


class ScriptedCluster(NoCluster):
    """A cluster with the workloads that a test gives it, and the scenarios of three platforms."""

    def __init__(self):
        super().__init__()
        self.rows = [copy.deepcopy(WORKLOAD)]
        self.ordered = []

    def summary(self):
        return self.rows

    def fault(self, order):
        self.ordered.append(dict(order))

    def scenarios(self):
        rows = [
            ("oom-killed", "kubernetes", "OOMKilled after a release", "oom-leak", "passed"),
            ("oom-leak", "kubernetes", "OOMKilled by a leak", "oom-killed", "failed"),
            ("expired-token", "github", "A registry token expired", "", "passed"),
            ("bad-manifest", "argocd", "A manifest that does not apply", "", "passed"),
        ]
        return [
            {"name": n, "platform": p, "title": t, "description": f"{t}, and what then?", "twin": twin, "verdict": v}
            for n, p, t, twin, v in rows
        ]


class Script:
    """GitHub and Argo CD as the page sees them. Change `repos` and `applications`, then `tell` the page."""

    def __init__(self, bench):
        self.bench = bench
        self.repos = [copy.deepcopy(REPOSITORY)]
        self.applications = [copy.deepcopy(APPLICATION)]
        self.calls = {"github": [], "argocd": []}
        self.asked = []
        self.posted = []

    @property
    def run(self):
        return self.repos[0]["runs"][0]

    @property
    def pull(self):
        return self.repos[0]["pulls"][0]

    def tell(self, *kinds):
        for kind in kinds:
            self.bench.world.workspace.tell({"type": kind})

    async def serve(self, page):
        await page.route("**/?token=*", self._index)
        await page.route("**/control/**", self._control)

    async def _index(self, route):
        """Say where the scripted platforms would be, which the sandbox does not know."""
        answer = await route.fetch()
        text = (await answer.text()).replace('data-github=""', f'data-github="{GITHUB}"')
        await route.fulfill(response=answer, body=text.replace('data-argocd=""', f'data-argocd="{ARGOCD}"'))

    async def _control(self, route):
        name = route.request.url.partition("/control/")[2].partition("?")[0]
        self.asked.append(name)
        if name == "github":
            answer = {"repos": self.repos, "calls": self.calls["github"]}
        elif name == "argocd":
            answer = {"applications": self.applications, "calls": self.calls["argocd"]}
        elif name == "github_log":
            answer = {"log": LOG}
        elif name in {"merge", "close_pull", "github_fault", "argocd_fault"}:
            self._do(name, json.loads(route.request.post_data))
            answer = {}
        else:
            await route.continue_()
            return
        await route.fulfill(json={"ok": True, **answer})

    def _do(self, name, body):
        self.posted.append((name, body))
        if name in {"merge", "close_pull"}:
            self.pull.update(state="closed", merged=name == "merge")
            self.tell("github")


@contextlib.asynccontextmanager
async def browser():
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield opened
        finally:
            await opened.close()


@contextlib.asynccontextmanager
async def page_of(bench, size=LAPTOP, theme="light", *, scripted=True, first_visit=False):
    """A page at this size. `page.troubles`: errors, console errors and requests to elsewhere. `page.script`: the script."""
    async with browser() as opened:
        context = await opened.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
        if not first_visit:
            await context.add_init_script(
                "localStorage.setItem('codehealer.tour', localStorage.getItem('codehealer.tour') ?? 'seen')"
            )
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("console", lambda message: page.troubles.append(message.text) if message.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith(bench.world.base) else page.troubles.append(r.url))
        page.script = Script(bench)
        if scripted:
            await page.script.serve(page)
        await page.goto(bench.line["url"])
        await page.wait_for_selector("[data-testid=channel-platform-alerts]", state="attached")
        yield page


def by_id(page, name):
    return page.locator(f"[data-testid={name}]")


async def show(page, panel):
    """Open a platform's panel as a person would at this width."""
    by_key = by_id(page, f"key-{panel}")
    await (by_key if await by_key.is_visible() else by_id(page, f"panel-{panel}")).click()
