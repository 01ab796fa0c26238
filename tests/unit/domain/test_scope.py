"""What a channel believes, reads and acts on."""

import pytest

from bot.domain.alert import Target, TargetKind
from bot.domain.scope import ChannelMode, ChannelRule, ChannelRules, Reach

SHOP = Target(kind=TargetKind.WORKLOAD, namespace="shop", name="checkout", cluster="prod-eu-1")
RUN = Target(kind=TargetKind.WORKFLOW_RUN, repo="acme/shop", name="CI")
APP = Target(kind=TargetKind.ARGO_APP, name="payments-api", connection="prod")


@pytest.mark.parametrize(
    ("reach", "target", "outside"),
    [
        (Reach(), SHOP, ""),
        (Reach(namespaces=("shop",)), SHOP, ""),
        (Reach(namespaces=("pay*",)), SHOP, "namespace shop is outside this channel's scope"),
        (Reach(clusters=("prod-us-*",)), SHOP, "cluster prod-eu-1 is outside this channel's scope"),
        (Reach(namespaces=("pay",)), RUN, ""),
        (Reach(repositories=("acme/*",)), RUN, ""),
        (Reach(repositories=("acme/web",)), RUN, "repository acme/shop is outside this channel's scope"),
        (Reach(applications=("payments-*",)), APP, ""),
        (Reach(applications=("shop",)), APP, "application payments-api is outside this channel's scope"),
        (Reach(connections=("staging",)), APP, "connection prod is outside this channel's scope"),
    ],
)
def test_a_target_is_judged_by_what_it_names(reach: Reach, target: Target, outside: str) -> None:
    assert reach.refuses(target) == outside


def test_the_first_rule_that_fits_holds_and_without_one_the_default() -> None:
    rules = ChannelRules(
        rules=(
            ChannelRule(channel="C0123ABCD", mode=ChannelMode.OBSERVE),
            ChannelRule(channel="#payments-*", mode=ChannelMode.SUGGEST),
        )
    )
    assert rules.of("C0123ABCD", "payments-oncall").mode is ChannelMode.OBSERVE
    assert rules.of("C9", "payments-oncall").mode is ChannelMode.SUGGEST
    assert rules.of("C9", "general") == ChannelRule()
    assert rules.by_name
    assert not ChannelRules(rules=rules.rules[:1]).by_name
    assert not ChannelRules(rules=(ChannelRule(),)).by_name


def test_senders_are_app_ids_or_names() -> None:
    rule = ChannelRule(senders=("A01ARGO", "Jenkins*"))
    assert rule.hears("A01ARGO", "whoever")
    assert rule.hears("", "Jenkins CI")
    assert not rule.hears("A02OTHER", "Grafana")
    assert ChannelRule().hears("", "")
