"""Values in the words of a language, as somebody reads them out. Pure.

What cannot be put into words (a currency that is none, a moment no calendar has, no number) is
``None``: whoever asks leaves the sentence out. Dates and clocks are in the zone that is given.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, TypeGuard

LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")
LONGEST: Final = 80

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
# ISO 4217: digits after the point where they are not two.
_DIGITS: Mapping[str, int] = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "LYD": 3,
    "OMR": 3, "PYG": 0, "TND": 3, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
_SIGNS: Mapping[str, str] = {"EUR": "€", "GBP": "£", "USD": "US$"}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "zh-Hans": {
        "AUD": "澳元", "CAD": "加元", "CHF": "瑞士法郎", "CNY": "元人民币", "EUR": "欧元",
        "GBP": "英镑", "HKD": "港元", "JPY": "日元", "SGD": "新加坡元", "TWD": "元新台币",
        "USD": "美元",
    },
    "zh-Hant": {
        "AUD": "澳幣", "CAD": "加幣", "CHF": "瑞士法郎", "CNY": "元人民幣", "EUR": "歐元",
        "GBP": "英鎊", "HKD": "港幣", "JPY": "日圓", "SGD": "新加坡幣", "TWD": "元新台幣",
        "USD": "美元",
    },
}  # fmt: skip
_UNITS: Final = (86_400, 3_600, 60, 1)
_UNIT_NAMES: Mapping[str, tuple[str, str, str, str]] = {
    "en": ("day", "hour", "minute", "second"),
    "zh-Hans": ("天", "小时", "分钟", "秒"),
    "zh-Hant": ("天", "小時", "分鐘", "秒"),
}


def text(value: object) -> str | None:
    """Customer data in one line: no control or direction marks, at most ``LONGEST`` characters."""
    if not isinstance(value, str):
        return None
    # Cc, Cf: would break lines or turn the text around; Co, Cs, Cn: nothing a screen can show.
    kept = (" " if unicodedata.category(one)[0] in "CZ" else one for one in value)
    line = " ".join("".join(kept).split())
    return (line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…") or None


def count(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**15:
        return None
    return f"{value:,}"


def money(value: object, currency: str | None, language: str) -> str | None:
    """``value`` in minor units of ``currency`` (ISO 4217)."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**15:
        return None
    if currency is None or not _CURRENCY.match(currency):
        return None
    digits = _DIGITS.get(currency, 2)
    whole, rest = divmod(abs(value), 10**digits)
    amount = f"{whole:,}.{rest:0{digits}d}" if digits else f"{whole:,}"
    minus = "-" if value < 0 else ""
    if language == "en":
        return f"{minus}{_SIGNS.get(currency, currency + ' ')}{amount}"
    return f"{minus}{amount} {_NAMES[language].get(currency, currency)}"


def calendar_date(value: object, language: str, zone: tzinfo) -> str | None:
    """``value``: seconds since the epoch, or an ISO 8601 calendar date, which no zone shifts."""
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return None
    else:
        moment = _moment(value, zone)
        if moment is None:
            return None
        day = moment.date()
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def clock_time(value: object, zone: tzinfo) -> str | None:
    """``value``: seconds since the epoch."""
    moment = _moment(value, zone)
    return None if moment is None else f"{moment.hour:02d}:{moment.minute:02d}"


def duration(value: object, language: str) -> str | None:
    """``value``: seconds. Whole numbers of the largest unit it fills: "3 days", "20 minutes"."""
    if not _number(value) or value < 0 or value >= 10**12:
        return None
    place, size = next(
        ((place, size) for place, size in enumerate(_UNITS) if value >= size), (3, 1)
    )
    number, unit = int(value // size), _UNIT_NAMES[language][place]
    if language == "en":
        return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"{number:,} {unit}"


def _moment(value: object, zone: tzinfo) -> datetime | None:
    if not _number(value):
        return None
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)).astimezone(zone)
    except (OverflowError, ValueError):
        return None  # before the year 1 or after 9999


def _number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
