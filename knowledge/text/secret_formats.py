"""The table of token formats: secrets that give themselves away by their shape, wherever they stand.

Sources: the vendors' own documentation of their prefixes and the public rule sets of gitleaks and GitHub secret scanning.
A row's `anchor` is a literal that every match begins with; `body` says what follows, bounded, so that a row costs time
linear in the number of anchors. To add a vendor, add a row.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from knowledge.text.secret_values import is_placeholder, looks_random

Span = tuple[int, int, str]
"""Start, end (half-open) and kind of a secret in a line."""


def with_limits(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield each match and where the next one begins (or the text ends): looking ahead only to there stays linear."""
    found = list(pattern.finditer(text))
    starts = [match.start() for match in found]
    yield from zip(found, [*starts[1:], len(text)] if found else [], strict=True)


_ALNUM = "[A-Za-z0-9]"
_SAFE = "[A-Za-z0-9_-]"
_HEX = "[0-9a-f]"


@dataclass(frozen=True, slots=True)
class TokenFormat:
    kind: str
    anchor: str
    body: re.Pattern[str]
    joined: bool = False  # may the anchor follow directly on a letter or digit
    random: bool = False  # must the body look random: the anchor alone also begins ordinary words
    lead: int = 0  # characters before the anchor that belong to the secret


def _row(kind: str, anchors: str, body: str, *, joined: bool = False, random: bool = False) -> tuple[TokenFormat, ...]:
    pattern = re.compile(body, re.ASCII)
    return tuple(TokenFormat(kind, anchor, pattern, joined, random) for anchor in anchors.split())


