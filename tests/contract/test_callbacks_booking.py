"""Who may have a callback: the block list, one at a time, caps and slots, on twin and store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.callback_ports import CallbackRefused, Caps, Denial, SlotHold, Source
from callcenter.floor.callback import Callback, CallbackState
from tests.contract.callback_samples import (
    HOSTILE,
    NO_CAPS,
    WEB,
    booked,
    dialling,
    entry,
    full,
    number,
    stepped,
    wanted,
)
from tests.contract.conftest import Office
from tests.contract.samples import NOW

HOUR = 3_600.0


async def asked(
    office: Office,
    callback: Callback,
    caps: Caps = NO_CAPS,
    source: Source = WEB,
    slot: SlotHold | None = None,
) -> Denial | None:
    """Why it was refused; then nothing is there."""
    before = await office.callbacks.one(callback.id)
    try:
        await office.callbacks.book(callback, source, caps, slot)
    except CallbackRefused as refused:
        assert await office.callbacks.one(callback.id) == before
        return refused.why
    assert await office.callbacks.one(callback.id) == callback
    return None


async def test_everything_is_kept(office: Office) -> None:
    """A callback comes back as it was booked, to the last hostile letter."""
    await booked(office.callbacks, full(1))
    assert await office.callbacks.one("R001") == full(1)
    assert await office.callbacks.one("R002") is None


@pytest.mark.parametrize("listed", [number(1), number(1) + "*", number(1)[:6] + "*", "+*", "*"])
async def test_blocked(office: Office, listed: str) -> None:
    """A number on the list is refused, alone or by what it begins with."""
    await office.callbacks.block(entry(listed))
    assert await asked(office, wanted(1)) == "blocked"


@pytest.mark.parametrize("listed", [number(1)[:-1], number(1) + "0", number(1) + "0*", "44*", "_%"])
async def test_not_blocked(office: Office, listed: str) -> None:
    """An entry concerns that number alone, or what begins so; it is not a pattern."""
    await office.callbacks.block(entry(listed))
    assert await asked(office, wanted(1)) is None


async def test_blocked_for_a_time(office: Office) -> None:
    """An entry that is over, or was taken off, refuses nobody."""
    await office.callbacks.block(entry(number(1), until=NOW + 60.0))
    assert await asked(office, wanted(1)) == "blocked"
    office.clock.now = NOW + 60.0
    assert await asked(office, wanted(1)) is None
    await office.callbacks.block(entry("+44*"))
    assert await asked(office, wanted(2)) == "blocked"
    await office.callbacks.unblock("+44*")
    assert await asked(office, wanted(2)) is None


@pytest.mark.parametrize("state", ["scheduled", "due", "dialling", "retry"])
async def test_one_open_of_a_number(office: Office, state: CallbackState) -> None:
    """A second one of a number is refused with the reference of the first, whatever its state."""
    await booked(office.callbacks, wanted(1, state=state))
    with pytest.raises(CallbackRefused) as caught:
        await office.callbacks.book(wanted(2, number=number(1)), WEB, NO_CAPS)
    assert (caught.value.why, caught.value.ref, caught.value.field) == (
        "open_one", "R001", "number",
    )  # fmt: skip


async def test_one_open_of_a_person(office: Office) -> None:
    """A person has one, whatever numbers they give; of nobody known there may be many."""
    await booked(office.callbacks, wanted(1, person="p1"))
    assert await asked(office, wanted(2, person="p1")) == "open_one"
    assert await asked(office, wanted(3, person="p2")) is None
    assert await asked(office, wanted(4)) is None
    assert await asked(office, wanted(5)) is None


async def test_another_after_the_first_is_over(office: Office) -> None:
    """When the open one is over, number and person may ask again."""
    await booked(office.callbacks, wanted(1, person="p1"))
    over = stepped(wanted(1, person="p1"), state="cancelled", why="by_customer", ended=NOW)
    assert await office.callbacks.change(over, 1)
    assert await asked(office, wanted(2, number=number(1), person="p1")) is None


async def test_a_reference_is_given_once(office: Office) -> None:
    """A reference of somebody else's is refused, so that another can be drawn."""
    await booked(office.callbacks, wanted(1))
    assert await asked(office, wanted(1, number=number(2))) == "store"


ALIKE = {
    "number_cap": Caps(number_day=2, address_hour=None, prefix_hour=None, site_hour=None,
                       spend_hour=None),
    "prefix_cap": replace(NO_CAPS, prefix_hour=2),
    "address_cap": replace(NO_CAPS, address_hour=2),
    "site_cap": replace(NO_CAPS, site_hour=2),
    "spend_cap": replace(NO_CAPS, spend_hour=2),
}  # fmt: skip


