"""Routes of a GitHub App: itself, its one installation, and tokens for it. They take a JWT, not a token."""

import base64
import json
from typing import Any

from bot.sandbox.github_answers import Answer, Request, find_repo
from bot.sandbox.github_errors import GithubError, not_found
from bot.sandbox.github_json import stamp, user_json
from bot.sandbox.github_state import Hub

_MAX_JWT_SECONDS = 600 + 60


_APP_PERMISSIONS = {
    "actions": "write",
    "checks": "read",
    "contents": "write",
    "metadata": "read",
    "pull_requests": "write",
    "secrets": "read",
}


def check_jwt(hub: Hub, token: str) -> bool:
    """Whether it is an App's JWT that GitHub would take now: RS256, our App, not expired, at most ten minutes long.

    The signature is not checked: the sandbox has no key of the App. GithubError 401 for a JWT that is refused.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return False
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
        algorithm, issuer = head.get("alg"), str(claims.get("iss"))
        issued, expires = float(claims.get("iat", 0)), float(claims["exp"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise GithubError(401, "A JSON web token could not be decoded") from None
    if algorithm != "RS256" or issuer not in {str(hub.app_id), "Iv23liSandboxClient00"}:
        raise GithubError(401, "Integration not found")
    now = hub.now()
    if expires <= now:
        raise GithubError(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
    if expires - max(issued, now) > _MAX_JWT_SECONDS:
        raise GithubError(401, "'Expiration time' claim ('exp') is too far in the future")
    return True


class Apps:
    """Handlers; each is named in github_routes.py with its operation."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def installation(self, request: Request) -> Answer:
        return Answer(body=self._installation(find_repo(self._hub, request).owner))

    def installations(self, request: Request) -> Answer:
        del request
        owners = sorted({repo.owner for repo in self._hub.repositories.values()})
        return Answer(body=[self._installation(owner) for owner in owners[:1]])

    def installation_by_id(self, request: Request) -> Answer:
        self._check_installation(request)
        owners = sorted({repo.owner for repo in self._hub.repositories.values()}) or ["acme"]
        return Answer(body=self._installation(owners[0]))

    def installation_token(self, request: Request) -> Answer:
        self._check_installation(request)
        token, expires = self._hub.issue_token()
        body = {
            "token": token,
            "expires_at": stamp(expires),
            "permissions": _APP_PERMISSIONS,
            "repository_selection": "all",
        }
        return Answer(status=201, body=body)

    def app(self, request: Request) -> Answer:
        del request
        hub, when = self._hub, stamp(self._hub.now() - 90 * 86_400)
        return Answer(
            body={
                "id": hub.app_id,
                "slug": hub.app_slug,
                "node_id": f"A_{hub.app_id}",
                "owner": user_json(hub, "acme"),
                "name": "CodeHealer",
                "description": None,
                "external_url": hub.base,
                "html_url": f"{hub.base}/apps/{hub.app_slug}",
                "created_at": when,
                "updated_at": when,
                "permissions": _APP_PERMISSIONS,
                "events": [],
                "installations_count": 1,
            }
        )

    def _check_installation(self, request: Request) -> None:
        if request.names["installation_id"] != str(self._hub.installation_id):
            raise not_found()

    def _installation(self, owner: str) -> dict[str, Any]:
        hub = self._hub
        when = stamp(hub.now() - 90 * 86_400)
        return {
            "id": hub.installation_id,
            "account": user_json(hub, owner),
            "repository_selection": "all",
            "access_tokens_url": f"{hub.api}/app/installations/{hub.installation_id}/access_tokens",
            "repositories_url": f"{hub.api}/installation/repositories",
            "html_url": f"{hub.base}/organizations/{owner}/settings/installations/{hub.installation_id}",
            "app_id": hub.app_id,
            "client_id": "Iv23liSandboxClient00",
            "app_slug": hub.app_slug,
            "target_id": user_json(hub, owner)["id"],
            "target_type": "Organization",
            "permissions": _APP_PERMISSIONS,
            "events": [],
            "created_at": when,
            "updated_at": when,
            "single_file_name": None,
            "suspended_by": None,
            "suspended_at": None,
        }
