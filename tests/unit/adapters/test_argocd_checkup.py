"""What `doctor` hears of an Argo CD."""

import json

import pytest

from tests.unit.adapters.argocd_server import Handler, answer, argo_of, refusal, replay


def playing(*, missing: tuple[str, ...] = (), logged_in: bool = True, apps: tuple[str, ...] = ("default",)):
    """An Argo CD that answers what a checkup asks; `missing` are rights such as `applications/sync`."""

    def play(handler: Handler) -> None:
        path = handler.path.partition("?")[0]
        body: object = {"error": "unexpected", "code": 2}
        if path == "/api/version":
            body = {"Version": "v3.6.1"}
        elif path == "/api/v1/session/userinfo":
            body = {"loggedIn": True, "username": "healer"} if logged_in else {"loggedIn": False}
        elif path == "/api/v1/applications":
            body = {"items": [{"metadata": {"name": f"app-of-{p}"}, "spec": {"project": p}} for p in apps] or None}
        elif path.startswith("/api/v1/account/can-i/"):
            right = "/".join(path.split("/")[5:7])
            body = {"value": "no" if right in missing else "yes"}
        answer(200, json.dumps(body))(handler)

    return play


def test_all_in_order() -> None:
    with argo_of(playing(apps=("default", "payments", "payments"))) as (argo, seen):
        found = argo.checkup()
    assert [each.ok for each in found] == [True] * 4
    assert "v3.6.1" in found[0].says
    assert "healer" in found[1].says
    assert {each.method for each in seen} == {"GET"}
    asked = [each.path.rpartition("can-i/")[2] for each in seen if "can-i" in each.path]
    assert asked == [
        f"{right}/{project}/app-of-{project}"
        for project in ("default", "payments")
        for right in ("applications/get", "applications/sync", "logs/get")
    ]


def test_a_right_that_is_missing_is_named_with_its_grant() -> None:
    with argo_of(playing(missing=("applications/sync",))) as (argo, _):
        *_, last = argo.checkup()
    assert (last.ok, last.says) == (False, "healer lacks applications sync")
    assert last.mend == "grant it in argocd-rbac-cm: p, healer, applications, sync, default/*, allow"


@pytest.mark.parametrize("play", [playing(logged_in=False), playing(apps=())])
def test_no_session_and_no_application_are_wrong(play) -> None:
    with argo_of(play) as (argo, _):
        last = argo.checkup()[-1]
    assert not last.ok
    assert last.mend


@pytest.mark.parametrize("script", [replay("unauthenticated"), refusal(403, "no", 7), answer(200, "<html>")])
def test_an_argo_cd_that_refuses_is_a_finding(script) -> None:
    with argo_of(script) as (argo, _):
        [found] = argo.checkup()
    assert not found.ok
    assert found.mend
