"""The sandbox's GitHub with the rest of the sandbox: scenarios, the control API, faults, pages, what Argo CD reads of it."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
from pathlib import Path

import aiohttp
import pytest
import yaml

from bot.sandbox.github_act import Act, find_act
from bot.sandbox.github_api import serve_github
from bot.sandbox.github_log import job_log
from bot.sandbox.github_simulation import Simulation
from bot.sandbox.kubernetes_api import serve_kubernetes
from bot.sandbox.server import start_sandbox

SCENARIOS = Path(__file__).parents[2] / "config" / "scenarios"
CI = ("expired-token", "stale-token", "flaky-test", "failing-test")


def expected(name):
    return yaml.safe_load((SCENARIOS / name / "expected.yaml").read_text())


class World:
    def __init__(self, sandbox, http):
        self.sandbox, self.http, self.line = sandbox, http, sandbox.line()
        self.github = sandbox.world.github

    async def control(self, name, expect=200, **body):
        headers = {"Authorization": f"Bearer {self.line['control_token']}"}
        async with self.http.post(self.line["control_url"] + name, json=body, headers=headers) as answer:
            assert answer.status == expect, await answer.text()
            return await answer.json()

    async def look(self, name, **query):
        headers = {"Authorization": f"Bearer {self.line['control_token']}"}
        async with self.http.get(self.line["control_url"] + name, params=query, headers=headers) as answer:
            return await answer.json()

    async def api(self, method, path, body=None):
        headers = {"Authorization": f"token {self.line['github_token']}"}
        async with self.http.request(method, self.line["github_url"] + path, json=body, headers=headers) as answer:
            await answer.read()
            return answer

    async def settle(self):
        async with asyncio.timeout(60):
            while any(r.latest.status != "completed" for repo in self.repos() for r in repo.runs.values()):
                await asyncio.sleep(0.01)

    def repos(self):
        return self.github.hub.repositories.values()


@contextlib.asynccontextmanager
async def world(runner=None):
    cluster = await serve_kubernetes(0, SCENARIOS)
    github = await serve_github(0, SCENARIOS, runner=runner or Simulation(0.02))
    sandbox = await start_sandbox(cluster, SCENARIOS, github=github)
    async with aiohttp.ClientSession() as http:
        try:
            yield World(sandbox, http)
        finally:
            await sandbox.close()


def run(story):
    asyncio.run(story())


async def heal(w, name):
    """Do what the scenario's plan says, in its order; the run's conclusion afterwards."""
    want = expected(name)
    repo, run_id = want["target"]["repo"], want["target"]["run"]
    for action in want["actions"]:
        if action == "github.dispatch_workflow":
            path = f"/repos/{repo}/actions/workflows/{want['rotation']}/dispatches"
            await w.api("POST", path, {"ref": "main", "inputs": {"codehealer_id": "exe_1"}})
        else:
            await w.api("POST", f"/repos/{repo}/actions/runs/{run_id}/rerun-failed-jobs")
        await w.settle()
    return await (await w.api("GET", f"/repos/{repo}/actions/runs/{run_id}")).json()


async def api_json(w, path):
    headers = {"Authorization": f"token {w.line['github_token']}"}
    async with w.http.get(w.line["github_url"] + path, headers=headers) as answer:
        return await answer.json()


@pytest.mark.parametrize("name", CI)
def test_a_scenario_fails_and_its_plan_heals_it_or_not_as_it_says(name):
    async def story():
        async with world() as w:
            caused = await w.control("cause", scenario=name)
            want = expected(name)
            target = want["target"]
            message = w.sandbox.world.workspace.channels[caused["channel"]].messages[caused["ts"]]
            assert f"/actions/runs/{target['run']}" in json.dumps(message)
            sha = w.github.hub.repositories[target["repo"]].git.resolve("main")
            assert f"/commit/{sha}|`{sha[:7]} (main)`" in json.dumps(message)
            failing = await api_json(w, f"/repos/{target['repo']}/actions/runs/{target['run']}")
            assert (failing["conclusion"], failing["path"]) == ("failure", target["workflow"])
            jobs = await api_json(w, f"/repos/{target['repo']}/actions/runs/{target['run']}/jobs")
            assert [job["name"] for job in jobs["jobs"] if job["conclusion"] == "failure"] == [target["job"]]
            failed = [job["id"] for job in jobs["jobs"] if job["conclusion"] == "failure"]
            log = (await w.look("github_log", job=failed[0]))["log"]
            assert all(secret in log for secret in want["redacted"])
            await heal(w, name)
            after = await api_json(w, f"/repos/{target['repo']}/actions/runs/{target['run']}")
            assert after["conclusion"] == ("success" if want["verdict"] == "passed" else "failure")
            assert after["run_attempt"] == 2

    run(story)


def test_a_rerun_without_the_rotation_does_not_help():
    async def story():
        async with world() as w:
            await w.control("cause", scenario="expired-token")
            await w.api("POST", "/repos/acme/payments-api/actions/runs/17998240655/rerun-failed-jobs")
            await w.settle()
            after = await api_json(w, "/repos/acme/payments-api/actions/runs/17998240655")
            assert (after["conclusion"], after["run_attempt"]) == ("failure", 2)

    run(story)


def test_the_dispatched_rotation_is_found_by_its_mark_and_shows_at_the_secret():
    async def story():
        async with world() as w:
            await w.control("cause", scenario="expired-token")
            before = await api_json(w, "/repos/acme/payments-api/actions/secrets")
            path = "/repos/acme/payments-api/actions/workflows/rotate-registry-token.yml"
            await w.api("POST", path + "/dispatches", {"ref": "main", "inputs": {"codehealer_id": "exe_77"}})
            await w.settle()
            runs = (await api_json(w, path + "/runs"))["workflow_runs"]
            assert runs[0]["display_title"].endswith("exe_77")
            after = await api_json(w, "/repos/acme/payments-api/actions/secrets")
            changed = [a["name"] for a, b in zip(after["secrets"], before["secrets"], strict=True) if a != b]
            assert changed == ["REGISTRY_TOKEN"]
            assert "rgt_" not in json.dumps(after)

    run(story)


def test_a_person_merges_on_the_page_and_others_hear_of_the_push():
    async def story():
        async with world() as w:
            heard, told = [], []
            w.github.on_push(lambda repo, branch, sha: heard.append((repo, branch, sha)))
            w.sandbox.world.workspace.listeners.append(told.append)
            await w.control("cause", scenario="expired-token")
            pushed = await w.control(
                "github_push", repo="acme/payments-api", branch="fix", path="README.md", text="# Less\n", message="Less"
            )
            url = "https://git.example/acme/payments-api.git"
            assert w.github.resolve(url, "fix") == pushed["sha"]
            assert w.github.files(url, pushed["sha"])["README.md"] == "# Less\n"
            assert w.github.resolve(url, "none") is None
            assert w.github.resolve("acme/none", "main") is None
            await w.api("POST", "/repos/acme/payments-api/pulls", {"title": "Less", "head": "fix", "base": "main"})
            repo = next(r for r in (await w.look("github"))["repos"] if r["name"] == "acme/payments-api")
            pull = repo["pulls"][0]
            assert (pull["state"], pull["mergeable"], pull["branch"]) == ("open", True, "fix")
            assert {"sign": "+", "text": "# Less"} in pull["diff"][0]["lines"]
            ana = w.line["people"]["approver"]
            merged = await w.control("merge", repo="acme/payments-api", number=pull["number"], user=ana)
            assert heard[-1] == ("acme/payments-api", "main", merged["sha"])
            await w.control("merge", 400, repo="acme/payments-api", number=pull["number"], user=ana)
            await w.control("merge", 400, repo="acme/payments-api", number=4711, user=ana)
            await w.settle()
            runs = (await w.look("github"))["repos"][0]["runs"]
            assert (runs[0]["workflow"], runs[0]["actor"]) == ("Release", "ana")
            await asyncio.sleep(0.2)
            assert {"type": "github"} in told

    run(story)


def test_the_clock_starts_a_run_of_the_newest_commit():
    async def story():
        async with world() as w:
            await w.control("cause", scenario="flaky-test")
            begun = await w.control("github_run", repo="acme/basket", workflow="ci.yml")
            await w.settle()
            found = await api_json(w, f"/repos/acme/basket/actions/runs/{begun['run']}")
            newest = (await api_json(w, "/repos/acme/basket/branches/main"))["commit"]["sha"]
            assert (found["event"], found["display_title"], found["head_sha"]) == ("schedule", "CI", newest)
            assert (found["run_number"], found["conclusion"]) == (1192, "failure")
            await w.control("github_run", 400, repo="acme/basket", workflow="ci.yml", event="workflow_dispatch")
            await w.control("github_run", 400, repo="acme/basket", workflow="none.yml")

    run(story)


def test_a_pull_request_that_conflicts_is_not_mergeable_and_can_be_closed():
    async def story():
        async with world() as w:
            await w.control("cause", scenario="expired-token")
            for branch, text in (("one", "# One\n"), ("main", "# Two\n")):
                await w.control("github_push", repo="acme/payments-api", branch=branch, path="README.md", text=text)
            await w.api("POST", "/repos/acme/payments-api/pulls", {"title": "One", "head": "one", "base": "main"})
            pull = (await w.look("github"))["repos"][0]["pulls"][0]
            assert pull["mergeable"] is False
            refused = await w.api("PUT", f"/repos/acme/payments-api/pulls/{pull['number']}/merge", {})
            assert refused.status == 405
            await w.control("close_pull", repo="acme/payments-api", number=pull["number"], user="ben")
            assert (await w.look("github"))["repos"][0]["pulls"][0]["state"] == "closed"

    run(story)


def test_faults_come_as_ordered_and_go():
    async def story():
        async with world() as w:
            await w.control("cause", scenario="expired-token")
            run_url = "/repos/acme/payments-api/actions/runs/17998240655"
            await w.control("github_fault", kind="status", status=500, done=True, method="POST", path="rerun")
            assert (await w.api("POST", run_url + "/rerun-failed-jobs")).status == 500
            assert (await api_json(w, run_url))["run_attempt"] == 2
            await w.settle()
            await w.control("github_fault", kind="status", status=502, method="POST")
            assert (await w.api("POST", run_url + "/rerun-failed-jobs")).status == 502
            await w.control("github_fault", kind="drop_answer", method="POST")
            with pytest.raises(aiohttp.ClientError):
                await w.api("POST", run_url + "/rerun-failed-jobs")
            assert (await api_json(w, run_url))["run_attempt"] == 3
            await w.control("github_fault", kind="rate_limited", retry_after=7, skip=1)
            assert (await w.api("GET", run_url)).status == 200
            limited = await w.api("GET", run_url)
            assert (limited.status, limited.headers["Retry-After"]) == (403, "7")
            await w.control("github_fault", kind="rate_limited")
            assert (await w.api("GET", run_url)).headers["X-RateLimit-Remaining"] == "0"
            await w.control("github_fault", kind="cut", path="/jobs")
            with pytest.raises(aiohttp.ClientError):
                await w.api("GET", run_url + "/jobs")
            await w.control("github_fault", kind="status", status=503, times=0)
            assert [(await w.api("GET", run_url)).status for _ in range(3)] == [503] * 3
            await w.control("github_fault", clear=True)
            assert (await w.api("GET", run_url)).status == 200
            await w.control("github_fault", 400, kind="unheard of")
            assert (await w.look("github", calls=1))["calls"][0]["status"] == 200
            await w.settle()

    run(story)


def test_pages_of_runs_jobs_and_pull_requests_escape_what_strangers_wrote():
    async def story():
        async with world() as w:
            await w.control("cause", scenario="expired-token")
            evil = "<script>alert(1)</script>"
            await w.control("github_push", repo="acme/payments-api", branch="x", path="a.md", text=evil, message=evil)
            await w.api(
                "POST", "/repos/acme/payments-api/pulls", {"title": evil, "head": "x", "base": "main", "body": evil}
            )
            page = w.github.hub.base + "/acme/payments-api"
            jobs = (await api_json(w, "/repos/acme/payments-api/actions/runs/17998240655/jobs"))["jobs"]
            for path in ("", "/actions/runs/17998240655", "/pull/101", "/commit/x", "/blob/x/a.md"):
                async with w.http.get(page + path) as answer:
                    assert answer.status == 200, path
                    assert evil not in await answer.text()
            async with w.http.get(jobs[1]["html_url"]) as answer:
                assert "Token failed verification: expired" in await answer.text()
            async with w.http.get(page + "/actions/runs/1") as answer:
                assert answer.status == 404
            async with w.http.get(page, headers={"Host": "evil.example"}) as answer:
                assert answer.status == 403

    run(story)


def test_a_client_that_dies_in_the_middle_of_its_request_leaves_no_traceback():
    async def story():
        options = ["-m", "bot.sandbox"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *options,
            cwd=SCENARIOS.parents[1],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        line = json.loads(await process.stdout.readline())
        for url, path in (
            (line["slack_api_url"], "/api/chat.postMessage"),
            (line["control_url"], "/control/cause"),
            (line["kubernetes_url"], "/apis/apps/v1/namespaces/a/deployments/b"),
            (line["github_url"], "/api/v3/repos/a/b/pulls"),
        ):
            await asyncio.to_thread(die_half_way, int(url.split(":")[2].split("/")[0]), path, line["control_token"])
        await asyncio.sleep(0.3)
        process.terminate()
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert errors.decode() == ""

    run(story)


def die_half_way(port, path, token):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        client.sendall((head + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{").encode())


def act_is_there():
    return bool(os.environ.get("CODEHEALER_ACT") or shutil.which("act") or (Path.home() / "go/bin/act").exists())


@pytest.mark.servers
@pytest.mark.skipif(not act_is_there(), reason="the program act is not there")
@pytest.mark.parametrize("name", CI)
def test_jobs_that_really_run_come_to_what_the_scenario_says(name, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path.home() / 'go/bin'}:{os.environ['PATH']}")

    async def story():
        async with world(Act(find_act(), SCENARIOS)) as w:
            await w.control("cause", scenario=name)
            want = expected(name)
            await heal(w, name)
            run_ = w.github.hub.repositories[want["target"]["repo"]].runs[int(want["target"]["run"])]
            assert run_.latest.conclusion == ("success" if want["verdict"] == "passed" else "failure")
            job = next(job for job in run_.latest.jobs if job.name == want["target"]["job"])
            log = job_log(job)
            assert job.runner_name == "act"
            if want["verdict"] == "failed":
                assert "##[error]Process completed with exit code 1." in log
            for secret in w.github.hub.repositories[want["target"]["repo"]].secrets.values():
                assert secret.value not in log

    run(story)


def test_an_act_that_cannot_be_started_fails_the_jobs_and_says_why(tmp_path):
    async def story():
        async with world(Act(str(tmp_path / "no-act"), SCENARIOS)) as w:
            await w.control("cause", scenario="flaky-test")
            await heal(w, "flaky-test")
            job = w.github.hub.repositories["acme/basket"].runs[17998561930].latest.jobs[-1]
            assert job.conclusion == "failure"
            assert "not started" in job.annotations[0]["message"]

    run(story)


def test_the_process_says_that_act_is_missing():
    async def story():
        environment = {"PATH": "/nowhere", "CODEHEALER_ACT": "/nowhere/act"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot.sandbox", "--github-runner", "act"),
            cwd=SCENARIOS.parents[1],
            env=environment,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert b"act is not found" in errors

    run(story)


TALKATIVE = """name: Talkative
on: push
defaults:
  run:
    shell: bash
