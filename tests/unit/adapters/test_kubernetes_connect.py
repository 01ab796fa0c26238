"""From a kubeconfig to a connection that sends nothing twice and uses no proxy on loopback."""

from pathlib import Path

import pytest
from kubernetes.client import Configuration

from bot.adapters.kubernetes import connect
from bot.domain.errors import ConfigError, NotConfigured

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters:
  - {name: a, cluster: {server: "http://127.0.0.1:1"}}
  - {name: b, cluster: {server: "https://cluster.example:6443"}}
users: [{name: bot, user: {token: abc}}]
contexts:
  - {name: a, context: {cluster: a, user: bot}}
  - {name: b, context: {cluster: b, user: bot}}
current-context: a
"""


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    return path


def settings(kubeconfig: Path, context: str | None) -> Configuration:
    cluster = connect("east", kubeconfig, context)
    cluster.close()
    found: Configuration = cluster._door._client.configuration
    return found


def test_the_current_context_is_taken_unless_another_is_named(kubeconfig: Path) -> None:
    assert settings(kubeconfig, None).host == "http://127.0.0.1:1"
    assert settings(kubeconfig, "b").host == "https://cluster.example:6443"


def test_loopback_needs_no_proxy_and_the_world_does(kubeconfig: Path) -> None:
    assert settings(kubeconfig, "a").proxy is None
    assert settings(kubeconfig, "b").proxy == "http://proxy.example:3128"


def test_urllib3_sends_nothing_again(kubeconfig: Path) -> None:
    assert settings(kubeconfig, "a").retries is False


def test_the_process_global_configuration_stays_as_it_is(kubeconfig: Path) -> None:
    before = Configuration._default
    settings(kubeconfig, "b")
    assert Configuration._default is before


BAD = [
    ("", None),
    ("not: [yaml", None),
    ("[]", None),
    ("apiVersion: v1\nkind: Config\n", None),
    (KUBECONFIG, "nobody"),
    (KUBECONFIG.replace("cluster: a, user", "cluster: gone, user"), None),
]


@pytest.mark.parametrize(("text", "context"), BAD)
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path: Path, text: str, context: str | None) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        connect("east", path, context)
    assert str(path) in caught.value.place
    assert "\n" not in str(caught.value)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        connect("east", tmp_path / "gone", None)


def test_neither_a_kubeconfig_nor_a_pod_is_not_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.adapters.kubernetes.connection.SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    with pytest.raises(NotConfigured) as caught:
        connect("east", None, None)
    assert caught.value.connection == "east"
