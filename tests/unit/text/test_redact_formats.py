"""Tokens that give themselves away by their shape. All are made up here by concatenation, none is a literal."""

import random
import string

import pytest

from knowledge.text.redact import redact
from knowledge.text.secret_formats import FORMATS

_RANDOM = random.Random(20261124)
_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + "234567"
_HEX = "0123456789abcdef"


def made(length: int, alphabet: str = _ALNUM) -> str:
    return "".join(_RANDOM.choice(alphabet) for _ in range(length))


TOKENS = {
    **{f"github {p}": f"gh{p}_" + made(36) for p in "pousr"},
    "github fine-grained": "github" + "_pat_" + made(22) + "_" + made(59),
    "gitlab": "gl" + "pat-" + made(20),
    "gitlab runner": "gl" + "rt-" + made(20),
    "slack bot": "xo" + "xb-" + "123456789012-1234567890123-" + made(24),
    "slack user": "xo" + "xp-" + "1-2-3-" + made(32, _HEX),
    "slack app": "xa" + "pp-1-A0123-456-" + made(64, _HEX),
    "slack rotated": "xo" + "xe.xo" + "xp-1-" + made(160),
    "slack refresh": "xo" + "xe-1-" + made(140),
    "aws key id": "AK" + "IA" + made(16, _UPPER),
    "aws temporary": "AS" + "IA" + made(16, _UPPER),
    "google api": "AI" + "za" + made(35),
    "google oauth": "ya" + "29." + made(60),
    "google client": "GOC" + "SPX-" + made(28),
    "stripe": "sk" + "_live_" + made(24),
    "stripe restricted": "rk" + "_live_" + made(24),
    "webhook": "wh" + "sec_" + made(32),
    "twilio": "S" + "K" + made(32, _HEX),
    "sendgrid": "S" + "G." + made(22) + "." + made(43),
    "npm": "np" + "m_" + made(36),
    "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + made(60),
    "docker hub": "dckr" + "_pat_" + made(27),
    "vault": "hv" + "s." + made(24),
    "vault old": "s" + "." + made(24),
    "jwt": "ey" + "JhbGciOiJSUzI1NiJ9." + "ey" + "Jpc3MiOiJr" + made(60) + "." + made(80),
    "azure client": "abc8" + "Q~" + made(34),
    "terraform": made(14) + ".atlas" + "v1." + made(64),
    "hugging face": "h" + "f_" + made(34),
    "openai": "s" + "k-proj-" + made(48),
    "anthropic": "s" + "k-ant-api03-" + made(90),
    "digitalocean": "dop" + "_v1_" + made(64, _HEX),
    "shopify": "shp" + "at_" + made(32, _HEX),
    "grafana": "gl" + "sa_" + made(32) + "_" + made(8, _HEX),
    "telegram": "1234567890" + ":AA" + made(33),
    "mailchimp": made(32, _HEX) + "-u" + "s12",
    "mailgun": "ke" + "y-" + made(32, _HEX),
    "new relic": "NR" + "AK-" + made(27, _UPPER),
    "databricks": "da" + "pi" + made(32, _HEX),
    "postman": "PM" + "AK-" + made(24, _HEX) + "-" + made(34, _HEX),
    "age": "AGE-SECRET" + "-KEY-1" + made(58, _UPPER),
    "jfrog": "AK" + "Cp" + made(69),
    "atlassian": "ATA" + "TT3" + made(180) + "=" + made(8),
    "sonar": "sq" + "u_" + made(40, _HEX),
    "crates": "ci" + "o" + made(32),
}
PLACES = ("{}", "got {} there", '"{}"', "`{}`", "({})", "a={}", "<{}|label>", "{}.", "\x1b[32m{}\x1b[0m", "é{}é \ud800")


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_masked_wherever_it_stands_and_nothing_else_is(name: str) -> None:
    for place in PLACES:
        masked = redact(place.format(TOKENS[name]))
        assert masked.text == place.format("<secret:1>"), place
        assert masked.count == 1


@pytest.mark.parametrize("name", TOKENS)
def test_colour_codes_and_zero_width_characters_inside_a_token_do_not_hide_it(name: str) -> None:
    token = TOKENS[name]
    split = token[:3] + "\x1b[1;31m" + token[3:9] + "\u200b\u202e" + token[9:15] + "\x00" + token[15:]
    assert redact(f"\x1b[2mwas {split} here\x1b[0m").text == "\x1b[2mwas <secret:1> here\x1b[0m"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("hooks.sl" + "ack.com/services/T0ABCDEF12/B0ABCDEF34/", "hooks.slack.com/services/"),
        ("dis" + "cord.com/api/webhooks/123456789012345678/", "discord.com/api/webhooks/"),
    ],
)
def test_of_a_webhook_the_host_stays(url: str, shown: str) -> None:
    assert redact(f"post to https://{url}{made(40)} please").text == f"post to https://{shown}<secret:1> please"


def test_every_row_of_the_table_has_a_body_that_fits_its_anchor() -> None:
    """A row that can never match would be a hole: each matches its own anchor with a long random body of some kind."""
    bodies = [
        made(400),
        made(64, _HEX),
        made(16, _UPPER),
        made(70, _UPPER),
        made(32),
        made(24) + " ",
        made(40, _HEX),
        "proj-" + made(60),
    ]
    bodies += [
        f"{made(22)}.{made(43)}",
        f"{made(24)}-{made(34)}",
        f"a-{made(60)}",
        made(32, _HEX) + " ",
        made(24, _HEX),
    ]
    bodies += ["12345678-1234-4123-8123-123456789012"]
    for row in FORMATS:
        assert any(row.body.match(body) for body in bodies), row


@pytest.mark.parametrize(
    "line",
    [
        "ghp_" + "x" * 36,
        "AKIA" + "*" * 16,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "https://hooks.sl" + "ack.com/services/T00000000/B00000000/" + "X" * 24,
        "npm_config_registry npm_lifecycle_event npm_package_version",
        "sk-circle-fade-dot sk-folding-cube animation-delay",
        "class s.abcdefgh tests.unit.foo SKIPPED eyJ",
        "pypi-server glpat- xoxb- ghs_ AKIA",
    ],
)
def test_placeholders_and_words_that_only_begin_like_tokens_stay(line: str) -> None:
    assert redact(line).text == line
