"""Numbers for tests of the mind, read the way the made-up networks write them."""

from __future__ import annotations

from callcenter.ports import PhoneNumber

CODES = ("+44", "+49", "+1", "+86", "+886", "+852")


def number(*readings: str) -> PhoneNumber:
    raw = readings[0] if readings else ""
    return PhoneNumber(raw=raw, readings=readings, kind="unknown", region=None, anonymous=False)


WITHHELD = PhoneNumber(raw="", readings=(), kind="unknown", region=None, anonymous=True)


def read(raw: str | None) -> PhoneNumber:
    """An exchange in the United Kingdom reported ``raw``."""
    if not raw:
        return WITHHELD
    if raw.startswith("+"):
        return number(raw)
    if raw.startswith("00"):
        return number("+" + raw[2:])
    if raw.startswith("0"):
        return number("+44" + raw[1:])
    return number("+" + raw) if any(("+" + raw).startswith(code) for code in CODES) else number()
