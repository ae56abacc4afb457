"""Phone numbers as callers, trunks, agents and spreadsheets write them, read as E.164.

Pure, and the home of ``phonenumbers``. A caller's number seldom comes in one form: the same person
is ``+44 20 7946 0123`` on one trunk, ``02079460123`` on another and ``00442079460123`` on a third.
So a number has *readings*, likeliest first, and a look-up tries them all. It must not look up.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    timezone,
)

from callcenter.ports import NumberKind, PhoneNumber

LONGEST = 128
"""Characters of text that can be a number, URI and all."""
MOST_DIGITS = 21
"""15 digits (ITU-T E.164, 6.1), an international prefix, and a digit or two for an outside line."""
FEWEST_DIGITS = 7
CACHED = 16_384

_WITHHELD = frozenset(
    {
        "anonymous", "unknown", "unavailable", "withheld", "restricted", "private", "blocked",
        "hidden", "none", "null", "no number", "number withheld", "number unavailable",
        "not available", "no caller id", "caller id blocked", "private number", "unknown caller",
        "anonym", "unbekannt", "unterdrückt", "inconnu", "masqué", "privado", "desconocido",
        "desconhecido", "匿名", "未知", "隐藏", "隱藏",
        "266696687",  # ANONYMOUS on a keypad, sent as a number by some switches
    }
)  # fmt: skip

_KINDS: dict[int, NumberKind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}

_URI = re.compile(
    r"(?:[^<]*<)?\s*(tel|sips?|callto):(?://)?([^>]*)(?:>.*)?", re.IGNORECASE | re.DOTALL
)
_CONTEXT = re.compile(r";\s*phone-context=(\+[0-9]+)", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?<=[0-9)])\s*[,;]?\s*(?:;ext=|extension|ext\.?|durchwahl|转|轉|分机|分機|內線|内线|доб\.?|x|#|,)"
    r"\s*[.:]?\s*([0-9]{1,7})\s*$",
    re.IGNORECASE,
)
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_SEPARATORS = re.compile(r"[\s().\-/~·_'\u2010-\u2015\u2212]+")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_FLOAT = re.compile(r"(\+?[0-9]{7,})[.,]0")


class NumberError(ValueError):
    """Text that cannot be stored as a phone number; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Text:
    """What the text says: digits with or without a plus; or why it says nothing."""

    digits: str = ""
    plus: bool = False
    withheld: bool = False
    fault: str = ""


def read_number(raw: str | None, region: str) -> PhoneNumber:
    """A caller's number as it may be meant in `region` (ISO 3166-1 alpha-2, such as ``GB``).

    Never raises. The readings are E.164, likeliest first, at most six; none for an extension,
    letters or nonsense. The last thousands of results are kept, for callers call again.
    """
    if raw is None:
        return _withheld("")
    if len(raw) > LONGEST:
        return PhoneNumber(_shown(raw), (), "unknown", None, False)
    return _read(raw, region.upper())


@lru_cache(maxsize=CACHED)
def _read(raw: str, region: str) -> PhoneNumber:
    text = _parse_text(raw)
    shown = _shown(raw)
    if text.withheld:
        return _withheld(shown)
    if text.fault:
        return PhoneNumber(shown, (), "unknown", None, False)
    if _is_short(text):
        return PhoneNumber(shown, (), "extension", None, False)
    readings = _readings(text, region)
    if not readings:
        return PhoneNumber(shown, (), "unknown", None, False)
    first = readings[0]
    kind = _KINDS.get(phonenumbers.number_type(first), "unknown")
    e164 = _variants([_e164(number) for number in readings])
    return PhoneNumber(shown, e164, kind, _region_of(first), False)


def normalise_for_store(raw: str, region: str) -> str:
    """The one E.164 form under which a person's number is stored.

    Stricter than reading a caller: what is stored has to be a complete, dialable number. Raises
    `NumberError`, whose message somebody with a spreadsheet can act on.
    """
    if len(raw) > LONGEST:
        raise NumberError(f"{len(raw)} characters are too long for a phone number")
    text = _parse_text(raw)
    if text.withheld:
        raise NumberError("is empty" if not raw.strip() else "says that the number is withheld")
    if text.fault:
        raise NumberError(text.fault)
    if _is_short(text):
        raise NumberError(
            f"has only {len(text.digits)} digits: an extension or a short code is not a number "
            "to call from outside; write the whole number with its area code"
        )
    readings = _readings(text, region.upper())
    if not readings:
        where = "any country" if text.plus else region.upper()
        raise NumberError(
            f"{_shown(raw)} is not a complete number in {where}; write it with its country code, "
            "such as +44 20 7946 0123"
        )
    return _modern(_e164(readings[0]))


