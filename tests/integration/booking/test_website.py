"""Booking from a website, on the twin and on the store, with the real planner."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from callcenter.callback_ports import Blocked, Caps, Switches
from callcenter.callbacks.forms import FormRefused, UnknownSite
from callcenter.callbacks.planner import QueuePlan
from callcenter.floor.events import CallbackDenied
from callcenter.floor.waits import Estimate
from callcenter.store import StoreError
from tests.booking_kit import NOW, Make, asked, why


async def test_now(make: Make) -> None:
    kit = make(
        known={"+442079460123": "p1"}, estimate=lambda *_: Estimate(p50=60.0, p90=1200.0, gaps=50)
    )
    offer = await kit.offer()
    assert offer.on
    assert offer.now is not None
    assert offer.now.p90 == 1200.0
    assert offer.now.closes - offer.now.opens >= 1200.0
    assert offer.reasons == (("cards", "cards (en)"), ("loans", "loans (en)"))
    assert offer.work is None
    booked = await kit.book(
        name=" Alice\n<b>\u202e ", words="My card\r\n\x00is gone", reason="cards", zone="Asia/Tokyo"
    )
    row = booked.callback
    assert await kit.store.one(row.id) == row
    assert (row.origin, row.state, row.queue, row.site) == ("web", "requested", "service", "bank")
    assert (row.number, row.region, row.zone) == ("+442079460123", "GB", "Asia/Tokyo")
    assert (row.name, row.words, row.reason) == ("Alice <b>", "My card\nis gone", "cards")
    assert row.place == row.opens == row.due == NOW + 5.0
    assert row.person == "p1"
    assert kit.woken == 1
    assert booked.links["status"].startswith("https://call.example.org/c/r/" + row.id)


async def test_a_slot(make: Make) -> None:
    kit = make()
    opens = await kit.slot(7200.0)
    row = (await kit.book(when=opens)).callback
    assert (row.state, row.opens, row.closes - row.opens) == ("scheduled", opens, 900.0)
    assert row.place == row.due == opens


async def test_slots_that_were_never_offered(make: Make) -> None:
    kit = make()
    opens = await kit.slot()
    wrong = (opens + 1.0, kit.clock() - 3600.0, NOW + 1e7, 1e300, float("nan"), float("inf"))
    for n, when in enumerate(wrong):
        error = await kit.refused(when=when, address=f"10.{n}.0.1")
        assert why(error) == ("slot_unknown", "when")
        kit.clock.at += 60.0


async def test_a_full_slot_is_refused_and_the_form_goes_on(make: Make) -> None:
    """Eight agents: the slot has little room. Who comes too late takes another time with the token
    they are given, at once."""
    kit = make(plan=QueuePlan(staff=("mon-sun 00:00-24:00 8",)))
    opens = await kit.slot()
    window = await kit.planner.window("service", opens, kit.clock())
    assert window is not None
    late = [await kit.form(seconds=0.0, number=f"020 7946 1{n:03}", when=opens,
                           address=f"10.{n}.0.1") for n in range(window.capacity + 1)]  # fmt: skip
    kit.clock.at += 5.0
    booking = kit.engine(pressure=10_000)
    for form in late[:-1]:
        await booking.book(form, kit.clock())
    with pytest.raises(FormRefused) as refused:
        await booking.book(late[-1], kit.clock())
    assert why(refused.value) == ("slot_taken", "when")
    other = await kit.slot(3600.0)
    again = replace(late[-1], when=other, token=refused.value.token)
    assert (await booking.book(again, kit.clock())).callback.opens == other


async def test_numbers_are_read_before_the_form_is_sent(make: Make) -> None:
    kit = make()
    read = await kit.booking.number("bank", "０２０ ７９４６ ０１２３", "")
    assert (read.e164, read.region, read.zone) == ("+442079460123", "GB", "Europe/London")
    for raw, region, code in (
        ("+1 202 555 0143", "", "country"),
        ("202 555 0143", "US", "country"),
        ("0909 879 0123", "", "kind"),
        ("+881 6 3251 2345", "", "kind"),
        ("letters", "", "number_bad"),
        ("\ud800", "", "number_bad"),
        ("0" * 5_000, "", "number_bad"),
        ("", "", "number_withheld"),
        ("020 7946 0123", "<script>", ""),
        ("020 7946 0000", "", "prefix"),
    ):
        try:
            await kit.booking.number("bank", raw, region)
            found = ""
        except FormRefused as error:
            found = f"{error.why} {error.field}"
        assert found == (f"{code} number" if code else ""), raw


async def test_unknown_sites(make: Make) -> None:
    kit = make()
    with pytest.raises(UnknownSite):
        await kit.booking.offer("shop", NOW)
    with pytest.raises(UnknownSite):
        await kit.booking.book(replace(await kit.form(), site="shop"), NOW)


async def test_a_form_is_booked_once_however_often_it_is_sent(make: Make) -> None:
    """An answer that was lost on the way is asked for again: the same reference comes."""
    kit = make()
    form = await kit.form()
    first = await kit.booking.book(form, kit.clock())
    second = await kit.engine().book(form, kit.clock())
    assert (second.callback, second.key) == (first.callback, first.key)
    assert len(await kit.open()) == 1
    other = await kit.sent(replace(form, number="020 7946 0999"))
    assert why(other) == ("form", "")
    await kit.booking.cancel(first.callback.id, first.key, kit.clock())
    kit.booking = kit.engine()
    gone = await kit.sent(form)  # that one is over: to be sent once more, with another token
    assert why(gone) == ("form", "")
    kit.clock.at += 5.0
    anew = await kit.booking.book(replace(form, token=gone.token), kit.clock())
    assert anew.callback.id != first.callback.id


async def test_the_same_form_at_the_same_time(make: Make) -> None:
    kit = make()
    form = await kit.form()
    tries = [kit.booking.book(form, kit.clock()) for _ in range(3)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert len(await kit.open()) == 1
    assert [one for one in found if not isinstance(one, BaseException)]
    assert all(isinstance(one, FormRefused) or one == found[0] for one in found)


async def test_programs(make: Make) -> None:
    kit = make()
    assert why(await kit.refused(website="https://buy.example")) == ("form", "website")
    assert why(await kit.refused(seconds=0.5)) == ("form", "")
    error = await kit.refused(seconds=700.0)
    assert why(error) == ("form", "")
    kit.clock.at += 5.0
    form = await kit.form(seconds=0.0, address="198.51.100.1", token="forged")
    assert why(await kit.sent(form)) == ("form", "")
    assert await kit.open() == ()
    # What was given with the refusal goes on.
    await kit.booking.book(replace(form, token=error.token), kit.clock())
    assert len(await kit.open()) == 1


async def test_text_that_is_none(make: Make) -> None:
    kit = make()
    assert why(await kit.refused(words="\ud800")) == ("text", "words")
    assert why(await kit.refused(name="x" * 30_000, address="10.0.0.1")) == ("text", "name")
    kit.clock.at += 60.0
    assert why(await kit.refused(reason="fraud", address="10.1.0.1")) == ("text", "reason")
    assert len((await kit.book(words="y" * 2_000, address="10.2.0.1")).callback.words) == 500


async def test_refusals_of_the_store_and_what_is_told_of_them(make: Make) -> None:
    kit = make(rules=replace(make().rules, caps=Caps(number_day=1, address_hour=None)))
    await kit.store.block(
        Blocked(number="+442079460555", since=NOW, by="s", reason="asked", until=None)
    )
    blocked = await kit.refused(number="020 7946 0555", language="zh-TW")
    assert (blocked.why, blocked.code) == ("blocked", "number_cap")
    first = await kit.book(address="10.0.0.1")
    kit.clock.at += 60.0
    twice = await kit.refused(address="10.1.0.1")
    assert twice.why == "open_one"
    assert twice.ref == ""
    assert twice.links == {}
    key = first.key
    await kit.booking.cancel(first.callback.id, key, kit.clock())
    capped = await kit.refused(address="10.2.0.1", language="zh-TW")
    assert (capped.why, capped.code) == ("number_cap", "number_cap")
    assert capped.message == blocked.message  # one sounds like the other
    assert capped.message != (await kit.refused(address="10.3.0.1")).message  # in English


async def test_one_address_block(make: Make) -> None:
    kit = make(rules=replace(make().rules, pressure=10_000))
    for n in range(6):
        kit.clock.at += 700.0
        form = await kit.form(number=f"020 7946 {n}123", address=f"192.0.2.{n}")
        if n < 5:
            await kit.booking.book(form, kit.clock())
    error = await kit.sent(form)
    assert (error.why, error.code) == ("address_cap", "site_cap")


async def test_closed_and_switched_off(make: Make) -> None:
    kit = make(lawful=lambda *_: False)
    assert why(await kit.refused()) == ("closed", "when")
    night = make(plan=QueuePlan(staff=("sat 08:00-09:00 3",)))
    assert (await night.offer()).now is None
    assert why(await night.refused(address="10.0.0.1")) == ("closed", "when")
    await kit.store.set_switches(Switches(queue="service", show=False))
    offer = await kit.offer()
    assert (offer.on, offer.why, offer.now) == (False, "off", None)
    await kit.store.set_switches(Switches(queue="service", accept=False))
    assert why(await kit.refused(address="10.1.0.1")) == ("off", "")


async def test_a_store_in_trouble_loses_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make()
    form = await kit.form()

    async def full(*_: object) -> None:
        raise StoreError("the disk is full", passing=True)

    with monkeypatch.context() as patch:
        patch.setattr(kit.store, "book", full)
        error = await kit.sent(form)
        assert why(error) == ("store", "")
        denied = await kit.booking.from_queue(asked("+442079460777"), kit.clock())
        assert isinstance(denied, CallbackDenied)
        assert denied.why == "store"
    again = replace(form, token=error.token or form.token)
    assert (await kit.booking.book(again, kit.clock())).callback.number == "+442079460123"
