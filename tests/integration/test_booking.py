"""Booking: web, line and staff, on the twin and on the store, with the real planner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcenter.callback_ports import Blocked, CallbackRefused, Caps, Switches
from callcenter.callbacks import links, tokens, work
from callcenter.callbacks.deflection import AnswerSource
from callcenter.callbacks.forms import FormRefused, LinkRefused, StaffRequest, TooLate, UnknownSite
from callcenter.callbacks.planner import QueuePlan
from callcenter.callbacks.work import PATIENCE, Solution
from callcenter.floor.callback import OPEN, Callback, LawRules
from callcenter.floor.calling_times import next_moment
from callcenter.floor.card import Answer, Phrasing
from callcenter.floor.events import CallbackBooked, CallbackDenied
from callcenter.floor.orders import RequestCallback
from callcenter.floor.rules import HoursSettings
from callcenter.floor.waits import Estimate
from callcenter.ports import Happening, PageView
from callcenter.store import StoreError, open_store
from intelligence.answers import Answers, Audience, Entry, Policy
from tests.booking_kit import NOW, NUMBER, Clock, Kit, why
from tests.fakes import MemoryCallbacks, MemoryDemand, MemoryRecords

Make = Callable[..., Kit]


@pytest.fixture(params=["memory", "sqlite"])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    clock = Clock()
    if request.param == "memory":
        records = MemoryRecords()
        store, demand = MemoryCallbacks(clock, records), MemoryDemand(records)
        yield lambda **what: Kit(store, demand, clock, **what)
        return
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}", callback_clock=clock)
    yield lambda **what: Kit(opened.callbacks, opened.demand, clock, **what)
    opened.close()


def asked(number: str = "+442079460123", **what: Any) -> RequestCallback:
    given: dict[str, Any] = {
        "call": "c1", "queue": "service", "number": number, "entered": False, "place": NOW - 300.0,
        "name": None, "person": None, "language": None, "reason": None, "words": "",
    }  # fmt: skip
    return RequestCallback(**{**given, **what})


# --- from a website -----------------------------------------------------------------------


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


# --- work -----------------------------------------------------------------------------------


async def pressed(kit: Kit, posts: int = 5) -> None:
    for n in range(posts):
        form = await kit.form(seconds=0.0, address=f"10.{n}.0.1")
        await kit.sent(form)  # too fast
    kit.clock.at += 3.0


async def test_work_under_pressure(make: Make) -> None:
    kit = make()
    form = await kit.form(seconds=0.0)
    await pressed(kit)
    error = await kit.sent(form)
    assert why(error) == ("work", "")
    assert error.challenge is not None
    assert error.wait == PATIENCE
    solved = replace(form, token=error.token, work=work.solve(error.challenge))
    # It belongs to its token.
    assert (await kit.sent(replace(solved, token=form.token))).why == "work"
    booked = await kit.booking.book(solved, kit.clock())
    assert booked.callback.state == "requested"
    kit.clock.at += 1.0
    again = await kit.sent(replace(solved, number="020 7946 0124"))
    assert why(again) in [("form", ""), ("work", "")]  # one piece of work, one booking


async def test_the_offer_brings_the_work_along(make: Make) -> None:
    kit = make()
    await pressed(kit)
    offer = await kit.offer("203.0.113.1")
    assert offer.work is not None
    kit.clock.at += 2.5
    form = replace(await kit.form(seconds=0.0), token=offer.token, work=work.solve(offer.work))
    wrong = await kit.sent(replace(form, number="nonsense"))
    assert why(wrong) == ("number_bad", "number")
    # What was done is not asked again.
    right = replace(form, token=wrong.token or form.token)
    await kit.booking.book(right, kit.clock())
    assert len(await kit.open()) == 1


async def test_a_wrong_counter_costs_the_token(make: Make) -> None:
    kit = make()
    await pressed(kit)
    offer = await kit.offer("203.0.113.1")
    assert offer.work is not None
    kit.clock.at += 2.5
    right = work.solve(offer.work)
    assert right.counter is not None
    form = replace(await kit.form(seconds=0.0), token=offer.token)
    guess = Solution(salt=right.salt, counter=(right.counter + 1) % offer.work.max)
    assert (await kit.sent(replace(form, work=guess))).why == "work"
    assert (await kit.sent(replace(form, work=right))).why == "form"
    assert await kit.open() == ()


async def test_who_cannot_work_waits(make: Make) -> None:
    kit = make()
    form = await kit.form(seconds=0.0)
    await pressed(kit)
    error = await kit.sent(form)
    assert error.challenge is not None
    waiting = replace(
        form, token=error.token, work=Solution(salt=error.challenge.salt, counter=None)
    )
    assert (await kit.sent(waiting)).why == "work"
    kit.clock.at += PATIENCE
    await pressed(kit, 8)
    assert (await kit.booking.book(waiting, kit.clock())).callback.number == "+442079460123"


# --- codes and persons ------------------------------------------------------------------------


async def test_a_code_proves_the_number(make: Make) -> None:
    kit = make()
    kit.booking = kit.engine(confirm="code")
    form = await kit.form()
    asks = await kit.sent(form)
    assert why(asks) == ("code", "code")
    assert await kit.open() == ()
    code = kit.letters.code
    form = replace(form, token=asks.token)
    assert why(await kit.sent(form)) == ("code", "code")
    assert len(kit.letters.told) == 1  # not sent again
    bad = f"{(int(code) + 1) % 1_000_000:06}"
    assert why(await kit.sent(replace(form, code=bad))) == ("code_wrong", "code")
    kit.clock.at += 100.0
    booked = await kit.booking.book(replace(form, code=f" {code[:3]} {code[3:]} "), kit.clock())
    assert booked.callback.number == "+442079460123"


async def test_three_tries_and_another_number(make: Make) -> None:
    kit = make()
    kit.booking = kit.engine(confirm="code", pressure=10_000)
    form = await kit.form()
    form = replace(form, token=(await kit.sent(form)).token)
    code = kit.letters.code
    bad = f"{(int(code) + 1) % 1_000_000:06}"
    for n in range(3):
        kit.clock.at += 210.0 if n == 0 else 1.0
        assert (await kit.sent(replace(form, code=bad, address=f"10.{n}.0.1"))).why == "code_wrong"
    again = await kit.sent(replace(form, code=code, address="10.9.0.1"))
    assert again.why == "code"  # too late for that one: another was sent
    assert kit.letters.code != code
    # The code of one number is none for another.
    other = replace(form, token=again.token, number="020 7946 0666", code=kit.letters.code)
    assert (await kit.sent(replace(other, address="10.8.0.1"))).why == "code"
    assert await kit.open() == ()


async def test_a_code_that_was_not_sent_is_asked_for_again(make: Make) -> None:
    kit = make()
    kit.booking = kit.engine(confirm="code")
    kit.letters.broken = True
    form = await kit.form()
    error = await kit.sent(form)
    assert why(error) == ("store", "code")
    kit.letters.broken = False
    assert (await kit.sent(replace(form, token=error.token))).why == "code"
    assert kit.letters.code


async def test_codes_to_one_number_are_few(make: Make) -> None:
    kit = make()
    kit.booking = kit.engine(confirm="code", pressure=10_000)
    found = []
    for n in range(5):
        kit.clock.at += 700.0
        found.append((await kit.refused(address=f"10.{n}.0.1")).why)
    assert found == ["code", "code", "code", "number_cap", "number_cap"]
    assert len(kit.letters.told) == 3


def test_a_code_needs_a_hook(tmp_path: Path) -> None:
    records = MemoryRecords()
    kit = Kit(MemoryCallbacks(Clock(), records), MemoryDemand(records), Clock())
    kit.letters = None  # type: ignore[assignment]
    with pytest.raises(ValueError, match="hook"):
        kit.engine(confirm="code")


class House:
    """``Surroundings`` that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Happening]] = []

    async def happened(self, person: str, happenings: Sequence[Happening]) -> bool:
        self.told += [(person, one) for one in happenings]
        return True

    async def viewed(self, person: str, pages: Sequence[PageView]) -> bool:
        raise NotImplementedError

    async def set_condition(self, condition: object) -> None:
        raise NotImplementedError

    async def conditions(self, since: float) -> tuple[()]:
        raise NotImplementedError


