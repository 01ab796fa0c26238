"""The manifest creates the app in one paste: within Slack's limits, with the scopes that the bot's calls and events need and no more."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = yaml.safe_load((ROOT / "config" / "slack_manifest.yaml").read_text(encoding="utf-8"))
SCOPES = set(MANIFEST["oauth_config"]["scopes"]["bot"])
EVENTS = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])

# docs.slack.dev/reference/methods/<method>: bot scopes; for conversations.* those of each kind of conversation the bot is invited to
METHOD_SCOPES: dict[str, set[str]] = {
    "apps.connections.open": set(),  # an app-level scope (connections:write), which no manifest carries
    "auth.test": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.info": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.members": {"channels:read", "groups:read", "im:read", "mpim:read"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "users.info": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.update": set(),
}
# docs.slack.dev/reference/events/<event>
EVENT_SCOPES: dict[str, set[str]] = {
    "agent_session_stopped": set(),  # comes with agent_view
    "app_context_changed": set(),  # comes with agent_view
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
}
# docs.slack.dev/reference/app-manifest: features.agent_view adds assistant:write, features.slash_commands needs commands
FEATURE_SCOPES = {"agent_view": {"assistant:write"}, "slash_commands": {"commands"}}

# docs.slack.dev/reference/app-manifest: greatest lengths
LIMITS = [
    (("display_information", "name"), 35),
    (("display_information", "description"), 140),
    (("features", "bot_user", "display_name"), 80),
    (("features", "agent_view", "agent_description"), 300),
    (("features", "slash_commands", 0, "command"), 32),
    (("features", "slash_commands", 0, "description"), 2000),
    (("features", "slash_commands", 0, "usage_hint"), 1000),
]


def test_scopes_are_exactly_what_calls_events_and_features_need() -> None:
    needed = set().union(*METHOD_SCOPES.values(), *(EVENT_SCOPES[event] for event in EVENTS))
    needed |= set().union(*(scopes for feature, scopes in FEATURE_SCOPES.items() if feature in MANIFEST["features"]))
    assert needed == SCOPES


def test_every_event_that_the_bot_lives_on_is_subscribed() -> None:
    assert set(EVENT_SCOPES) == EVENTS


@pytest.mark.parametrize(("path", "limit"), LIMITS, ids=[".".join(map(str, path)) for path, _ in LIMITS])
def test_texts_are_within_slacks_limits(path: tuple[str | int, ...], limit: int) -> None:
    text: object = MANIFEST
    for key in path:
        text = text[key]
    assert isinstance(text, str)
    assert 0 < len(text) <= limit


def test_the_names_are_the_products_own() -> None:
    assert MANIFEST["display_information"]["name"] == "CodeHealer"
    assert [command["command"] for command in MANIFEST["features"]["slash_commands"]] == ["/heal"]


def test_it_runs_by_socket_mode_and_takes_clicks_and_dms() -> None:
    settings, home = MANIFEST["settings"], MANIFEST["features"]["app_home"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"]["is_enabled"] is True
    assert "request_url" not in settings["event_subscriptions"], "with Socket Mode there is no address to give"
    assert home == {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False}


def test_the_guide_names_every_method_and_scope() -> None:
    guide = (ROOT / "docs" / "connect-slack.md").read_text(encoding="utf-8")
    assert [name for name in [*METHOD_SCOPES, *SCOPES] if f"`{name}`" not in guide] == []
