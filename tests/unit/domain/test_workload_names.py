"""Which workload a pod's name points to: one table of shapes for the parsers and for the gathering."""

import pytest

from bot.domain.names import workload_name, workloads_of_pod


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("carts-6c9f7d4d7b-x2lqp", "carts"),
        ("import-worker-5f6f9c7b5d-9jq2c", "import-worker"),
        ("checkout-7f9c6d5b4-abcde", "checkout"),
        ("web-1-6c9f7d4d7b-x2lqp", "web-1"),
        ("db-0", "db"),
        ("kafka-eu-12", "kafka-eu"),
        ("node-exporter-x2lqp", "node-exporter"),
        ("etl-orders-29183040-x2lqp", "etl-orders"),
        ("etl-orders-29183040", "etl-orders"),
        ("etl-orders-1781152534", "etl-orders"),
        ("migrate-x2lqp", "migrate"),
        ("indexed-0-x2lqp", "indexed"),
        ("nginx", "nginx"),
        ("ip-masq-agent", "ip-masq-agent"),
        ("my-redis-master", "my-redis-master"),
        ("front-https", "front-https"),
        ("UPPER-6c9f7d4d7b-x2lqp", "upper"),
        ("", ""),
    ],
)
def test_generated_parts_are_taken_off(pod: str, workload: str) -> None:
    assert workload_name(pod) == workload


@pytest.mark.parametrize(
    ("pod", "kind", "name"),
    [
        ("api-7c9d8f6b5d-x2x4z", "Deployment", "api"),
        ("api-gateway-6cdf97bb6-hc7tw", "Deployment", "api-gateway"),
        ("db-0", "StatefulSet", "db"),
        ("node-exporter-9x7km", "DaemonSet", "node-exporter"),
        ("kube-proxy-2-9x7km", "DaemonSet", "kube-proxy-2"),
        ("billing", "Deployment", "billing"),
        ("front-https", "Deployment", "front-https"),
        ("etl-29183040-x2lqp", "Deployment", "etl-29183040-x2lqp"),
        ("", "Deployment", ""),
        ("-" * 300, "Deployment", "-" * 300),
    ],
)
def test_the_likeliest_owner_of_a_pod(pod: str, kind: str, name: str) -> None:
    first = workloads_of_pod(pod)[0]
    assert (first.kind, first.name) == (kind, name)
    assert workloads_of_pod(pod)[-1].name == pod


def test_a_huge_name_is_no_trouble() -> None:
    assert len(workload_name("a-" * 100_000)) <= 253
    assert [each.kind for each in workloads_of_pod("a-" * 100_000)] == ["Deployment"]
