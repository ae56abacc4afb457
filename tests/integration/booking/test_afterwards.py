"""What is done with a request that is booked: looked at, moved, cancelled, told of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from callcenter.callbacks import links, tokens
from callcenter.callbacks.forms import FormRefused, LinkRefused, StaffRequest, TooLate
from tests.booking_kit import NOW, Make, why


async def test_status_move_cancel(make: Make) -> None:
    kit = make()
    booked = await kit.book(when=await kit.slot())
    ref, key = booked.callback.id, booked.key
    assert await kit.booking.status(ref.lower(), key, kit.clock()) == booked.callback
    later = await kit.slot(7200.0)
    moved = await kit.booking.move(ref, key, later, kit.clock())
    assert (moved.opens, moved.due, moved.place, moved.state) == (later, later, later, "scheduled")
    assert moved.closes == later + 900.0
    assert moved.fence > booked.callback.fence
    assert await kit.booking.move(ref, key, later, kit.clock()) == moved
    with pytest.raises(FormRefused, match="slot_unknown"):
        await kit.booking.move(ref, key, later + 1.0, kit.clock())
    gone = await kit.booking.cancel(ref, key, kit.clock())
    assert (gone.state, gone.why, gone.by, gone.ended) == (
        "cancelled", "by_customer", None, kit.clock(),
    )  # fmt: skip
    assert await kit.booking.cancel(ref, key, kit.clock()) == gone
    with pytest.raises(TooLate, match="ended"):
        await kit.booking.move(ref, key, later, kit.clock())
    assert kit.changed == [ref, ref]


async def test_keys(make: Make) -> None:
    kit = make()
    one, two = await kit.book(), await kit.book(number="020 7946 0999", address="10.0.0.1")
    for given in (two.key, "", one.key[:-2], one.key + "A", "\ud800"):
        with pytest.raises(LinkRefused, match="wrong"):
            await kit.booking.cancel(one.callback.id, given, kit.clock())
    with pytest.raises(LinkRefused, match="over"):
        await kit.booking.status(one.callback.id, one.key, kit.clock() + 40 * 86_400.0)
    secret = tokens.purpose(await kit.store.secret(), "link")
    missing = links.make(secret, "AAAA-AAAA", NOW + 1e6)
    with pytest.raises(LinkRefused, match="wrong"):
        await kit.booking.status("AAAA-AAAA", missing, kit.clock())
    assert len(await kit.open()) == 2


async def test_what_is_being_called_is_left_alone(make: Make) -> None:
    kit = make()
    booked = await kit.book()
    (held,) = await kit.store.claim("n1")
    due = replace(held, version=held.version + 1, state="reserved")
    await kit.store.keep(due)
    call = replace(due, version=due.version + 1, state="dialling", call="cb-1", attempts=1)
    await kit.store.keep(call, dialling=True)
    with pytest.raises(TooLate, match="now"):
        await kit.booking.cancel(booked.callback.id, booked.key, kit.clock())
    assert kit.changed == []


async def test_a_change_while_it_changes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine claims it between our look and our change: the change is tried again."""
    kit = make()
    booked = await kit.book()
    change, raced = kit.store.change, 0

    async def racing(new: Any, expects: int) -> bool:
        nonlocal raced
        raced += 1
        if raced == 1:
            assert await kit.store.claim("n1")
        return await change(new, expects)

    monkeypatch.setattr(kit.store, "change", racing)
    gone = await kit.booking.cancel(booked.callback.id, booked.key, kit.clock())
    assert (gone.state, raced) == ("cancelled", 2)


async def test_two_move_to_the_last_place(make: Make) -> None:
    """Both saw that there is room: one gets it, the other keeps their time and chooses again."""
    kit = make(plan=replace(make().plan, staff=("mon-sun 00:00-24:00 6",)))
    window = await kit.planner.window("service", await kit.slot(7200.0), kit.clock())
    assert window is not None
    assert window.capacity == 2
    booked = [
        await kit.book(
            number=f"020 7{n}46 0123", address=f"10.0.{n}.1", when=await kit.slot(900.0 * n)
        )
        for n in (1, 2, 3)
    ]
    moved = await asyncio.gather(
        *(kit.booking.move(one.callback.id, one.key, window.opens, kit.clock()) for one in booked),
        return_exceptions=True,
    )
    (refused,) = [one for one in moved if isinstance(one, BaseException)]
    assert isinstance(refused, FormRefused)
    assert why(refused) == ("slot_taken", "when")
    assert (refused.code, refused.message[:13]) == ("slot_taken", "Somebody else")
    rows = [await kit.store.one(one.callback.id) for one in booked]
    left = [row for row, one in zip(rows, booked, strict=True) if row == one.callback]
    assert len(left) == 1


async def test_the_house_is_told(make: Make) -> None:
    site = replace(make().site, consent="You may record the call.")
    kit = make(site=site)
    booked = await kit.book(consent=True)
    await kit.booking.cancel(booked.callback.id, booked.key, kit.clock())
    keeping = asyncio.create_task(kit.outbox.keep())
    async with asyncio.timeout(5):
        while len(kit.letters.told) < 2:
            await asyncio.sleep(0)
    keeping.cancel()
    (first, body), (second, _) = kit.letters.told
    assert (first, second) == ("booked", "cancelled")
    assert body["ref"] == booked.callback.id
    assert body["links"] == dict(booked.links)
    stored = "859286fd5e083895 en"  # what sha256sum says of the text
    assert body["consent"] == {"text": "You may record the call.", "given": True, "stored": stored}


async def test_to_what_text_they_agreed(make: Make) -> None:
    """By its hash, with the language, and the text itself once; nothing where nobody ticked the box
    or there is no text."""
    text = "我们可以录音。"
    kit = make(site=replace(make().site, consent=text))
    ticked = await kit.book(consent=True, language="zh-Hans")
    assert ticked.callback.consent == f"{sha256(text.encode()).hexdigest()[:16]} zh-Hans"
    assert await kit.store.one(ticked.callback.id) == ticked.callback
    assert await kit.store.agreed(ticked.callback.consent) == text
    left = await kit.book(number="020 7946 0999", address="10.0.0.1")
    assert left.callback.consent == ""
    plain = await make(seed=2).book(number="0117 496 0123", address="10.0.1.1", consent=True)
    assert plain.callback.consent == ""


async def test_the_numbers_own_zone(make: Make) -> None:
    """Kept where the clock that was chosen is none that the number can have."""
    kit = make()
    rows = [
        (await kit.book(number=number, address=address, zone=zone)).callback
        for number, address, zone in (
            ("020 7946 0123", "10.0.0.1", "Asia/Tokyo"),
            ("020 7946 0999", "10.0.1.1", "Europe/London"),
            ("0117 496 0123", "10.0.2.1", "nonsense"),
        )
    ]
    assert [(row.zone, row.number_zone) for row in rows] == [
        ("Asia/Tokyo", "Europe/London"), ("Europe/London", None), ("Europe/London", None),
    ]  # fmt: skip
    wish = StaffRequest(
        origin="agent", queue="service", number="0131 496 0123", opens=NOW, by="amy",
        zone="America/New_York",
    )  # fmt: skip
    row = await kit.booking.by_staff(wish, NOW)
    assert (row.zone, row.number_zone) == ("America/New_York", "Europe/London")