FORMATS: tuple[TokenFormat, ...] = (
    *_row("github_token", "ghp_ gho_ ghu_ ghr_", rf"{_ALNUM}{{30,255}}", joined=True),
    *_row("github_token", "ghs_", rf"{_ALNUM}{{4}}(?:{_SAFE}|\.(?={_ALNUM})){{26,2000}}", joined=True),
    *_row("github_token", "github_pat_", r"\w{36,255}", joined=True),
    *_row(
        "gitlab_token",
        "glpat- gloas- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glwt- glsoat- glffct- GR1348941",
        r"[\w=-](?:[\w=-]|\.(?=\w)){18,300}",
    ),
    *_row("slack_token", "xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs- xapp- xwfp-", r"[A-Za-z0-9%-]{10,500}"),
    *_row("slack_token", "xoxe.xox", r"[a-z]-[A-Za-z0-9-]{10,500}"),
    *_row("aws_access_key_id", "AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    *_row("aws_bedrock_key", "ABSK", r"[A-Za-z0-9+/=]{100,300}"),
    *_row("aws_session_token", "IQoJb3JpZ2lu FwoGZXIvYXdz", r"[A-Za-z0-9+/=%]{60,4000}"),
    *_row("google_api_key", "AIza", rf"{_SAFE}{{30,45}}", joined=True),
    *_row("google_oauth_token", "ya29.", r"[\w-](?:[\w-]|\.(?=\w)){19,2000}"),
    *_row("google_oauth_token", "1//0", rf"{_SAFE}{{35,250}}"),
    *_row("google_client_secret", "GOCSPX-", rf"{_SAFE}{{20,64}}"),
    *_row("stripe_key", "sk_live_ rk_live_ sk_test_ rk_test_ sk_prod_ rk_prod_", rf"{_ALNUM}{{10,255}}"),
    *_row("webhook_secret", "whsec_", r"[A-Za-z0-9+/]{16,128}={0,2}"),
    *_row("twilio_key", "SK", rf"{_HEX}{{32}}(?![A-Za-z0-9])"),
    *_row("sendgrid_key", "SG.", rf"{_SAFE}{{16,64}}\.{_SAFE}{{16,128}}"),
    *_row("mailgun_key", "key-", rf"{_HEX}{{32}}(?![A-Za-z0-9])"),
    *_row("npm_token", "npm_", rf"{_ALNUM}{{30,64}}"),
    *_row("pypi_token", "pypi-Ag", rf"{_SAFE}{{30,2000}}", joined=True),
    *_row("rubygems_key", "rubygems_", rf"{_HEX}{{40,64}}"),
    *_row("crates_token", "cio", rf"{_ALNUM}{{32}}(?![A-Za-z0-9_])", random=True),
    *_row("clojars_token", "CLOJARS_", rf"{_ALNUM}{{50,80}}"),
    *_row("docker_token", "dckr_pat_ dckr_oat_", rf"{_SAFE}{{16,128}}", joined=True),
    *_row("vault_token", "hvs. hvb. hvr.", rf"{_SAFE}{{20,500}}"),
    *_row("vault_token", "s.", rf"{_ALNUM}{{24}}(?![\w(-])(?!\.\w)", random=True),
    *_row("digitalocean_token", "dop_v1_ doo_v1_ dor_v1_", rf"{_HEX}{{40,80}}"),
    *_row(
        "openai_key",
        "sk-",
        rf"(?:proj-|svcacct-|admin-|ant-[a-z]{{2,12}}\d\d-|or-v1-|lf-)?{_SAFE}{{20,300}}",
        random=True,
    ),
    *_row("groq_key", "gsk_", rf"{_ALNUM}{{40,80}}"),
    *_row("huggingface_token", "hf_ api_org_", rf"{_ALNUM}{{30,60}}", random=True),
    *_row("replicate_token", "r8_", rf"{_ALNUM}{{37,40}}"),
    *_row("databricks_token", "dapi", rf"{_HEX}{{32}}(?:-\d)?(?![A-Za-z0-9])"),
    *_row("shopify_token", "shpat_ shpss_ shpca_ shppa_", r"[0-9a-fA-F]{32,64}"),
    *_row("square_token", "sq0atp- sq0csp-", rf"{_SAFE}{{20,64}}"),
    *_row("planetscale_token", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]{30,128}"),
    *_row("grafana_token", "glsa_ glc_", r"[\w+/=]{30,500}"),
    *_row("newrelic_key", "NRAK- NRRA- NRAL- NRII- NRSP- NRJS-", rf"{_ALNUM}{{16,64}}"),
    *_row("sentry_token", "sntrys_ sntryu_", r"[\w+/=]{40,500}"),
    *_row("postman_key", "PMAK-", rf"{_ALNUM}{{20,32}}-{_ALNUM}{{30,40}}"),
    *_row("pulumi_token", "pul-", rf"{_HEX}{{40}}(?![A-Za-z0-9])"),
    *_row("atlassian_token", "ATATT3 ATCTT3 ATBB", r"[\w=-]{20,400}"),
    *_row("jfrog_token", "AKCp", rf"{_ALNUM}{{50,100}}"),
    *_row("jfrog_token", "cmVmdGtuOj", rf"{_ALNUM}{{50,100}}"),
    *_row("sonar_token", "squ_ sqp_ sqa_", rf"{_HEX}{{40}}"),
    *_row("ci_token", "bkua_ CCIPAT_ CCIPRJ_ nfp_", r"\w{30,128}"),
    *_row(
        "cloud_token",
        "sbp_ sb_secret_ tskey- HRKU- fo1_ rdme_ tfp_ figd_ lin_api_ ntn_ r_live_",
        rf"{_SAFE}{{20,200}}",
        random=True,
    ),
    *_row("doppler_token", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[\w.]{30,80}"),
    *_row(
        "launchdarkly_key", "sdk- api- mob-", rf"{_HEX}{{8}}-{_HEX}{{4}}-4{_HEX}{{3}}-{_HEX}{{4}}-{_HEX}{{12}}(?![\w-])"
    ),
    *_row("age_key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{40,80}"),
    *_row("facebook_token", "EAACEdEose0cBA", rf"{_ALNUM}{{20,400}}"),
    *_row("jwt", "eyJ", rf"{_SAFE}{{8,8000}}\.{_SAFE}{{4,16000}}(?:\.{_SAFE}{{2,8000}}){{0,3}}"),
    *_row("docker_config", "eyJhdXRocyI6 eyJhdXRoIjo", r"[A-Za-z0-9+/_-]{12,16000}={0,2}"),
)

_LED: tuple[tuple[TokenFormat, re.Pattern[str]], ...] = (
    # Secrets whose literal stands inside: what stands before it is matched on a short slice that ends there.
    (
        TokenFormat("terraform_token", ".atlasv1.", re.compile(r"[\w=-]{40,128}", re.ASCII), joined=True, lead=14),
        re.compile(rf"{_ALNUM}{{14}}\Z", re.ASCII),
    ),
    (
        TokenFormat(
            "azure_client_secret", "Q~", re.compile(r"[\w.~-]{31,34}(?![\w~-])", re.ASCII), joined=True, lead=4
        ),
        re.compile(r"[\w.~-]{3}\d\Z", re.ASCII),
    ),
    (
        TokenFormat("telegram_token", ":AA", re.compile(rf"{_SAFE}{{32,35}}(?![\w-])", re.ASCII), joined=True, lead=10),
        re.compile(r"(?<!\d)\d{8,10}\Z", re.ASCII),
    ),
    (
        TokenFormat("mailchimp_key", "-us", re.compile(r"\d{1,2}(?![\w-])", re.ASCII), joined=True, lead=32),
        re.compile(rf"(?<![\w-]){_HEX}{{32}}\Z", re.ASCII),
    ),
)

_WEBHOOKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "hooks.slack",
        re.compile(r"hooks\.slack(?:-gov)?\.com\\?/(?:services|workflows|triggers)\\?/([\w+/\\-]{16,255})", re.ASCII),
    ),
    ("/api/webhooks/", re.compile(r"/api/webhooks/(\d{10,25}/[\w-]{30,128})", re.ASCII)),
    ("webhook.office.com", re.compile(r"webhook\.office\.com/webhookb2/([\w@/-]{30,400})", re.ASCII)),
    (
        "chat.googleapis.com",
        re.compile(r"chat\.googleapis\.com/v1/spaces/[\w-]{1,64}/messages\?(key=[\w=&%.-]{20,300})", re.ASCII),
    ),
)


