"""Personal data that ends up in channels beside secrets: e-mail addresses, card numbers, IBANs, phone numbers.

Machine accounts (`git@github.com`, service accounts, no-reply) are no persons; they often are the diagnosis.
"""

import re
from collections.abc import Iterator

from knowledge.text.secret_formats import Span

_LOCAL = re.compile(r"[A-Za-z0-9](?:[\w.+%-]{0,63})\Z", re.ASCII)
_DOMAIN = re.compile(r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}([A-Za-z]{2,24}))(?![\w@-])", re.ASCII)
_LOCAL_LIMIT = 65
_NO_PERSON = re.compile(
    r"(?i)(?:git|gitlab|hg|svn|root|(?:[\w-]{0,40}[_.+-])?bot|[\w+-]{0,40}\[bot|no-?reply|do-?not-?reply|noreply|ssh|ubuntu|ec2-user|deploy|runner|postmaster|mailer-daemon)\Z"
)
_NO_DOMAIN = re.compile(
    r"(?i)(?:gserviceaccount\.com|users\.noreply\.github\.com|\.local|\.internal|\.svc|\.lan|\.localdomain)\Z"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILE_ENDINGS = _words(
    "png jpg jpeg gif svg webp js ts jsx tsx mjs cjs css scss py rb go rs java kt c h cc cpp hpp md txt json yaml yml toml lock zip tgz gz tar whl jar "
    "service target timer socket mount slice map html xml so dll exe beta alpha rc dev next latest canary"
)


def email_spans(text: str) -> Iterator[Span]:
    """Yield e-mail addresses of persons; ssh and scp remotes, package versions and URL credentials are none."""
    at = text.find("@")
    while at >= 0:
        local = _local_before(text, at)
        domain = _DOMAIN.match(text, at + 1)
        if local and domain and _is_address(text, at - len(local), domain):
            yield at - len(local), domain.end(1), "email"
        at = text.find("@", domain.end() if domain else at + 1)


def _local_before(text: str, at: int) -> str:
    start = at
    while start > 0 and at - start < _LOCAL_LIMIT and (text[start - 1].isalnum() or text[start - 1] in "._%+-"):
        start -= 1
    found = _LOCAL.match(text[start:at].lstrip("._%+-"))
    return found[0] if found else ""


def _is_address(text: str, start: int, domain: re.Match[str]) -> bool:
    before, after = text[max(0, start - 2) : start], text[domain.end() : domain.end() + 2]
    if before and before[-1] not in " \t\xa0\"'`<>(){}[],;=:|*&":
        return False
    if before.endswith(":") and not text[max(0, start - 7) : start].lower().endswith("mailto:"):
        return False
    if "://" in text[max(0, start - 300) : start].rpartition(" ")[2]:
        return False
    if after[:1] == ":" and after[1:].strip(" \t\r\n\"'>|"):
        return False
    local = text[start : domain.start() - 1]
    return not (_NO_PERSON.match(local) or _NO_DOMAIN.search(domain[1]) or domain[2].lower() in _FILE_ENDINGS)


NUMBERS = (
    r"[2-6][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}|\+[1-9][0-9]{0,3}[ .(-]{0,2}[0-9]"
    r"|\b[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4} ?[A-Z0-9]{3}"
)
"""A cheap shape (RE2 syntax) that every card number in groups, phone number with country code and IBAN has."""

_CARD = re.compile(
    r"(?<![\w.+-])(?<!\d )(?:[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -])\d{6}\2\d{5}|[3-6]\d{14,15})(?![\w-])(?! \d)",
    re.ASCII,
)
_CARD_TALK = re.compile(
    r"(?i)\b(?:card|visa|master-?card|amex|maestro|pan|cvv|cvc|karte|payment|paid|charge[ds]?|refund)\b"
)
_PHONE = re.compile(r"(?<![\w.+-])\+[1-9]\d{0,2}(?:[ .-]?\(?\d{1,8}\)?){1,6}(?![\w-])", re.ASCII)
_PHONE_TALK = re.compile(
    r"(?i)\b(?:phone|tel|telephone|mobile|cell|call(?:ed|ing)?|whatsapp|sms|reach|dial|number|ring|rang)\b"
)
_IBAN = re.compile(r"\b([A-Z]{2})(\d{2})((?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b", re.ASCII)
_IBAN_COUNTRIES = _words(
    "AD AE AL AT AZ BA BE BG BH BR BY CH CR CY CZ DE DK DO EE EG ES FI FO FR GB GE GI GL GR GT HR HU IE IL IQ IS IT JO KW KZ LB LC LI LT LU LV LY "
    "MC MD ME MK MR MT MU NL NO PK PL PS PT QA RO RS SA SC SE SI SK SM ST SV TL TN TR UA VA VG XK"
)


def number_spans(text: str) -> Iterator[Span]:
    """Yield card numbers, phone numbers with a country code, and IBANs.

    A card number needs a right Luhn digit or talk of cards (without groups: both); a phone number groups or talk of
    phones; an IBAN its country and a right check or digits only. A wrong check digit is no excuse to show a number.
    """
    about_cards = _CARD_TALK.search(text) is not None
    for card in _CARD.finditer(text):
        grouped, right = card[1] is not None or card[2] is not None, _luhn(card[0])
        if (about_cards or right) if grouped else (about_cards and right):
            yield card.start(), card.end(), "card"
    about_phones = _PHONE_TALK.search(text) is not None
    for phone in _PHONE.finditer(text):
        grouped = any(sign in phone[0] for sign in " .-(")
        if 9 <= sum(c.isdigit() for c in phone[0]) <= 15 and (grouped or about_phones):
            yield phone.start(), phone.end(), "phone"
    for iban in _IBAN.finditer(text):
        if iban[1] in _IBAN_COUNTRIES and _is_iban(iban[1], iban[2], iban[3].replace(" ", "")):
            yield iban.start(), iban.end(), "iban"


def _luhn(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) if place % 2 else d for place, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_iban(country: str, check: str, body: str) -> bool:
    if not 11 <= len(body) <= 30:
        return False
    right = int("".join(str(int(c, 36)) for c in body + country + check)) % 97 == 1
    return right or body.isdigit() or (body[:4].isalpha() and body[4:].isdigit())
