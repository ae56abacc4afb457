"""Lists of callbacks, and what is decided about them beforehand, on twin and store alike."""

from __future__ import annotations

import random
from dataclasses import replace

from callcenter.callback_ports import Switches
from callcenter.floor.callback import OPEN, TRANSITIONS
from tests.contract.callback_samples import HOSTILE, booked, entry, number, stepped, wanted
from tests.contract.conftest import Office
from tests.contract.samples import NOW


async def test_lists(office: Office) -> None:
    """By place; those that are over after them, newest first; of a queue, and so many."""
    rows = [wanted(n, place=NOW - n, queue="sales" if n == 3 else "service") for n in range(6)]
    random.Random(3).shuffle(rows)
    await booked(office.callbacks, *rows)
    for n in (0, 1, 2):
        row = wanted(n, place=NOW - n)
        over = stepped(row, state="expired", ended=NOW + n, why="window_over")
        assert await office.callbacks.change(over, 1)

    async def listed(*states: object, **more: object) -> list[str]:
        found = await office.callbacks.listed(states, **more)  # type: ignore[arg-type]
        return [one.id for one in found]

    assert await listed(*TRANSITIONS) == ["R005", "R004", "R003", "R002", "R001", "R000"]
    assert await listed(*OPEN) == ["R005", "R004", "R003"]
    assert await listed("expired", "done") == ["R002", "R001", "R000"]
    assert await listed(*TRANSITIONS, limit=4) == ["R005", "R004", "R003", "R002"]
    assert await listed(*TRANSITIONS, queue="sales") == ["R003"]
    assert await listed("done") == []
    assert await listed() == []


async def test_the_open_one(office: Office) -> None:
    """Of a number, else of a person; not one that is over."""
    await booked(office.callbacks, wanted(1, person="p1"), wanted(2, person="p2"))

    async def found(digits: str, person: str | None) -> str | None:
        one = await office.callbacks.open_of(digits, person)
        return None if one is None else one.id

    assert await found(number(1), None) == "R001"
    assert await found(number(1), "p2") == "R001"
    assert await found(number(3), "p2") == "R002"
    assert await found("", None) is None
    assert await found(number(3), "p3") is None
    over = stepped(wanted(1, person="p1"), state="done", ended=NOW, why="talked")
    assert await office.callbacks.change(over, 1)
    assert await found(number(1), "p1") is None


async def test_names_of_nobody_known(office: Office) -> None:
    assert await office.callbacks.names(["p1", HOSTILE]) == {}
    assert await office.callbacks.names([]) == {}


async def test_what_was_promised(office: Office) -> None:
    """Open ones of a queue by when their window opens, from ``since`` and before ``until``."""
    opens = [NOW, NOW, NOW + 900.0, NOW + 1800.0]
    rows = [wanted(n, opens=at, due=at) for n, at in enumerate(opens)]
    await booked(office.callbacks, *rows, wanted(8, queue="sales"))
    assert await office.callbacks.promised("service", NOW, NOW + 1800.0) == {
        NOW: 2, NOW + 900.0: 1,
    }  # fmt: skip
    await office.callbacks.claim("one", limit=1)
    over = stepped(rows[2], state="cancelled", ended=NOW, why="by_customer")
    assert await office.callbacks.change(over, 1)
    assert await office.callbacks.promised("service", 0.0, NOW + 9_000.0) == {
        NOW: 2, NOW + 1800.0: 1,
    }  # fmt: skip
    assert await office.callbacks.promised(HOSTILE, 0.0, NOW + 9_000.0) == {}


async def test_the_block_list(office: Office) -> None:
    """Entries in force by number; the latest of a number stands; taken off once."""
    one, two = entry("+44*", until=NOW + 60.0), entry(number(1))
    for some in (two, replace(one, reason="old"), one):
        await office.callbacks.block(some)
    assert await office.callbacks.blocked() == (one, two)
    office.clock.now = NOW + 60.0
    assert await office.callbacks.blocked() == (two,)
    assert not await office.callbacks.unblock("+44*")
    assert await office.callbacks.unblock(number(1))
    assert not await office.callbacks.unblock(number(1))
    assert await office.callbacks.blocked() == ()


async def test_switches(office: Office) -> None:
    """Those that were set, by queue, as set last."""
    assert await office.callbacks.switches() == ()
    sales = Switches(queue="sales", serve=False, by="sue", at=NOW)
    service = Switches(queue="service", accept=False, show=False, auto_stopped=NOW + 0.25)
    for one in (service, replace(sales, serve=True), sales):
        await office.callbacks.set_switches(one)
    assert await office.callbacks.switches() == (sales, service)


async def test_dry_runs(office: Office) -> None:
    """Newest first, so many; of equal times the one noted last first."""
    noted = [(NOW, "shop", "country", HOSTILE), (NOW + 2.0, None, "kind", ""),
             (NOW + 1.0, "shop", "kind", "a"), (NOW + 1.0, "shop", "kind", "b")]  # fmt: skip
    for row in noted:
        await office.callbacks.note_dry_run(*row)
    found = await office.callbacks.dry_runs()
    assert found == (noted[1], noted[3], noted[2], noted[0])
    assert await office.callbacks.dry_runs(1) == (noted[1],)


async def test_a_token_is_used_once(office: Office) -> None:
    """Until it is over, when it would be refused anyhow."""
    assert await office.callbacks.use_token(HOSTILE, NOW + 60.0)
    assert not await office.callbacks.use_token(HOSTILE, NOW + 600.0)
    assert await office.callbacks.use_token("another", NOW + 60.0)
    office.clock.now = NOW + 59.0
    assert not await office.callbacks.use_token(HOSTILE, NOW + 60.0)
    office.clock.now = NOW + 60.0
    assert await office.callbacks.use_token(HOSTILE, NOW + 120.0)


async def test_the_secret_stays(office: Office) -> None:
    """32 bytes, the same each time."""
    secret = await office.callbacks.secret()
    assert len(secret) == 32
    assert len(set(secret)) > 8
    assert await office.callbacks.secret() == secret