def _gate(row: TokenFormat) -> str:
    """Write the shape (RE2 syntax) that a line with such a token has: the anchor with a bit of its body, or its lead."""
    if row.lead:
        return rf"[\w.~-]{re2.escape(row.anchor)}[\w.~-]"
    body = r"[\w-]{6}" if row.random else r"[\w%+/.-]{6}"
    before = "" if row.joined or not row.anchor[0].isalnum() else r"(?:^|[^A-Za-z0-9])"
    return f"{before}{re2.escape(row.anchor)}{body}"


GATES: tuple[str, ...] = (
    *(_gate(row) for row in FORMATS),
    *(_gate(row) for row, _ in _LED),
    *(re2.escape(literal) for literal, _ in _WEBHOOKS),
)
"""Shapes (RE2 syntax); a line without any of them holds no secret of this table. Their indexes are `token_spans`' hits."""


def token_spans(text: str, hits: list[int]) -> Iterator[Span]:
    """Yield the secrets of `text` that the rows of `hits` (indexes into GATES) recognise.

    Placeholders (`ghp_xxxx`, `AKIA****`, documentation examples) are not secrets.
    """
    first_led, first_hook = len(FORMATS), len(FORMATS) + len(_LED)
    for hit in hits:
        if hit < first_led:
            yield from _of_format(text, FORMATS[hit])
        elif hit < first_hook:
            yield from _of_led(text, *_LED[hit - first_led])
        else:
            yield from _of_webhook(text, _WEBHOOKS[hit - first_hook][1])


def _of_format(text: str, row: TokenFormat) -> Iterator[Span]:
    position, size = text.find(row.anchor), len(row.anchor)
    while position >= 0:
        body = None if _joined(text, position, row) else row.body.match(text, position + size)
        if body and _real(body[0], row):
            yield position, body.end(), row.kind
        position = text.find(row.anchor, body.end() if body else position + size)


_WHOLE_WORDS = frozenset({"jwt", "vault_token", "crates_token", "launchdarkly_key", "openai_key"})


def _joined(text: str, position: int, row: TokenFormat) -> bool:
    if not position or row.joined:
        return False
    before = text[position - 1]
    return (before.isalnum() and before.isascii()) or (before in "_-" and row.kind in _WHOLE_WORDS)


def _real(body: str, row: TokenFormat) -> bool:
    if row.random and not looks_random(body):
        return False
    return not is_placeholder(body) and len(Counter(body)) > 4


def _of_led(text: str, row: TokenFormat, lead: re.Pattern[str]) -> Iterator[Span]:
    position, size = text.find(row.anchor), len(row.anchor)
    while position >= 0:
        before = lead.search(text[max(0, position - row.lead - 1) : position])
        body = row.body.match(text, position + size) if before else None
        if before and body:
            yield position - len(before[0]), body.end(), row.kind
        position = text.find(row.anchor, body.end() if body else position + size)


def _of_webhook(text: str, pattern: re.Pattern[str]) -> Iterator[Span]:
    for found in pattern.finditer(text):
        if not is_placeholder(found[1].rsplit("/", 1)[-1]):
            yield found.start(1), found.end(1), "webhook_url"
