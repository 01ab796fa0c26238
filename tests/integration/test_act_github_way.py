"""The GitHub scenarios with jobs that really run: a run fails by `act`, and what the bot does makes `act` come to another end.

The scenario's own failed run is only history here. The one that is posted ran a moment ago on this machine: its log, which
the bot reads, is what the steps printed, and its re-run is green only if what the steps meet was mended.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.cluster_worlds import until
from tests.integration.house import SCENARIOS, House, Thread, open_house

ACT = (
    os.environ.get("CODEHEALER_ACT") or shutil.which("act", path=f"{os.environ['PATH']}:{Path.home() / 'go/bin'}") or ""
)

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ACT, reason="act is not installed (go install github.com/nektos/act@v0.2.89)"),
]

ELSEWHERE = "the-past"
"""A channel without the bot: there the scenario posts about the run that never ran."""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    def settings(line: dict[str, Any]) -> dict[str, str]:
        return {
            "KUBECONFIG": line["kubeconfig"],
            "GITHUB_API_URL": line["github_url"],
            "GITHUB_TOKEN": line["github_token"],
            "CODEHEALER_CONFIG_DIR": str(SCENARIOS / "team"),
        }

    folder = tmp_path_factory.mktemp("house")
    with open_house(folder, settings, "--github-runner", "act", CODEHEALER_ACT=ACT) as house:
        house.control("channels", name=ELSEWHERE, bot=False)
        yield house


class Story:
    """A scenario's repository, in which this test lets jobs run."""

    def __init__(self, bot: House, name: str) -> None:
        self._bot, self._folder = bot, SCENARIOS / name
        self.expected = yaml.safe_load((self._folder / "expected.yaml").read_text())
        self.repo = self.expected["target"]["repo"]
        bot.control("cause", scenario=name, channel=f"#{ELSEWHERE}")

    def push(self, path: str, text: str) -> dict[str, Any]:
        """A person pushes a file; the run that this starts, once it is over."""
        sha = self._bot.control("github_push", repo=self.repo, path=path, text=text, message="Try again")["sha"]
        return self._ended(lambda run: run["sha"] == sha)

    def by_schedule(self, workflow: str) -> dict[str, Any]:
        """The clock starts a run of the newest commit; the run, once it is over."""
        number = self._bot.control("github_run", repo=self.repo, workflow=workflow, event="schedule")["run"]
        return self.attempt(number, 1)

    def attempt(self, number: int, which: int) -> dict[str, Any]:
        return self._ended(lambda run: (run["id"], run["attempt"]) == (number, which))

    def rerun(self, run: dict[str, Any]) -> dict[str, Any]:
        """Somebody runs the failed jobs again; the attempt that this starts, once it is over."""
        self._bot.github(f"/repos/{self.repo}/actions/runs/{run['id']}/rerun-failed-jobs", {})
        return self.attempt(run["id"], run["attempt"] + 1)

    def runs_of(self, workflow: str) -> list[dict[str, Any]]:
        return [run for run in self._bot.repository(self.repo)["runs"] if run["workflow"] == workflow]

    def secret_written(self, name: str) -> str:
        """When the secret was written last."""
        secrets = self._bot.repository(self.repo)["secrets"]
        return str(next(each["updated_at"] for each in secrets if each["name"] == name))

    def log(self, run: dict[str, Any]) -> str:
        """What the attempt's failing (or once failing) job printed."""
        job = next(each for each in run["jobs"] if each["name"] == self.expected["target"]["job"])
        return self._bot.github_log(job["id"])

    def alert(self, run: dict[str, Any]) -> Thread:
        """Post what GitHub's app posts, about this run."""
        post = json.loads((self._folder / "post.json").read_text())
        title = post["message"]["attachments"][0]["title"]
        text = json.dumps(post["message"]).replace(title, f"{run['workflow']} #{run['number']}")
        text = text.replace(self.expected["target"]["run"], str(run["id"]))
        text = re.sub(r"\{\{sha:\w+\}\}", run["sha"], re.sub(r"\{\{sha7:\w+\}\}", run["sha"][:7], text))
        return self._bot.post("#ci-alerts", post["sender"], json.loads(text))

    def _ended(self, test) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            runs = self._bot.repository(self.repo)["runs"]
            return next((run for run in runs if run["status"] == "completed" and test(run)), None)

        return until(f"a run of {self.repo} ends", found, 60)

    def really_ran(self, run: dict[str, Any]) -> None:
        """Act ran every job of this attempt, and nobody else; of a re-run those that it repeated."""
        path = f"/repos/{self.repo}/actions/runs/{run['id']}/attempts/{run['attempt']}/jobs"
        jobs = self._bot.github(path)["jobs"]
        assert jobs
        assert {job["runner_name"] for job in jobs if job["conclusion"] != "skipped"} == {"act"}