@pytest.mark.parametrize("why", sorted(ALIKE))
async def test_caps(office: Office, why: str) -> None:
    """So many are accepted in a day or an hour; others, and later ones, are not concerned."""
    caps, other = ALIKE[why], Source(site="bank", address="198.51.100.0/24")
    period = 24 * HOUR if why == "number_cap" else HOUR

    async def ask(n: int, digits: str, source: Source) -> Denial | None:
        callback = wanted(n, number=digits)
        found = await asked(office, callback, caps, source)
        if found is None:  # out of the way of the rule of one open one
            over = stepped(callback, state="cancelled", why="by_customer", ended=NOW)
            assert await office.callbacks.change(over, 1)
        return found

    same = {"number_cap": [number(1)] * 3, "prefix_cap": [number(1)[:-1] + d for d in "456"]}
    digits = same.get(why, [number(1), number(2), number(3)])
    sources = [WEB if why in ("address_cap", "site_cap") else other] * 3
    assert await ask(1, digits[0], sources[0]) is None
    office.clock.now = NOW + 1.0
    assert await ask(2, digits[1], sources[1]) is None
    for n in (3, 4):  # a refused one does not count
        assert await ask(n, digits[2], sources[2]) == why
    if why != "spend_cap":
        assert await ask(5, number(9), other) is None
    assert await ask(6, number(8), Source()) == ("spend_cap" if why == "spend_cap" else None)
    office.clock.now = NOW + period - 0.5
    assert await ask(7, digits[2], sources[2]) == why
    office.clock.now = NOW + period
    assert await ask(8, digits[2], sources[2]) is None


@pytest.mark.parametrize("why", sorted(ALIKE))
async def test_a_cap_of_nothing(office: Office, why: str) -> None:
    """0 accepts nothing; what has no site or address is no matter of theirs."""
    caps = replace(
        NO_CAPS,
        **{"number_day" if why == "number_cap" else why.replace("cap", "hour"): 0},
    )
    assert await asked(office, wanted(1), caps) == why
    of_none = None if why in ("address_cap", "site_cap") else why
    assert await asked(office, wanted(1), caps, Source()) == of_none


async def test_a_slot_is_full(office: Office) -> None:
    """Only as many open ones begin in a window of a queue as was said."""
    slot = SlotHold(opens=NOW + 600.0, capacity=2)

    def later(n: int, queue: str = "service") -> Callback:
        return wanted(n, state="scheduled", opens=NOW + 600.0, due=NOW + 600.0, queue=queue)

    assert await asked(office, wanted(1)) is None
    assert await asked(office, later(2), slot=slot) is None
    assert await asked(office, later(3, "sales"), slot=slot) is None
    assert await asked(office, later(4), slot=slot) is None
    assert await asked(office, later(5), slot=slot) == "slot_taken"
    assert await asked(office, later(5), slot=replace(slot, opens=NOW + 1200.0)) is None
    over = stepped(later(2), state="cancelled", why="by_customer", ended=NOW)
    assert await office.callbacks.change(over, 1)
    assert await asked(office, later(6), slot=slot) == "slot_taken"  # R005 opens then too
    assert await asked(office, later(6), slot=replace(slot, capacity=3)) is None
    assert await asked(office, later(7), slot=SlotHold(opens=NOW, capacity=0)) == "slot_taken"


async def test_refusals_do_not_bind(office: Office) -> None:
    """What was refused keeps nobody from asking again, and is no attempt of anything."""
    caps = replace(NO_CAPS, number_day=1)
    for _ in range(5):
        assert await asked(office, wanted(1), slot=SlotHold(opens=NOW, capacity=0)) == "slot_taken"
    assert await office.callbacks.open_of(number(1), None) is None
    assert await office.callbacks.promised("service", 0.0, NOW * 2) == {}
    assert await asked(office, wanted(1), caps) is None


async def test_claimed_and_dialled_ones_count(office: Office) -> None:
    """A slot is not free again because its callback is being served."""
    await booked(office.callbacks, wanted(1))
    (claimed,) = await office.callbacks.claim("one")
    await office.callbacks.keep(dialling(claimed, "cb-1"), dialling=True)
    assert await asked(office, wanted(2), slot=SlotHold(opens=NOW, capacity=1)) == "slot_taken"


async def test_what_was_agreed_to(office: Office) -> None:
    """Each text once for a language, kept with the callback that names it; not of a refused one."""
    text = f"You may record the call. {HOSTILE}"
    named = "0f3c5d7e9b1a2c4e zh-Hant"
    store = office.callbacks
    assert await store.agreed(named) is None
    with pytest.raises(CallbackRefused):
        await store.book(
            wanted(1, consent=named), WEB, NO_CAPS, SlotHold(opens=NOW, capacity=0), agreed=text
        )
    assert await store.agreed(named) is None
    await store.book(wanted(1, consent=named), WEB, NO_CAPS, agreed=text)
    await store.book(wanted(2, consent=named), WEB, NO_CAPS, agreed=text)
    await store.book(wanted(3), WEB, NO_CAPS, agreed="nobody ticked it")
    await store.book(wanted(4, consent="0f3c5d7e9b1a2c4e en"), WEB, NO_CAPS, agreed=text)
    assert await store.agreed(named) == await store.agreed("0f3c5d7e9b1a2c4e en") == text
    for other in ("", "0f3c5d7e9b1a2c4e", "0f3c5d7e9b1a2c4e zh", "ffff zh-Hant"):
        assert await store.agreed(other) is None
