"""Callbacks for tests, with everything defaulted but what the test is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from callcenter.callback_ports import Blocked, Callbacks, Caps, Deflection, Source
from callcenter.floor.callback import Callback
from tests.contract.samples import NOW

HOSTILE: Final = "'; DROP TABLE callbacks;-- <img src=x onerror=alert(1)> \u202e王小明\x01"
NO_CAPS: Final = Caps(
    number_day=None, address_hour=None, prefix_hour=None, site_hour=None, spend_hour=None
)
WEB: Final = Source(site="shop", address="192.0.2.0/24")


def number(n: int) -> str:
    """Numbers of which no two differ in the last four digits only."""
    return f"+44207{n:04}0123"


def wanted(n: int, **changes: Any) -> Callback:
    """Of a number of its own, due now, until in a quarter of an hour; places go by ``n``."""
    plain = Callback(
        id=f"R{n:03}", version=1, state="requested", origin="web", queue="service",
        number=number(n), zone="Europe/London", made=NOW, place=NOW + n, opens=NOW,
        closes=NOW + 900.0, due=NOW,
    )  # fmt: skip
    return replace(plain, **changes)


def full(n: int) -> Callback:
    """With every field set, as hostile as a text can be."""
    return wanted(
        n, region="GB", name=HOSTILE, person="p1", language="zh-Hant", reason="fees",
        words=HOSTILE * 9, site="shop", case="c1", agent="mei", agent_until=NOW + 60.5, attempts=1,
        causes=("busy", "no_answer"), tried=(NOW - 7.25, NOW - 3.5), dialled=NOW - 7.25,
        reached=NOW - 6.0, by="sue", message_left=True, call="cb-1-1",
        consent="0f3c5d7e9b1a2c4e zh-Hant", number_zone="Asia/Taipei",
    )  # fmt: skip


async def booked(callbacks: Callbacks, *rows: Callback) -> None:
    for row in rows:
        await callbacks.book(row, Source(), NO_CAPS)


def stepped(callback: Callback, **changes: Any) -> Callback:
    """The next version, as a floor makes it."""
    return replace(callback, version=callback.version + 1, **changes)


def dialling(callback: Callback, call: str, **changes: Any) -> Callback:
    return stepped(callback, state="dialling", call=call, attempts=callback.attempts + 1, **changes)


def entry(number: str, **changes: Any) -> Blocked:
    return replace(Blocked(number=number, since=NOW, by="sue", reason=HOSTILE), **changes)


def shown(id: str, **changes: Any) -> Deflection:
    return replace(Deflection(id=id, at=NOW, site="shop", answers=("fees.why",)), **changes)
