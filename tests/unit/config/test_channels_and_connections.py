"""slack_channels.yaml and connections.yaml: what they give, and what a wrong line is told."""

from pathlib import Path

import pytest

from bot.adapters.channels_yaml import load_channels
from bot.adapters.connections_yaml import load_connections
from bot.bootstrap import CONFIG, ConfiguredPlatforms, load_knowledge
from bot.bootstrap.platforms import _proxy_of
from bot.domain.connections import ConnectionKind
from bot.domain.errors import ConfigError, NotConfigured
from bot.domain.scope import ChannelMode, ChannelRule, Reach
from bot.settings import load_settings

SHIPPED = CONFIG / "slack_channels.yaml"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_lets_everything_through() -> None:
    rules = load_channels(SHIPPED, None)
    assert rules.of("C1", "any") == ChannelRule()
    assert load_knowledge(None).channels == rules


def test_a_teams_file_is_laid_over_by_channel_and_the_specific_comes_first(tmp_path: Path) -> None:
    team = written(
        tmp_path,
        "slack_channels.yaml",
        'channels:\n  - channel: "*"\n    mode: suggest\n  - channel: "#pay-*"\n    senders: A01\n'
        '    read: {namespaces: [pay, "pay-*"]}\n    sweep: true\n  - channel: C0123ABCD\n    mode: observe\n'
        "    read: {repositories: [acme/web]}\n    act: {}\n",
    )
    rules = load_channels(SHIPPED, team)
    assert [rule.channel for rule in rules.rules] == ["C0123ABCD", "#pay-*", "*"]
    pay = rules.of("C9", "pay-oncall")
    assert pay.read == pay.act == Reach(namespaces=("pay", "pay-*"))
    assert (pay.senders, pay.sweep, pay.mode) == (("A01",), True, ChannelMode.ACT)
    assert rules.of("C0123ABCD", "x").act == Reach()
    assert rules.of("C7", "x").mode is ChannelMode.SUGGEST


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("channels:\n  - mode: act\n", 2, "names its channel"),
        ("channels:\n  - channel: x\n    mode: watch\n", 3, "'watch' is not known"),
        ("channels:\n  - channel: x\n    red: {}\n", 3, "'red' is no key"),
        ("channels:\n  - channel: x\n    read: {pods: [a]}\n", 3, "'pods' is no key"),
        ("channels:\n  - channel: x\n    sweep: maybe\n", 3, "is true or false"),
        ("channels:\n  - channel: x\n  - channel: x\n", 3, "stands twice"),
        ("channels:\n  - channel: 'a b'\n", 2, "names its channel"),
        ("rules: []\n", 1, "the only key is `channels`"),
        ("channels: 5\n", 1, "is not a list"),
        ("channels:\n  - channel: &a x\n    mode: *a\n", 3, "aliases"),
        ("channels:\n\t- x\n", 2, "is not YAML"),
    ],
)
def test_a_wrong_channel_line_is_named(tmp_path: Path, text: str, line: int, words: str) -> None:
    team = written(tmp_path, "slack_channels.yaml", text)
    with pytest.raises(ConfigError) as caught:
        load_channels(SHIPPED, team)
    assert caught.value.place == f"{team}:{line}"
    assert words in str(caught.value)


GOOD = """connections:
  - name: acme
    kind: github
    token_env: GITHUB_TOKEN_ACME
    owns: [acme, "acme-*"]
    calls_per_hour: 900
  - name: own
    kind: github
    url: https://git.example.com/api/v3
    app_id: 17
    private_key_env: OWN_KEY
  - name: prod
    kind: argocd
    url: https://argocd.example.com
    token_env: ARGO_PROD
  - name: eu
    kind: kubernetes
    kubeconfig: /etc/eu.yaml
    context: eu-1
    owns: prod-eu-1
"""