def approved(story: Story, run: dict[str, Any]) -> tuple[Thread, str]:
    """From the alert about a run that failed to a person's approval; the thread, and the card as it was approved."""
    story.really_ran(run)
    assert run["conclusion"] == "failure"
    thread = story.alert(run)
    thread.card(story.expected["target"]["job"])
    card = thread.card("Review fix")
    assert "Could not read" not in card
    view = thread.review()
    assert view["submit"]["text"] == "Approve"
    thread.approve()
    return thread, card


def cited(card: str, log: str) -> list[str]:
    """The lines that the card quotes and the log holds just so, under the same number."""
    printed = [line.partition("Z ")[2] for line in log.splitlines()]
    quotes = re.findall(r"(?m)^ *(\d+) │ (.+)$", card)
    return [text for number, text in quotes if printed[int(number) - 1].strip() == text.strip()]


def test_an_expired_token_is_renewed_and_the_run_turns_green_because_of_it(bot: House) -> None:
    story = Story(bot, "expired-token")
    failed = story.rerun(story.push("README.md", "Takes payment requests.\n"))
    assert failed["conclusion"] == "failure"  # the first time and the second: to run it again alone mends nothing
    before, rotations = story.secret_written("REGISTRY_TOKEN"), len(story.runs_of("Rotate registry token"))

    thread, card = approved(story, failed)
    thread.note("Verified", 90)
    assert thread.outcomes() == ["Verified"]
    assert [line for line in cited(card, story.log(failed)) if "Token failed verification: expired" in line]

    rotation, *_ = story.runs_of("Rotate registry token")
    story.really_ran(rotation)
    assert (rotation["event"], rotation["conclusion"]) == ("workflow_dispatch", "success")
    assert re.fullmatch(r"Rotate registry token ex_\w+", rotation["title"])
    assert len(story.runs_of("Rotate registry token")) == rotations + 1
    assert story.secret_written("REGISTRY_TOKEN") > before
    healed = story.attempt(failed["id"], 3)
    assert healed["conclusion"] == "success"
    assert "Login Succeeded" in story.log(healed)


def test_a_rotation_that_renews_nothing_ends_in_an_honest_failure(bot: House) -> None:
    story = Story(bot, "stale-token")
    failed = story.push("README.md", "Writes invoices.\n")
    thread, _ = approved(story, failed)
    thread.note("Escalated", 90)
    assert thread.outcomes() == ["Verification failed", "Escalated"]

    rotation, *_ = story.runs_of("Rotate registry token")
    story.really_ran(rotation)
    assert (rotation["event"], rotation["conclusion"]) == ("workflow_dispatch", "success")
    again = story.attempt(failed["id"], 2)
    story.really_ran(again)
    assert again["conclusion"] == "failure"
    assert "Token failed verification: expired" in story.log(again)


def test_a_flaky_test_passes_when_it_is_run_again(bot: House) -> None:
    story = Story(bot, "flaky-test")
    failed = story.by_schedule("ci.yml")
    thread, card = approved(story, failed)
    thread.note("Verified", 90)
    assert thread.outcomes() == ["Verified"]
    healed = story.attempt(failed["id"], 2)
    assert healed["conclusion"] == "success"
    assert "FAILED (" in story.log(failed)
    assert "\nOK" in re.sub(r"(?m)^\S+Z ", "", story.log(healed))
    assert "FAILED (errors=1)" in cited(card, story.log(failed))


def test_a_test_that_fails_for_a_reason_fails_again(bot: House) -> None:
    story = Story(bot, "failing-test")
    failed = story.by_schedule("ci.yml")
    thread, _ = approved(story, failed)
    thread.note("Escalated", 90)
    assert thread.outcomes() == ["Verification failed", "Escalated"]
    again = story.attempt(failed["id"], 2)
    story.really_ran(again)
    assert again["conclusion"] == "failure"
    assert "FAILED (" in story.log(again)
