"""What whoever books may have to show: work, a code, who they are; and rules only tried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.callback_ports import Caps
from callcenter.callbacks import tokens, work
from callcenter.callbacks.work import PATIENCE, Solution
from callcenter.ports import Happening, PageView
from tests.booking_kit import NOW, Clock, Kit, Make, why
from tests.fakes import MemoryCallbacks, MemoryDemand, MemoryRecords


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


async def test_trying_rules_out_refuses_nothing_but_what_costs(make: Make) -> None:
    kit = make(rules=replace(make().rules, dry_run=True, caps=Caps(address_hour=0, site_hour=0)))
    form = await kit.form(seconds=0.0, website="x", token="forged", number="+1 202 555 0143")
    booked = await kit.booking.book(form, kit.clock())
    assert booked.callback.number == "+12025550143"
    noted = [one[2] for one in await kit.store.dry_runs()]
    assert sorted(noted) == ["address_cap", "country", "form", "form", "site_cap"]
    assert (await kit.refused(number="0909 879 0123")).why == "kind"
    assert (await kit.refused(number="+881 6 3251 2345")).why == "kind"
