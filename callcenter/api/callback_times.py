"""Moments as customers read them: their language, their zone, the zone's city named. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .callback_page_texts import Language
from .callback_place_names import city

_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS_ZH: Final = ("一", "二", "三", "四", "五", "六", "日")


def local(at: float, zone: str) -> datetime:
    """``at``: seconds since the epoch; ``zone``: an IANA name that exists."""
    return datetime.fromtimestamp(at, ZoneInfo(zone))


def iso(at: float, zone: str) -> str:
    """ISO 8601 with the offset that holds in the zone at that moment; whole seconds."""
    return local(at, zone).replace(microsecond=0).isoformat()


def instant(text: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 text with an offset; ``None``: it is none."""
    try:
        found = datetime.fromisoformat(text)
        return None if found.tzinfo is None else found.timestamp()
    except (ValueError, OverflowError):
        return None


def clock_text(at: float, zone: str, *, seconds: bool = False) -> str:
    """``14:30``, ``14:30:05``; where the clock shows this twice in a night, with the offset."""
    moment = local(at, zone)
    shown = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    return f"{shown} {_offset(moment)}" if _twice(moment) else shown


def date_text(at: float, zone: str, language: Language) -> str:
    """``24 Nov 2026``, ``2026年11月24日``."""
    day = local(at, zone)
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def day_text(at: float, zone: str, language: Language) -> str:
    """A heading: ``Tuesday, 24 Nov 2026``, ``2026年11月24日（星期二）``."""
    day = local(at, zone)
    date = date_text(at, zone, language)
    if language == "en":
        return f"{_DAYS[day.weekday()]}, {date}"
    return f"{date}（星期{_DAYS_ZH[day.weekday()]}）"


def slot_text(opens: float, closes: float, zone: str, language: Language) -> str:
    """A choice among others: ``Tue 24 Nov, 14:30–14:45``, ``11月24日周二 14:30–14:45``."""
    day = local(opens, zone)
    if language == "en":
        date = f"{_DAYS[day.weekday()][:3]} {day.day} {_MONTHS[day.month - 1]},"
    else:
        week = "周" if language == "zh-Hans" else "週"
        date = f"{day.month}月{day.day}日{week}{_DAYS_ZH[day.weekday()]}"
    return f"{date} {clock_text(opens, zone)}–{clock_text(closes, zone)}"


def window_text(opens: float, closes: float, zone: str, language: Language) -> str:
    """``24 Nov 2026, 14:30–14:45 (London)``, ``2026年11月24日 14:30–14:45（伦敦）``."""
    comma = ", " if language == "en" else " "
    first, last = date_text(opens, zone, language), date_text(closes, zone, language)
    begins = f"{first}{comma}{clock_text(opens, zone)}"
    ends = clock_text(closes, zone)
    span = f"{begins}–{ends}" if first == last else f"{begins} – {last}{comma}{ends}"
    name = city(zone, language)
    return f"{span} ({name})" if language == "en" else f"{span}（{name}）"


def _twice(moment: datetime) -> bool:
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def _offset(moment: datetime) -> str:
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "+" if minutes >= 0 else "−"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
