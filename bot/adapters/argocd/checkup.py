"""What the account can and cannot do, for `doctor`: one question after another, each answer a finding."""

from collections.abc import Iterator
from urllib.parse import quote

from bot.adapters.argocd.door import Door
from bot.adapters.argocd.fields import text_in
from bot.domain.delivery import Application
from bot.domain.errors import PlatformError
from bot.domain.finding import Finding
from bot.ports import Deployments

MAX_PROJECTS = 20
NEEDED = (("applications", "get"), ("applications", "sync"), ("logs", "get"))


def look_over(connection: str, server: str, door: Door, deployments: Deployments) -> tuple[Finding, ...]:
    """Ask for version and account, then for each right in each project whose applications we see."""
    subject = f"Argo CD {connection}"
    found: list[Finding] = []
    try:
        found.append(Finding(subject=subject, ok=True, says=f"{server} runs {_version(door)}"))
        account = _account(door)
        if not account:
            mend = "make a token of an account with the capability apiKey and set it"
            return (*found, Finding(subject=subject, ok=False, says="the token is no session of an account", mend=mend))
        found.append(Finding(subject=subject, ok=True, says=f"the token is of the account {account}"))
        found += _rights(subject, account, door, deployments.applications())
    except PlatformError as error:
        mend = "check the address, its certificate and the token"
        found.append(Finding(subject=subject, ok=False, says=f"it does not answer: {error.detail}", mend=mend))
    return tuple(found)


def _version(door: Door) -> str:
    answer = door.get("read version", "/api/version")
    return (text_in(answer, "Version") if isinstance(answer, dict) else "")[:60] or "an unknown version"


def _account(door: Door) -> str:
    answer = door.get("read account", "/api/v1/session/userinfo")
    if not isinstance(answer, dict) or answer.get("loggedIn") is not True:
        return ""
    return text_in(answer, "username")[:100] or "without a name"


def _rights(subject: str, account: str, door: Door, seen: tuple[Application, ...]) -> Iterator[Finding]:
    if not seen:
        mend = f"grant it in argocd-rbac-cm: p, {account}, applications, get, */*, allow"
        yield Finding(subject=subject, ok=False, says=f"{account} sees no application", mend=mend)
    one_of_each = {app.project: app for app in reversed(seen)}
    for project, app in sorted(one_of_each.items())[:MAX_PROJECTS]:
        missing = [right for right in NEEDED if not may(door, *right, project, app.name)]
        grants = "; ".join(f"p, {account}, {resource}, {action}, {project}/*, allow" for resource, action in missing)
        said = ", ".join(f"{resource} {action}" for resource, action in missing or NEEDED)
        yield Finding(
            subject=f"{subject}, project {project}",
            ok=not missing,
            says=f"{account} lacks {said}" if missing else f"{account} has {said}",
            mend=f"grant it in argocd-rbac-cm: {grants}" if missing else "",
        )


def may(door: Door, resource: str, action: str, project: str, name: str) -> bool:
    """Ask Argo CD whether the account may do that to the application (`name` or `namespace/name`)."""
    parts = (resource, action, project, *name.split("/"))
    if not {"", ".", ".."}.isdisjoint(parts):
        return False
    path = "/".join(quote(part, safe="") for part in parts)
    answer = door.get("ask for permission", f"/api/v1/account/can-i/{path}")
    return isinstance(answer, dict) and text_in(answer, "value") == "yes"