jobs:
  talk:
    runs-on: ubuntu-latest
    steps:
      - name: Fails in a pipe
        continue-on-error: true
        run: "false | echo piped"
      - name: Says much
        shell: sh
        run: "seq -f 'word %.0f' 5000; printf 'and the last'; exit 3"
"""


@pytest.mark.servers
@pytest.mark.skipif(not act_is_there(), reason="the program act is not there")
def test_whatever_a_failing_step_printed_stands_in_its_log(monkeypatch):
    monkeypatch.setenv("PATH", f"{Path.home() / 'go/bin'}:{os.environ['PATH']}")

    async def story():
        async with world(Act(find_act(), SCENARIOS)) as w:
            await w.control("cause", scenario="flaky-test")
            path = ".github/workflows/talkative.yml"
            pushed = await w.control("github_push", repo="acme/basket", path=path, text=TALKATIVE)
            await w.settle()
            runs = w.github.hub.repositories["acme/basket"].runs.values()
            (talk,) = [r for r in runs if r.head_sha == pushed["sha"] and r.workflow_path == path]
            (job,) = talk.latest.jobs
            printed = [line for _, line, _ in job.lines]
            assert [line for line in printed if line.startswith("word ")] == [f"word {n}" for n in range(1, 5001)]
            assert printed[printed.index("word 5000") + 1 :][:2] == [
                "and the last",
                "##[error]Process completed with exit code 3.",
            ]
            assert "piped" in printed
            assert not [line for line in printed if "sandbox-step-over" in line]
            steps = {step.name: step.conclusion for step in job.steps}
            assert steps["Says much"] == "failure"

    run(story)
