"""Alertmanager's default title holds values without names: which is which."""

import pytest

from bot.intake.parsers.alertmanager import name_values


def read_title(read, title: str, **more: object):
    return read(
        "",
        username="Alertmanager",
        attachments=[
            {
                "id": 1,
                "title": title,
                "title_link": "https://am.corp.example/#/alerts?receiver=x",
                "color": "a30200",
                **more,
            }
        ],
    )


@pytest.mark.parametrize(
    ("title", "labels"),
    [
        ("[FIRING:1] KubePodCrashLooping shop (api prod-us-1 kube-state-metrics api-5d8f7c6b9d-7kq2z warning)",
         {"alertname": "KubePodCrashLooping", "namespace": "shop", "pod": "api-5d8f7c6b9d-7kq2z", "cluster": "prod-us-1", "severity": "warning", "container": "api"}),
        ("[FIRING:1] KubePodCrashLooping (main http 10.2.0.7:8080 kube-state-metrics billing worker-7b5c9d8f6-vx2kd monitoring/k8s kube-state-metrics warning)",
         {"alertname": "KubePodCrashLooping", "namespace": "billing", "pod": "worker-7b5c9d8f6-vx2kd", "severity": "warning"}),
        ("[FIRING:2] KubePodNotReady data (staging kube-state-metrics warning)", {"alertname": "KubePodNotReady", "namespace": "data", "cluster": "staging", "severity": "warning"}),
        ("[FIRING:1] KubePodCrashLooping data (db kube-state-metrics db-0 critical)", {"namespace": "data", "pod": "db-0", "severity": "critical"}),
        ("[FIRING:1] NodeFilesystemAlmostOutOfSpace (10.0.3.4:9100 node-exporter critical)", {"alertname": "NodeFilesystemAlmostOutOfSpace", "node": "10.0.3.4", "severity": "critical"}),
        ("[FIRING:1] KubeNodeNotReady (kube-state-metrics ip-10-0-1-2.ec2.internal warning)", {"alertname": "KubeNodeNotReady", "node": "ip-10-0-1-2.ec2.internal"}),
        ("[FIRING:1] Watchdog", {"alertname": "Watchdog"}),
        ("[FIRING:4] HighErrorRate (checkout critical)", {"alertname": "HighErrorRate", "severity": "critical"}),
        ("[FIRING:1] KubeDeploymentReplicasMismatch shop (prod-eu-1 carts kube-state-metrics warning)", {"namespace": "shop", "cluster": "prod-eu-1"}),
    ],
)  # fmt: skip
def test_values_find_their_names(read, title, labels) -> None:
    alert = read_title(read, title)
    assert (alert.source, alert.platform, alert.status) == ("alertmanager", "prometheus", "firing")
    assert {name: alert.label(name) for name in labels} == labels


def test_what_has_no_name_stays_apart() -> None:
    named, left = name_values("HighErrorRate", ["payments"], ["http", "blue", "critical"])
    assert named == {"severity": "critical"}
    assert left == ["payments", "blue"]


def test_named_labels_of_a_custom_template_win(read) -> None:
    alert = read_title(
        read,
        "[FIRING:1] KubePodCrashLooping for prod",
        text="*Details:*\n • *namespace:* `shop`\n • *pod:* `api-5d8f7c6b9d-7kq2z`\n • *severity:* `page`\n",
    )
    assert (alert.label("namespace"), alert.label("pod"), alert.severity) == ("shop", "api-5d8f7c6b9d-7kq2z", "page")


@pytest.mark.parametrize(
    "title",
    [
        "KubePodCrashLooping shop (api kube-state-metrics api-5d8f7c6b9d-7kq2z warning)",
        "HighErrorRate (payments http critical)",
        "KubeJobFailed batch (kube-state-metrics etl-29183040 warning)",
        "InstanceDown (10.0.3.4:9100 node critical)",
        "TargetDown",
    ],
)
def test_the_recovery_has_the_fingerprint_of_the_failure(read, title) -> None:
    firing, again, over = (read_title(read, f"[{status}] {title}") for status in ("FIRING:1", "FIRING:3", "RESOLVED"))
    assert firing.fingerprint == again.fingerprint == over.fingerprint
    assert (firing.status, over.status) == ("firing", "resolved")


def test_pods_of_one_workload_are_one_fingerprint(read) -> None:
    one = read_title(read, "[FIRING:1] KubePodCrashLooping shop (api api-5d8f7c6b9d-7kq2z warning)")
    two = read_title(read, "[FIRING:1] KubePodCrashLooping shop (api api-5d8f7c6b9d-x9vbn warning)")
    other = read_title(read, "[FIRING:1] KubePodCrashLooping shop (web web-5d8f7c6b9d-x9vbn warning)")
    assert one.fingerprint == two.fingerprint == "pod/default/shop/api"
    assert other.fingerprint == "pod/default/shop/web"


def test_groups_of_other_services_are_other_fingerprints(read) -> None:
    one, two = (
        read_title(read, f"[FIRING:2] HighErrorRate ({service} http critical)") for service in ("payments", "search")
    )
    assert one.fingerprint != two.fingerprint


def test_grafana_is_not_alertmanager(read) -> None:
    assert (
        read(
            "",
            username="Grafana",
            attachments=[{"id": 1, "title": "[FIRING:1] X y (z)", "title_link": "https://g.example/alerting/list"}],
        ).source
        == "grafana"
    )


def test_a_pod_that_begins_with_its_namespace_does_not_hide_it() -> None:
    named, _ = name_values(
        "KubePodCrashLooping", ["billing"], ["app", "kube-state-metrics", "billing-queue-6c9f7d4d7b-x2lqp", "warning"]
    )
    assert named["namespace"] == "billing"
    assert named["pod"] == "billing-queue-6c9f7d4d7b-x2lqp"