def test_connections_of_every_kind(tmp_path: Path) -> None:
    acme, own, prod, eu = load_connections(written(tmp_path, "connections.yaml", GOOD))
    assert (acme.connection.url, acme.token_env, acme.calls_per_hour) == (
        "https://api.github.com",
        "GITHUB_TOKEN_ACME",
        900,
    )
    assert acme.connection.owns == ("acme", "acme-*")
    assert (own.app_id, own.private_key_env) == ("17", "OWN_KEY")
    assert prod.connection.kind is ConnectionKind.ARGOCD
    assert (eu.kubeconfig, eu.context, eu.connection.owns) == (Path("/etc/eu.yaml"), "eu-1", ("prod-eu-1",))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("name: a\n    kind: gitlab", "'gitlab' is not known"),
        ("name: A b\n    kind: github\n    token_env: T", "a connection has a name"),
        ("name: a\n    kind: github", "names no credential"),
        ("name: a\n    kind: github\n    token: ghp_x", "'token' is no key"),
        ("name: a\n    kind: github\n    token_env: ghp_abc", "never the secret itself"),
        ("name: a\n    kind: argocd\n    token_env: T\n    url: http://argo.example.com", "is not an https address"),
        ("name: a\n    kind: argocd\n    token_env: T\n    url: https://me:pw@argo.example.com", "is not an https"),
        ("name: a\n    kind: github\n    token_env: T\n    calls_per_hour: many", "is a whole number"),
        ("name: a\n    kind: kubernetes\n    token_env: T", "'token_env' is no key"),
    ],
)
def test_a_wrong_connection_is_named(tmp_path: Path, entry: str, words: str) -> None:
    path = written(tmp_path, "connections.yaml", f"connections:\n  - {entry}\n")
    with pytest.raises(ConfigError, match=words) as caught:
        load_connections(path)
    assert caught.value.place.startswith(f"{path}:")


def test_the_environment_makes_the_connection_default(tmp_path: Path) -> None:
    written(tmp_path, "connections.yaml", GOOD)
    settings = load_settings(
        {"CODEHEALER_CONFIG_DIR": str(tmp_path), "GITHUB_TOKEN": "t", "KUBECONFIG": "/nowhere"}, dotenv=None
    )
    known = ConfiguredPlatforms(settings).connections
    assert known.of(ConnectionKind.GITHUB, "acme-labs") == "acme"
    assert known.of(ConnectionKind.GITHUB, "acme", "git.example.com") == "own"
    assert {(c.kind.value, c.name) for c in known.known} >= {("github", "default"), ("kubernetes", "default")}
    assert ("argocd", "default") not in {(c.kind.value, c.name) for c in known.known}


def test_what_is_not_configured_says_what_to_set() -> None:
    platforms = ConfiguredPlatforms(load_settings({}, dotenv=None))
    with pytest.raises(NotConfigured, match="set GITHUB_TOKEN"):
        platforms.pipelines("default")
    with pytest.raises(NotConfigured, match="set ARGOCD_SERVER"):
        platforms.deployments("default")
    with pytest.raises(NotConfigured, match="'prod'"):
        platforms.pipelines("prod")


def test_githubs_proxy_is_the_environments_unless_the_host_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert _proxy_of("https://api.github.com") == ""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "git.example.com")
    assert _proxy_of("https://api.github.com") == "http://proxy.example:3128"
    assert _proxy_of("https://git.example.com/api/v3") == ""


def test_a_secret_behind_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = written(tmp_path, "token", "one\n")
    settings = load_settings({"GITHUB_TOKEN_ACME_FILE": str(path)}, dotenv=None)
    assert settings.secret("GITHUB_TOKEN_ACME") == "one"
    path.write_text("two\n", encoding="utf-8")
    assert settings.secret("GITHUB_TOKEN_ACME") == "two"
    path.unlink()
    with pytest.raises(ConfigError, match="GITHUB_TOKEN_ACME_FILE"):
        settings.secret("GITHUB_TOKEN_ACME")
    assert settings.secret("NOT_SET") == ""