def _withheld(shown: str) -> PhoneNumber:
    return PhoneNumber(shown, (), "unknown", None, True)


def _shown(raw: str) -> str:
    return "".join(one for one in raw.strip()[:40] if one.isprintable())


# --- text to digits ---------------------------------------------------------------------------


def _parse_text(raw: str) -> _Text:
    text = unicodedata.normalize("NFKC", raw)  # full-width digits, plus and brackets
    text = "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cc"))
    text = text.strip().lstrip("'=").strip("\" '")
    uri = _URI.fullmatch(text)
    if uri is not None:
        text = _of_uri(uri[1].lower(), uri[2])
    said = text.strip("<>[]() ").casefold()
    if not said or said in _WITHHELD:
        return _Text(withheld=True)
    if _SCIENTIFIC.fullmatch(text):
        return _Text(
            fault=f"{text} was rounded by a spreadsheet; format the column as text and export again"
        )
    whole = _FLOAT.fullmatch(text)
    if whole is not None:
        text = whole[1]
    text = _EXTENSION.sub("", text)
    international = text.lstrip("( ").startswith("+")
    if international:
        text = _TRUNK_ZERO.sub("", text)
    digits = "".join(map(_ascii_digit, _SEPARATORS.sub("", text)))
    plus = digits.startswith("+")
    digits = digits.lstrip("+")
    if not digits:
        return _Text(fault="has no digits")
    if "+" in digits or _holds_two(text):
        return _Text(fault="holds more than one number; give each its own column or line")
    if not (digits.isascii() and digits.isdigit()):
        strange = sorted({one for one in digits if not "0" <= one <= "9"})[:5]
        return _Text(
            fault=f"holds characters that are no part of a phone number: {' '.join(strange)}"
        )
    if len(digits) > MOST_DIGITS:
        return _Text(fault=f"has {len(digits)} digits; a phone number has at most 15")
    return _Text(digits=digits, plus=plus)


def _of_uri(scheme: str, rest: str) -> str:
    """The number in ``tel:7042;phone-context=+1914555`` or ``sip:+442079460123@host;user=phone``
    (RFC 3966, RFC 3261 section 19.1.6)."""
    rest = unquote(rest)
    context = _CONTEXT.search(rest)
    if scheme.startswith("sip"):
        rest = rest.partition("@")[0].partition(":")[0]
    number, _, parameters = rest.partition(";")
    if context is not None and not number.startswith("+"):
        return context[1] + number
    extension = re.search(r"(?:^|;)ext=([0-9]{1,7})", parameters)
    return f"{number} ext {extension[1]}" if extension is not None else number


def _ascii_digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _holds_two(text: str) -> bool:
    """``020 7946 0123 / 07700 900123``: a slash between what could each be a number."""
    parts = [re.sub(r"[^0-9]", "", part) for part in text.split("/")]
    return len(parts) > 1 and all(len(part) >= 9 for part in parts)


def _is_short(text: _Text) -> bool:
    if text.plus:
        return False
    return len(text.digits) < FEWEST_DIGITS and (text.digits[:1] != "0" or len(text.digits) < 6)


# --- digits to numbers ------------------------------------------------------------------------


def _readings(text: _Text, region: str) -> list[phonenumbers.PhoneNumber]:
    """Valid numbers, likeliest first; else the one that is at least possible; else none."""
    if text.plus:
        found = _valid([("+" + text.digits, None)])
        if found:
            return found
        if text.digits.startswith("0"):  # a trunk that puts a plus before whatever it has
            return _without_plus(text.digits, region)
        return _possible("+" + text.digits, None)
    return _without_plus(text.digits, region)


