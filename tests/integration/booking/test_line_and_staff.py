"""Booking by callers in line and by staff."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from callcenter.callback_ports import Blocked, CallbackRefused, Caps
from callcenter.callbacks.forms import StaffRequest
from callcenter.floor.callback import OPEN
from callcenter.floor.events import CallbackBooked, CallbackDenied
from callcenter.store import StoreError
from tests.booking_kit import NOW, Make, asked


async def test_from_the_line(make: Make) -> None:
    kit = make(known={"+442079460123": "p1"})
    told = await kit.booking.from_queue(
        asked(name="Bob\x00", reason="nonsense", words="a\u202eb", language="zh-Hant"), NOW
    )
    assert isinstance(told, CallbackBooked)
    row = await kit.store.one(told.id)
    assert row is not None
    assert (row.origin, row.state, row.place, row.person) == ("queue", "requested", NOW - 300, "p1")
    assert (row.opens, row.closes) == (NOW, NOW + 4 * 3600.0)
    assert (row.name, row.reason, row.words, row.language) == ("Bob", None, "ab", "zh-Hant")
    assert row.site is None


@pytest.mark.parametrize(
    ("number", "entered", "code"),
    [
        ("", False, "number_withheld"), ("anonymous", False, "number_withheld"),
        ("1234", True, "number_bad"), ("*#06#", True, "number_bad"),
        ("##", True, "number_withheld"),
        ("09098790123", True, "kind"), ("+12025550143", False, "country"),
        ("\ud800", False, "number_bad"), ("9" * 400, True, "number_bad"),
    ],
)  # fmt: skip
async def test_a_caller_who_is_denied_hears_why(
    make: Make, number: str, entered: bool, code: str
) -> None:
    kit = make()
    told = await kit.booking.from_queue(asked(number, entered=entered), NOW)
    assert told == CallbackDenied(at=NOW, call="c1", why=code)


async def test_a_caller_whose_line_does_not_call_back(make: Make) -> None:
    kit = make()
    assert await kit.booking.from_queue(asked(queue="sales"), NOW) == CallbackDenied(
        at=NOW, call="c1", why="off"
    )
    assert isinstance(await kit.booking.from_queue(asked("02079460123#", entered=True), NOW),
                      CallbackBooked)  # fmt: skip
    again = await kit.booking.from_queue(asked(), NOW)
    assert again == CallbackDenied(at=NOW, call="c1", why="open_one")


async def test_by_staff(make: Make) -> None:
    kit = make(rules=replace(make().rules, caps=Caps(number_day=0, prefix_hour=0, site_hour=0)))
    wish = StaffRequest(
        origin="agent", queue="service", number="020 7946 0123", opens=NOW + 600.0, by="1001",
        agent="1001", reason="fraud", words="about the loan", case="c-9",
    )  # fmt: skip
    row = await kit.booking.by_staff(wish, NOW)
    assert (row.state, row.opens, row.agent, row.agent_until) == (
        "scheduled", NOW + 600.0, "1001", NOW + 2400.0,
    )  # fmt: skip
    assert (row.origin, row.by, row.case, row.zone) == ("agent", "1001", "c-9", "Europe/London")
    with pytest.raises(CallbackRefused) as twice:
        await kit.booking.by_staff(wish, NOW)
    assert (twice.value.why, twice.value.ref) == ("open_one", row.id)
    await kit.store.block(
        Blocked(number="+442079460555", since=NOW, by="s", reason="asked", until=None)
    )
    for number, code in (("020 7946 0555", "blocked"), ("0909 879 0123", "kind"),
                         ("+1 202 555 0143", "country")):  # fmt: skip
        with pytest.raises(CallbackRefused) as refused:
            await kit.booking.by_staff(replace(wish, number=number), NOW)
        assert refused.value.why == code
    with pytest.raises(CallbackRefused, match="reason"):
        await kit.booking.by_staff(replace(wish, reason="nonsense"), NOW)
    unlawful = make(lawful=lambda *_: False)
    with pytest.raises(CallbackRefused, match="law"):
        await unlawful.booking.by_staff(replace(wish, number="020 7946 0777"), NOW)


async def test_staff_who_ask_twice_with_one_key_have_one_callback(make: Make) -> None:
    """One after the other or both at once; the same key for another number is another request."""
    kit = make()
    wish = StaffRequest(
        origin="agent", queue="service", number="020 7946 0123", opens=NOW, by="sue", key="k1"
    )
    first, second = await asyncio.gather(
        kit.booking.by_staff(wish, NOW), kit.booking.by_staff(wish, NOW)
    )
    assert first == second == await kit.booking.asked_before("sue", "k1", "+44 20 7946 0123")
    assert [one.id for one in await kit.store.listed(OPEN)] == [first.id]
    assert await kit.booking.asked_before("amy", "k1", "020 7946 0123") is None
    assert await kit.booking.asked_before("sue", "k2", "020 7946 0123") is None
    assert await kit.booking.asked_before("sue", "k1", "0131 496 0123") is None
    other = await kit.booking.by_staff(replace(wish, number="0131 496 0123"), NOW)
    assert other.id != first.id
    with pytest.raises(CallbackRefused, match="open_one"):
        await kit.booking.by_staff(replace(wish, key="k2"), NOW)
    over = replace(first, state="cancelled", version=2, ended=NOW, why="by_staff")
    assert await kit.store.change(over, 1)
    assert await kit.booking.asked_before("sue", "k1", "020 7946 0123") is None
    assert (await kit.booking.by_staff(wish, NOW)).id not in (first.id, other.id)


async def test_a_secret_that_cannot_be_read_books_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a caller would be sent back into the line with a callback that nobody told them of."""
    kit = make()

    async def gone() -> bytes:
        raise StoreError("no connection", passing=True)

    monkeypatch.setattr(kit.store, "secret", gone)
    told = await kit.booking.from_queue(asked(), NOW)
    assert told == CallbackDenied(at=NOW, call="c1", why="store")
    assert await kit.open() == ()


async def test_two_that_draw_the_same_reference(make: Make) -> None:
    """Two engines whose chance is the same: the second draws again."""
    kit = make()
    first = await kit.booking.from_queue(asked(), NOW)
    second = await kit.engine().from_queue(asked("+442079460999"), NOW)
    assert isinstance(first, CallbackBooked)
    assert isinstance(second, CallbackBooked)
    assert first.id != second.id
