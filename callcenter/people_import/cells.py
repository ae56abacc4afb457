"""What one cell of a people file means: text to value, or a reason why not. Pure.

Reasons are for whoever made the file: they name the column and show what is there.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Normalise = Callable[[str], str]
"""A telephone number as people write it to E.164; raises ``ValueError`` saying what is wrong."""

PHONES: Mapping[str, str | None] = {
    "phone": None,
    "phone_mobile": "mobile",
    "phone_home": "home",
    "phone_work": "work",
}
"""Columns of telephone numbers and the label each gives."""

_LIMITS = {
    "name": 200, "city": 100, "segment": 64, "note": 2000, "preferred_channel": 32,
    "preferred_time": 64,
}  # fmt: skip
_MOST_POINTS = 20
_LONGEST_POINT = 254
_YES = frozenset(("yes", "y", "true", "t", "1", "是"))
_NO = frozenset(("no", "n", "false", "f", "0", "否"))
_ID = re.compile(r"\S{1,64}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_CHINESE = {
    "zh": "zh-Hans", "zh-CN": "zh-Hans", "zh-SG": "zh-Hans",
    "zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-MO": "zh-Hant",
}  # fmt: skip
# ISO 4217: currencies whose minor unit is not a hundredth.
_NO_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_MINOR_DIGITS = dict.fromkeys(_NO_MINOR.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)
_DIRECTIONS = frozenset(map(chr, (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F))))
_DIRECTIONS |= frozenset(map(chr, range(0x2066, 0x206A)))


class LineError(ValueError):
    """The line cannot be imported; the message is the reason."""


def clean(name: str, cell: str) -> str:
    """Composed Unicode without surrounding blanks; refuses what could disguise other text."""
    if cell.isascii() and cell.isprintable():
        return cell.strip()
    text = unicodedata.normalize("NFC", cell).strip()
    for char in text:
        if char in _DIRECTIONS or (
            unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t"
        ):
            raise LineError(f"{name}: contains the invisible character U+{ord(char):04X}")
    return text if name == "note" else " ".join(text.split())


def _text(name: str, text: str) -> str | None:
    if len(text) > _LIMITS[name]:
        raise LineError(f"{name}: {len(text)} characters, at most {_LIMITS[name]} are allowed")
    return text or None


def _name(name: str, text: str) -> str | None:
    if not text:
        raise LineError("name: empty")
    return _text(name, text)


def _code(name: str, text: str) -> str | None:
    code = text.casefold()
    if code and not _CODE.fullmatch(code):
        raise LineError(f"{name}: {text[:40]!r} is no code (letters, digits, '_', '.', '-'; to 32)")
    return code or None


def _language(name: str, text: str) -> str | None:
    if not text:
        return None
    first, *rest = text.replace("_", "-").split("-")
    subtags = [part.title() if len(part) == 4 else part.upper() for part in rest]
    tag = "-".join((first.lower(), *subtags))
    if not _LANGUAGE.fullmatch(tag):
        raise LineError(f"{name}: {text[:40]!r} is no language tag such as en, zh-Hans, pt-BR")
    return _CHINESE.get(tag, tag)


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # the shape is right but there is no such day
    raise LineError(f"{name}: {text[:40]!r} is no date such as 1980-12-31")


def _birth(name: str, text: str) -> str | None:
    day = _day(name, text)
    return None if day is None else day.isoformat()


def _since(name: str, text: str) -> float | None:
    day = _day(name, text)
    return None if day is None else datetime(*day.timetuple()[:3], tzinfo=UTC).timestamp()


def _products(_name: str, text: str) -> str:
    return json.dumps(_several(text), separators=(",", ":"))


def _consent(name: str, text: str) -> bool | None:
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word:
        raise LineError(f"{name}: {text[:40]!r} is neither yes nor no (leave empty if not known)")
    return None


def money(values: Mapping[str, str]) -> dict[str, Any]:
    amount, currency = values.get("lifetime_value", ""), values.get("currency", "").upper()
    if currency and not re.fullmatch("[A-Z]{3}", currency):
        raise LineError(f"currency: {currency[:40]!r} is no ISO 4217 code such as EUR")
    if not amount:
        return {"lifetime_value": None, "currency": currency or None}
    if not currency:
        raise LineError("lifetime_value: its currency is missing")
    try:
        minor = Decimal(amount).scaleb(_MINOR_DIGITS.get(currency, 2))
        if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) >= 10**15:
            raise InvalidOperation
    except InvalidOperation:
        raise LineError(f"lifetime_value: {amount[:40]!r} is no amount of {currency}") from None
    return {"lifetime_value": int(minor), "currency": currency}


def person_id(text: str) -> str | None:
    if text and not _ID.fullmatch(text):
        raise LineError("id: at most 64 characters without blanks")
    return text or None


def points(
    values: Mapping[str, str], normalise: Normalise
) -> dict[str, list[tuple[str, str | None]]]:
    """Kind of contact point to (value, label), for the kinds the file has columns of."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for column, label in PHONES.items():
        if column in values:
            many = found.setdefault("phone", [])
            for text in _several(values[column]):
                number = _number(column, text, normalise)
                if all(number != known for known, _ in many):
                    many.append((number, label))
    if "email" in values:
        found["email"] = [(_email(text), None) for text in _unique(values["email"].casefold())]
    if "account" in values:
        found["account"] = [(_account(text), None) for text in _unique(values["account"])]
    for kind, many in found.items():
        if len(many) > _MOST_POINTS:
            raise LineError(f"{kind}: {len(many)} of them, at most {_MOST_POINTS} are allowed")
    return found


def _number(column: str, text: str, normalise: Normalise) -> str:
    if len(text) > _LONGEST_POINT:
        raise LineError(f"{column}: {len(text)} characters are no telephone number")
    try:
        return normalise(text)
    except ValueError as error:
        raise LineError(f"{column}: {text[:40]!r}: {error}") from error


def _email(text: str) -> str:
    if len(text) > _LONGEST_POINT or not _EMAIL.fullmatch(text):
        raise LineError(f"email: {text[:40]!r} is no e-mail address")
    return text


def _account(text: str) -> str:
    if not _ID.fullmatch(text):
        raise LineError(f"account: {text[:40]!r}: at most 64 characters without blanks")
    return text


def _several(text: str) -> list[str]:
    return [part for one in text.split(";") if (part := one.strip())]


def _unique(text: str) -> list[str]:
    return list(dict.fromkeys(_several(text)))


READERS: Mapping[str, Callable[[str, str], Any]] = {
    "name": _name,
    "tier": _code,
    "language": _language,
    "city": _text,
    "birth": _birth,
    "since": _since,
    "segment": _text,
    "products": _products,
    "preferred_channel": _text,
    "preferred_time": _text,
    "consent_marketing": _consent,
    "consent_recording": _consent,
    "predict": _consent,
    "note": _text,
}
"""Columns of a person that are read by themselves: (column, text) to value."""