def _without_plus(digits: str, region: str) -> list[phonenumbers.PhoneNumber]:
    ways = _ways(digits, region)
    if len(digits) > 10 and digits.startswith("9"):
        ways.append((digits[1:], region))  # the digit for an outside line was left in
    found = _valid(ways) or _possible(digits, region)
    for extra in (1, 2):  # stray zeros or an outside line before the number
        if any(map(phonenumbers.is_valid_number, found)) or digits[extra - 1] not in "09":
            break
        found += _valid(_ways(digits[extra:], region))
    return found


def _ways(digits: str, region: str) -> list[tuple[str, str | None]]:
    """The ways to read digits, likeliest first: at home, then from abroad, then a country code
    whose plus got lost."""
    ways: list[tuple[str, str | None]] = [(digits, region)]
    ways += [
        ("+" + digits.removeprefix(prefix), None)
        for prefix in ("00", "011")
        if digits.startswith(prefix)
    ]
    if not digits.startswith("0"):
        ways.append(("+" + digits, None))
    return ways


def _valid(ways: list[tuple[str, str | None]]) -> list[phonenumbers.PhoneNumber]:
    found: dict[str, phonenumbers.PhoneNumber] = {}
    for digits, region in ways:
        number = _parse(digits, region)
        if number is None:
            continue
        if not phonenumbers.is_valid_number(number):
            number = _parse(_modern(_e164(number)), None)
            if number is None or not phonenumbers.is_valid_number(number):
                continue
        found.setdefault(_e164(number), number)
    return list(found.values())


def _possible(digits: str, region: str | None) -> list[phonenumbers.PhoneNumber]:
    """A number that no list knows yet (new ranges are opened every month) but that could be."""
    number = _parse(digits, region)
    if number is None:
        return []
    reason = phonenumbers.is_possible_number_with_reason(number)
    return [number] if reason == ValidationResult.IS_POSSIBLE else []


def _parse(digits: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, region)
    except NumberParseException:
        return None


def _region_of(number: phonenumbers.PhoneNumber) -> str | None:
    region: str | None = phonenumbers.region_code_for_number(number)
    if region is None and number.country_code is not None:
        region = phonenumbers.region_code_for_country_code(number.country_code)
    return None if region in (None, "ZZ", "001") else region


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


# --- numbers that changed their form ----------------------------------------------------------

# (as it is now, as it was or is also written), both ways of the same telephone.
_FORMS: tuple[tuple[re.Pattern[str], str, re.Pattern[str], str], ...] = (
    # Brazil: mobiles got a ninth digit, 2012 to 2016 (Anatel resolution 553/2010).
    (re.compile(r"\+55(\d\d)9([6-9]\d{7})"), r"+55\1\2",
     re.compile(r"\+55(\d\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
    # Mexico: no 1 after the country code for mobiles since August 2019 (IFT).
    (re.compile(r"\+52([2-9]\d{9})"), r"+521\1",
     re.compile(r"\+521([2-9]\d{9})"), r"+52\1"),
    # Argentina: mobiles have a 9 when called from abroad; trunks leave it out.
    (re.compile(r"\+549(\d{10})"), r"+54\1",
     re.compile(r"\+54([1-8]\d{9})"), r"+549\1"),
)  # fmt: skip


def _variants(numbers: list[str]) -> tuple[str, ...]:
    """The readings, each followed by other forms of the same telephone; at most six."""
    found: dict[str, None] = {}
    for number in numbers:
        found[number] = None
        for now, to_old, old, to_now in _FORMS:
            if now.fullmatch(number):
                found[now.sub(to_old, number)] = None
            elif old.fullmatch(number):
                found[old.sub(to_now, number)] = None
    return tuple(found)[:6]


def _modern(number: str) -> str:
    """The present form of a number written in one that is no longer in use (Brazil, Mexico)."""
    for _, _, old, to_now in _FORMS[:2]:
        if old.fullmatch(number):
            return old.sub(to_now, number)
    return number


def zones_of(e164: str) -> tuple[str, ...]:
    """IANA zones in which a number may be, likeliest not known: several for a country with several.
    Empty when nothing is known."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return ()
    found = timezone.time_zones_for_number(number)
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE)


def spelled(e164: str) -> str:
    """A number as people write it, with its country code: ``+44 20 7946 0123``."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
