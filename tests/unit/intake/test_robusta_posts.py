"""Robusta's findings: alerts it forwards, crashes it sees, and what is no failure."""

import pytest

from bot.domain.identity import identity_of


def section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def alert_blocks(
    title: str, *more: str, header: str = ":fire: `Prometheus Alert Firing` :fire: :red_circle: *High*"
) -> list[dict[str, object]]:
    return [
        section(f"{header}\n<https://platform.robusta.dev/?x=1|*{title}*>"),
        section("*Source:* `prod-1`"),
        *map(section, more),
    ]


LABELS = [
    {
        "id": 1,
        "color": "ef311f",
        "blocks": [
            section(
                "*Alert labels* \n● alertname `KubePodCrashLooping`\n● container `api`\n● namespace `shop`\n● pod `api-5d8f7c6b9d-7kq2z`\n● severity `warning`"
            )
        ],
    }
]


def test_a_prometheus_alert(read) -> None:
    alert = read(
        "Pod api-5d8f7c6b9d-7kq2z is crash looping",
        name="Robusta",
        blocks=alert_blocks("Pod api-5d8f7c6b9d-7kq2z is crash looping"),
        attachments=LABELS,
    )
    assert (alert.source, alert.platform, alert.status, alert.severity) == ("robusta", "kubernetes", "firing", "High")
    assert (alert.target.kind, alert.target.namespace, alert.target.name) == ("pod", "shop", "api-5d8f7c6b9d-7kq2z")
    assert (alert.target.cluster, alert.target.container, alert.label("alertname")) == (
        "prod-1",
        "api",
        "KubePodCrashLooping",
    )
    assert alert.fingerprint == "pod/default@prod-1/shop/api"


def test_its_recovery_closes_the_same(read) -> None:
    over = read(
        "[RESOLVED] Pod api-5d8f7c6b9d-7kq2z is crash looping",
        blocks=alert_blocks(
            "Pod api-5d8f7c6b9d-7kq2z is crash looping",
            header=":white_check_mark: *Prometheus resolved* :red_circle: *High*",
        ),
        attachments=LABELS,
    )
    assert (over.source, over.status, over.fingerprint) == ("robusta", "resolved", "pod/default@prod-1/shop/api")


@pytest.mark.parametrize(
    ("title", "fingerprint"),
    [
        ("Crashing pod db-0 in namespace data", "pod/default@prod-1/data/db"),
        ("Pod api-5d8f7c6b9d-7kq2z in namespace shop OOMKilled results", "pod/default@prod-1/shop/api"),
        ("Failed to pull image of pod shop/api-5d8f7c6b9d-7kq2z", "pod/default@prod-1/shop/api"),
        ("BackOff Warning for Pod shop/api-5d8f7c6b9d-7kq2z", "pod/default@prod-1/shop/api"),
        ("Job etl-29183040 in namespace data failed", "pod/default@prod-1/data/etl"),
    ],
)
def test_kubernetes_findings(read, title, fingerprint) -> None:
    alert = read(
        title,
        blocks=alert_blocks(
            title,
            "*api* restart count: 4",
            "*api* waiting reason: CrashLoopBackOff",
            header=":eyes: *K8s event detected* :red_circle: *High*",
        ),
    )
    assert (alert.source, alert.status, alert.fingerprint, alert.target.container) == (
        "robusta",
        "firing",
        fingerprint,
        "api",
    )


def test_several_senders_one_incident(read) -> None:
    robusta = read(
        "Crashing pod api-5d8f7c6b9d-7kq2z in namespace shop",
        blocks=alert_blocks(
            "Crashing pod api-5d8f7c6b9d-7kq2z in namespace shop", header=":eyes: *K8s event detected* *High*"
        ),
    )
    alertmanager = read(
        "",
        username="Alertmanager",
        attachments=[{"id": 1, "title": "[FIRING:1] KubePodCrashLooping shop (api api-5d8f7c6b9d-x9vbn warning)"}],
    )
    assert identity_of(robusta.fingerprint).agrees(identity_of(alertmanager.fingerprint))


@pytest.mark.parametrize(
    "title", ["Deployment shop/api updated", "Kubernetes cluster scan report", "Weekly efficiency report"]
)
def test_changes_and_reports_are_no_alerts(read, title) -> None:
    assert read(
        title,
        name="Robusta",
        blocks=[section(f":eyes: *Notification* *Info*\n*{title}*"), section("*Source:* `prod-1`")],
    ).reason