async def test_who_is_signed_in_needs_no_code(make: Make) -> None:
    house = House()
    kit = make(surroundings=house)
    kit.booking = kit.engine(confirm="code")
    signed = tokens.person_token(b"house", "p7", NOW + 3600.0)
    booked = await kit.book(customer=signed, reason="cards")
    assert booked.callback.person == "p7"
    ((person, told),) = house.told
    assert (person, told.kind, told.topic) == ("p7", "callback_asked", "cards")
    forged = tokens.person_token(b"guess", "p8", NOW + 3600.0)
    error = await kit.refused(customer=forged, number="020 7946 0888", address="10.0.0.1")
    assert error.why == "code"


async def test_two_at_one_switchboard(make: Make) -> None:
    """Known to be two people, with one number: the second is told what helps, in their language,
    and neither reference nor links of the first."""
    kit = make()
    keys = {
        name: tokens.person_token(kit.rules.person_secret, name, NOW + 3600.0)
        for name in ("p1", "p2")
    }
    await kit.book(customer=keys["p1"])
    error = await kit.refused(customer=keys["p2"], address="10.0.0.1", language="zh-Hans")
    assert (why(error), error.ref, error.links) == (("open_one", "number"), "", {})
    assert "共用这个号码" in error.message
    own = await kit.book(customer=keys["p2"], address="10.0.0.1", number="07400 123456")
    assert own.callback.person == "p2"


