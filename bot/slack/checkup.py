"""What `doctor` asks of Slack: tokens, scopes, Socket Mode, approvers. Nothing is posted."""

from collections.abc import Callable, Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.finding import Finding
from bot.slack.calls import error_code

SCOPES = (
    "app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "groups:history", "groups:read",
    "im:history", "users:read",
)  # fmt: skip


def check_slack(bot_token: str, app_token: str, api_url: str, approvers: frozenset[str]) -> Iterator[Finding]:
    """Return what is in order and what is not; the first broken token ends it, since nothing more can be asked."""
    for name, token, prefix in (
        ("SLACK_BOT_TOKEN", bot_token, "xoxb-"),
        ("SLACK_APP_TOKEN", app_token, "xapp-"),
    ):
        if not token.startswith(prefix):
            says = "it is not set" if not token else f"it does not begin with {prefix}"
            yield Finding(subject=name, ok=False, says=says, mend="docs/connect-slack.md says where to copy it from")
            return
    client = WebClient(token=bot_token, base_url=api_url, timeout=10, retry_handlers=[])
    answer = _asked(client.auth_test)
    if isinstance(answer, str):
        yield Finding(subject="SLACK_BOT_TOKEN", ok=False, says=f"Slack answers {answer}", mend="copy the token again")
        return
    yield Finding(subject="SLACK_BOT_TOKEN", ok=True, says=f"{answer.get('user')} in {answer.get('team')}")
    yield from _scopes(answer)
    opened = _asked(lambda: client.apps_connections_open(app_token=app_token))
    bad = isinstance(opened, str)
    yield Finding(
        subject="SLACK_APP_TOKEN",
        ok=not bad,
        says=f"Slack answers {opened}" if bad else "Socket Mode connections open",
        mend="make an app-level token with connections:write, and switch Socket Mode on" if bad else "",
    )
    for user in sorted(approvers):
        yield from _approver(client, user)


def _scopes(answer: Any) -> Iterator[Finding]:
    headers = {name.lower(): text for name, text in dict(answer.headers or {}).items()}
    given = headers.get("x-oauth-scopes")
    if given is None:
        return
    missing = [scope for scope in SCOPES if scope not in {each.strip() for each in str(given).split(",")}]
    yield Finding(
        subject="scopes",
        ok=not missing,
        says=f"missing: {', '.join(missing)}" if missing else "all that are needed",
        mend="add them under OAuth & Permissions (config/slack_manifest.yaml has all) and install the app again"
        if missing
        else "",
    )


def _approver(client: WebClient, user: str) -> Iterator[Finding]:
    answer = _asked(lambda: client.users_info(user=user))
    if isinstance(answer, str):
        yield Finding(
            subject=f"approver {user}",
            ok=False,
            says=f"Slack answers {answer}",
            mend="name a user id of this workspace",
        )
        return
    known = answer.get("user") or {}
    unfit = [
        word for word in ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger") if known.get(word)
    ]
    yield Finding(
        subject=f"approver {user}",
        ok=not unfit,
        says=f"cannot approve: {', '.join(unfit)}" if unfit else str(known.get("real_name") or known.get("name")),
        mend="take the id out of CODEHEALER_APPROVERS" if unfit else "",
    )


def _asked(call: Callable[[], Any]) -> Any:
    """Return Slack's answer, or its error as text."""
    try:
        return call()
    except SlackApiError as error:
        return error_code(error.response) or "an error without a name"
    except (OSError, ValueError) as error:
        return f"nothing ({type(error).__name__})"
