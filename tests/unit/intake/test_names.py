import pytest

from bot.intake.names import workload_name


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
def test_generated_parts_are_taken_off(pod, workload) -> None:
    assert workload_name(pod) == workload


def test_a_huge_name_is_no_trouble() -> None:
    assert len(workload_name("a-" * 100_000)) <= 253