async def test_the_open_one_is_shown_to_whose_it_is_alone(make: Make) -> None:
    kit = make(known={"+442079460123": "p7"})
    first = await kit.book()
    mine = tokens.person_token(b"house", "p7", NOW + 9e4)
    other = tokens.person_token(b"house", "p8", NOW + 9e4)
    kit.clock.at += 60.0
    error = await kit.refused(customer=mine, number="020 7946 0777", address="10.0.0.1")
    assert (error.why, error.ref) == ("open_one", first.callback.id)
    assert error.links["status"] == first.links["status"]
    for n, what in enumerate(({"customer": other}, {})):
        kit.clock.at += 60.0
        error = await kit.refused(**what, address=f"10.1{n}.0.1")
        assert (error.why, error.ref, error.links) == ("open_one", "", {})
        assert first.callback.id not in str(error)
    kit.booking = kit.engine(confirm="code")
    form = await kit.form(address="10.20.0.1")
    form = replace(form, token=(await kit.sent(form)).token)
    proved = await kit.sent(replace(form, code=kit.letters.code))
    assert (proved.why, proved.ref) == ("open_one", first.callback.id)


# --- rules that are only tried out -----------------------------------------------------------


async def test_trying_rules_out_refuses_nothing_but_what_costs(make: Make) -> None:
    kit = make(rules=replace(make().rules, dry_run=True, caps=Caps(address_hour=0, site_hour=0)))
    form = await kit.form(seconds=0.0, website="x", token="forged", number="+1 202 555 0143")
    booked = await kit.booking.book(form, kit.clock())
    assert booked.callback.number == "+12025550143"
    noted = [one[2] for one in await kit.store.dry_runs()]
    assert sorted(noted) == ["address_cap", "country", "form", "form", "site_cap"]
    assert (await kit.refused(number="0909 879 0123")).why == "kind"
    assert (await kit.refused(number="+881 6 3251 2345")).why == "kind"


# --- afterwards -------------------------------------------------------------------------------


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
    """By its hash, with the language; nothing where nobody ticked the box or there is no text."""
    text = "我们可以录音。"
    kit = make(site=replace(make().site, consent=text))
    ticked = await kit.book(consent=True, language="zh-Hans")
    assert ticked.callback.consent == f"{sha256(text.encode()).hexdigest()[:16]} zh-Hans"
    assert await kit.store.one(ticked.callback.id) == ticked.callback
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


