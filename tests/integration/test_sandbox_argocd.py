"""The Argo CD scenarios in a whole sandbox: how each starts, and what a person's merge makes of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.fakes.processes import ROOT, SandboxProcess, until

SCENARIOS = ROOT / "config" / "scenarios"
APPS = {
    "manifest-error": "storefront",
    "manifest-two-errors": "loyalty",
    "image-tag-missing": "catalog",
    "image-pull-denied": "invoices",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    made = SandboxProcess()
    yield made
    made.close()


def expected(scenario: str) -> dict[str, Any]:
    return dict(yaml.safe_load((SCENARIOS / scenario / "expected.yaml").read_text(encoding="utf-8")))


def posted(sandbox: SandboxProcess, answer: dict[str, Any]) -> dict[str, Any]:
    state: Any = sandbox.look("state", channel=answer["channel"])
    [channel] = [each for each in state["channels"] if each["id"] == answer["channel"]]
    return next(message for message in channel["messages"] if message["ts"] == answer["ts"])


def application(sandbox: SandboxProcess, name: str) -> dict[str, Any]:
    found: Any = sandbox.look("argocd")
    return next(each for each in found["applications"] if each["name"] == name)


def becomes(sandbox: SandboxProcess, name: str, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        app = application(sandbox, name)
        return app if test(app) else None

    return dict(until(there, f"{name} in another state"))


def failing_text(scenario: str, change: dict[str, str]) -> str:
    """The file as the failing commit has it, out of github.yaml."""
    spec = yaml.safe_load((SCENARIOS / scenario / "github.yaml").read_text(encoding="utf-8"))["repositories"][0]
    text = (SCENARIOS / scenario / "repos" / spec["name"] / change["path"]).read_text(encoding="utf-8")
    for commit in spec["commits"]:
        edit = commit.get("changes", {}).get(change["path"], {})
        text = edit["text"] if "text" in edit else text.replace(edit["replace"], edit["with"]) if edit else text
    return str(text)


@pytest.mark.parametrize("scenario", ["manifest-error", "manifest-two-errors"])
def test_a_failed_sync_starts_as_it_is_told(sandbox: SandboxProcess, scenario: str) -> None:
    answer = sandbox.control("cause", scenario=scenario)
    app = becomes(sandbox, APPS[scenario], lambda app: app["conditions"])
    assert (app["sync"], app["health"], app["auto_sync"]) == ("OutOfSync", "Healthy", True)
    assert app["operation"]["phase"] == "Failed"
    [condition] = app["conditions"]
    assert condition["type"] == "SyncError"
    assert condition["message"] == f"Failed last sync attempt to [{app['revision']}]: {app['operation']['message']}"
    said = posted(sandbox, answer)
    assert app["operation"]["message"] in said["text"]
    assert "{{" not in str(said)
    assert [row["sync"] for row in app["resources"] if row["kind"] == "Deployment"] == ["OutOfSync"]


def test_the_mended_line_heals(sandbox: SandboxProcess) -> None:
    sandbox.control("cause", scenario="manifest-error")
    change = expected("manifest-error")["change"]
    text = failing_text("manifest-error", change)
    assert text.count(change["from"]) == 1
    mended = text.replace(change["from"], change["to"])
    sandbox.control(
        "github_push", repo=change["repository"], path=change["path"], text=mended, author="ana", message="Mend"
    )
    app = becomes(sandbox, "storefront", lambda app: app["sync"] == "Synced" and app["health"] == "Healthy")
    assert (app["operation"]["phase"], app["conditions"]) == ("Succeeded", [])
    workloads: Any = sandbox.look("cluster")["workloads"]
    assert [(row["ready"], row["desired"]) for row in workloads if row["name"] == "storefront"] == [(6, 6)]
    recovered = posted(sandbox, sandbox.control("recover", scenario="manifest-error"))
    assert app["revision"] in str(recovered)


def test_the_twin_fails_on_what_was_behind_the_first_mistake(sandbox: SandboxProcess) -> None:
    sandbox.control("cause", scenario="manifest-two-errors")
    want = expected("manifest-two-errors")
    first = becomes(sandbox, "loyalty", lambda app: app["conditions"])
    mended = failing_text("manifest-two-errors", want["change"]).replace(want["change"]["from"], want["change"]["to"])
    change = {"repo": want["change"]["repository"], "path": want["change"]["path"], "text": mended}
    sandbox.control("github_push", **change, author="ana", message="Mend")
    app = becomes(
        sandbox, "loyalty", lambda app: app["revision"] != first["revision"] and app["operation"]["phase"] == "Failed"
    )
    assert want["said"] in app["operation"]["message"]
    assert app["operation"]["message"].endswith("(retried 2 times).")
    assert (app["sync"], app["health"]) == ("OutOfSync", "Healthy")


@pytest.mark.parametrize("scenario", ["image-tag-missing", "image-pull-denied"])
def test_an_image_that_cannot_be_pulled(sandbox: SandboxProcess, scenario: str) -> None:
    answer = sandbox.control("cause", scenario=scenario)
    app = becomes(sandbox, APPS[scenario], lambda app: app["health"] == "Degraded")
    assert (app["sync"], app["operation"]["phase"], app["conditions"]) == ("Synced", "Succeeded", [])
    assert "{{" not in str(posted(sandbox, answer))
    workloads: Any = sandbox.look("cluster")["workloads"]
    [row] = [row for row in workloads if row["name"] == APPS[scenario]]
    assert row["ready"] == 2
    assert sorted(pod["reason"] for pod in row["pods"]) == ["", "", "ImagePullBackOff"]


def test_the_missing_tag_heals_once_the_source_names_one_that_is_there(sandbox: SandboxProcess) -> None:
    sandbox.control("cause", scenario="image-tag-missing")
    becomes(sandbox, "catalog", lambda app: app["health"] == "Degraded")
    want = expected("image-tag-missing")
    path = "prod/deployment.yaml"
    text = failing_text("image-tag-missing", {"path": path}).replace("catalog:4.18.0", "catalog:4.17.2")
    sandbox.control(
        "github_push", repo=want["change"]["repository"], path=path, text=text, author="ana", message="Back"
    )
    becomes(sandbox, "catalog", lambda app: (app["sync"], app["health"]) == ("Synced", "Healthy"))


def test_the_record_of_calls_and_a_fault(sandbox: SandboxProcess) -> None:
    sandbox.control("argocd_fault", kind="slow", seconds=0)
    sandbox.control("argocd_fault", clear=True)
    found: Any = sandbox.look("argocd")
    assert {"applications", "calls"} <= set(found)