# --- line and staff ---------------------------------------------------------------------------


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


# --- answers ----------------------------------------------------------------------------------


class Shelf:
    """Finds the same three answers always, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, Any]] = []

    def find(
        self, reasons: Any, profile: Any, words: Any, *_: Any,
        only: Collection[str], most: int, **__: Any,
    ) -> tuple[Answer, ...]:  # fmt: skip
        assert profile is None
        self.asked.append((reasons, words))
        return tuple(
            Answer(
                id=one, reason="cards", source="s", score=0.5,
                phrasings=(Phrasing(language="en", title=f"{one}!", body="b"),
                           Phrasing(language="zh-Hant", title=f"{one}！", body="b")),
            )
            for one in ("lost-card", "for-agents", "new-card")
            if one in only
        )[:most]  # fmt: skip


AUDIENCES: tuple[tuple[Audience, int], ...] = (("agents", 9), ("everyone", 4))


async def test_answers_for_agents_take_no_place_of_others(make: Make) -> None:
    """The real ranking, where most of what is as likely is for agents alone."""
    entries = [
        Entry(
            id=f"{audience}-{n}", reasons=("cards",), source="s", audience=audience, products=(),
            valid_from=None, valid_until=None, asks={"en": ("my card is gone",)},
            phrasings=(Phrasing(language="en", title=f"Lost card {n}", body="b"),),
        )
        for audience, count in AUDIENCES
        for n in range(count)
    ]  # fmt: skip
    public = {one.id for one in entries if one.audience == "everyone"}
    for policy in (Policy(), Policy(answers="best")):
        found = Answers(entries, policy=policy)
        source = AnswerSource(found=found, public=lambda: public, reasons_of={"cards": ("cards",)})
        kit = make(answers=source)
        shown = await kit.booking.answers("bank", "my card is gone", "cards", "en", NOW)
        assert len(shown.answers) == 3
        assert {one.id for one in shown.answers} <= public


async def test_answers_and_what_came_of_them(make: Make) -> None:
    shelf = Shelf()
    source = AnswerSource(
        found=shelf,
        public=lambda: {"lost-card", "new-card"},
        reasons_of={"cards": ("card_lost", "card_new")},
    )
    kit = make(answers=source)
    shown = await kit.booking.answers("bank", "my card is gone", "cards", "zh-Hant", NOW)
    assert [one.id for one in shown.answers] == ["lost-card", "new-card"]
    assert shown.answers[0].title == "lost-card！"
    ((reasons, words),) = shelf.asked
    assert [one.code for one in reasons] == ["card_lost", "card_new"]
    assert [one.text for one in words] == ["my card is gone"]
    assert await kit.booking.answered(shown.id, ["lost-card", "forged"], True, "", NOW + 5.0)
    assert not await kit.booking.answered(shown.id + "0", [], True, "", NOW + 5.0)
    assert not await kit.booking.answered(shown.id, [], True, "", NOW + 2 * 86_400.0)
    await kit.book(deflection=shown.id)
    score = await kit.store.deflection(NOW - 1.0, NOW + 60.0, NOW + 60.0)
    assert (score.shown, score.solved, score.booked, score.known) == (1, 1, 1, 1)
    assert not (await kit.booking.answers("bank", "", "", "en", NOW)).answers
    assert not (await make().booking.answers("bank", "my card is gone", "", "en", NOW)).answers


async def test_what_became_of_requests_is_counted(make: Make) -> None:
    """Once each, whoever asked; what people never learn of as well."""
    kit = make()
    form = await kit.form()
    await kit.booking.book(form, kit.clock())
    await kit.booking.book(form, kit.clock())
    await kit.store.block(Blocked(number="+442079460999", since=NOW, by="sue", reason=""))
    await kit.refused(number="020 7946 0999", address="10.0.0.1")
    await kit.refused(number="nonsense", address="10.0.1.1")
    await kit.refused(website="x", address="10.0.2.1")
    await kit.booking.from_queue(asked("anonymous"), NOW)
    await kit.booking.from_queue(asked("+441314960123"), NOW)
    wish = StaffRequest(origin="agent", queue="service", number=NUMBER, opens=NOW, by="amy")
    with pytest.raises(CallbackRefused, match="open_one"):
        await kit.booking.by_staff(wish, NOW)
    await kit.booking.by_staff(replace(wish, number="0117 496 0123"), NOW)
    assert kit.counted == {
        "booked": 3, "again": 1, "blocked": 1, "number_bad": 1, "form": 1, "number_withheld": 1,
        "open_one": 1,
    }  # fmt: skip


# --- times by law -----------------------------------------------------------------------------


LAW = (
    LawRules(region="GB", weekly=tuple((day, 600, 720) for day in range(1, 8))),
    LawRules(region="CN", weekly=tuple((day, 840, 900) for day in range(1, 6)), attempts=9),
)
"""Much narrower than the queue, which is always open."""


def by_law(callback: Callback, at: float) -> bool:
    return next_moment(callback, at, LAW, HoursSettings()) is not None


async def test_no_time_is_shown_that_is_refused(make: Make) -> None:
    """By the law of the chosen country and clock; of a typed number, by that of its country."""
    kit = make(lawful=by_law)
    at, until = NOW, NOW + 6 * 86_400.0
    every = {one.opens for one in await kit.booking.slots("service", at, until)}
    for zone, region, number in (
        ("Europe/London", "GB", NUMBER),
        ("Asia/Tokyo", "GB", ""),
        ("Asia/Shanghai", "CN", ""),
        ("Asia/Shanghai", "", "+86 10 1234 5678"),
        ("America/New_York", "", NUMBER),
        ("", "", ""),
    ):
        found = await kit.booking.slots(
            "service", at, until, zone=zone, region=region, number=number
        )
        chinese = region == "CN" or number.startswith("+86")
        clocks = [ZoneInfo(zone or "Europe/London")]
        if number == NUMBER and zone == "America/New_York":
            clocks.append(ZoneInfo("Europe/London"))
        first, last = (840, 900) if chinese else (600, 720)
        lawful = {
            opens
            for opens in every
            if any(
                all(
                    first <= minute < last and (when.isoweekday() < 6 or not chinese)
                    for when in (datetime.fromtimestamp(opens + step, clock) for clock in clocks)
                    for minute in [60 * when.hour + when.minute]
                )
                for step in (0, 300, 600)
            )
        }
        assert {one.opens for one in found} == lawful
        assert bool(lawful) == (len(clocks) == 1)
    assert len(every) > 500


async def test_what_is_shown_can_be_booked_and_moved_to(make: Make) -> None:
    """And what is not, not: each window of two days, with the law of the number and its zones."""
    kit = make(lawful=by_law)
    booked = await kit.book(when=await _lawful_slot(kit, "Europe/London"))
    shown = {
        one.opens for one in await kit.booking.slots_for(booked.callback, NOW, NOW + 2 * 86_400.0)
    }
    every = [one.opens for one in await kit.booking.slots("service", kit.clock(), NOW + 172_800.0)]
    assert shown
    for opens in every[:: max(1, len(every) // 60)] + sorted(shown)[:3]:
        moving = kit.booking.move(booked.callback.id, booked.key, opens, kit.clock())
        if opens in shown:
            assert (await moving).opens == opens
        else:
            with pytest.raises(FormRefused, match="closed"):
                await moving


async def test_now_is_not_offered_where_the_law_forbids_it(make: Make) -> None:
    """It is 08:00 in London, where calls begin at ten."""
    kit = make(lawful=by_law)
    assert (await kit.offer()).now is None
    assert why(await kit.refused()) == ("closed", "when")
    kit.clock.at = NOW + 7_500.0
    assert (await kit.offer()).now is not None
    await kit.book()


async def _lawful_slot(kit: Kit, zone: str) -> float:
    found = await kit.booking.slots("service", kit.clock(), NOW + 5 * 86_400.0, zone=zone)
    return found[0].opens
