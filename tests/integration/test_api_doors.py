"""Sign-ins, tickets and passwords, with a clock of our own."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from callcenter.api.doors import Doors, DoorSettings, NotAdmitted, TooManyTries
from callcenter.auth import Busy, Passwords
from callcenter.ports import Account
from tests.console_kit import MemorySignIns
from tests.fakes import MemoryAccounts


class Place:
    """Doors with one account, a clock to turn, and the counts."""

    def __init__(self, passwords: Passwords) -> None:
        self.time = 1_000.0
        self.counts: Counter[str] = Counter()
        self.sign_ins = MemorySignIns()
        self.accounts = MemoryAccounts()
        self.passwords = passwords
        self.account = Account(
            agent="amy", name="Amy", role="agent", device="PJSIP/1", language="en", active=True,
            password_hash=passwords.hash("correct horse"),
        )  # fmt: skip
        self.doors = Doors(
            accounts=self.accounts, sign_ins=self.sign_ins, passwords=passwords,
            now=lambda: self.time, count=lambda result: self.counts.update([result]),
            settings=DoorSettings(idle=1_000.0, longest=2_500.0),
        )  # fmt: skip


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    found = Passwords(threads=1, waiting=2, passes=1, memory_kib=64)
    yield found
    found.close()


@pytest.fixture
async def place(passwords: Passwords) -> Place:
    found = Place(passwords)
    await found.accounts.put(found.account)
    return found


async def test_ticket_is_good_once_and_for_seconds(place: Place) -> None:
    """A ticket is taken once; an old one is worth nothing."""
    secret, user = await place.doors.sign_in("amy", "correct horse", "::1")
    first = await place.doors.ticket(secret)
    second = await place.doors.ticket(secret)
    assert first is not None
    assert second is not None
    admission = place.doors.redeem(first[0])
    assert admission is not None
    assert admission.user == user
    assert place.doors.redeem(first[0]) is None
    place.time += 30
    assert place.doors.redeem(second[0]) is None


async def test_only_a_hash_of_the_cookie_is_kept(place: Place) -> None:
    """Reading the store gives nobody a session."""
    secret, _ = await place.doors.sign_in("amy", "correct horse", "::1")
    assert secret not in repr(place.sign_ins.rows)
    assert await place.doors.who(next(iter(place.sign_ins.rows))) is None


async def test_sign_in_ends(place: Place) -> None:
    """It ends when unused for long; tickets renew it, but not beyond the longest."""
    secret, _ = await place.doors.sign_in("amy", "correct horse", "::1")
    for _ in range(2):
        place.time += 900
        assert await place.doors.ticket(secret) is not None
    place.time += 650
    assert await place.doors.who(secret) is not None
    place.time += 51  # 2,501 s after it began
    assert await place.doors.who(secret) is None
    other, _ = await place.doors.sign_in("amy", "correct horse", "::1")
    place.time += 1_000
    assert await place.doors.ticket(other) is None


async def test_closed_account(place: Place) -> None:
    """Closing the account ends what it may do at once, and it cannot sign in."""
    secret, _ = await place.doors.sign_in("amy", "correct horse", "::1")
    closed = Account(
        agent="amy", name="Amy", role="agent", device="PJSIP/1", language="en", active=False,
        password_hash=place.account.password_hash,
    )  # fmt: skip
    await place.accounts.put(closed)
    assert await place.doors.who(secret) is None
    assert await place.doors.ticket(secret) is None
    with pytest.raises(NotAdmitted):
        await place.doors.sign_in("amy", "correct horse", "::1")


async def test_parallel_guesses(place: Place) -> None:
    """Guesses made at the same time are counted as they begin."""
    results = await asyncio.gather(
        *(place.doors.sign_in("amy", f"guess{n}", "::1") for n in range(40)),
        return_exceptions=True,
    )
    kinds = Counter(type(result) for result in results)
    assert kinds[NotAdmitted] <= 5
    assert kinds[NotAdmitted] + kinds[TooManyTries] + kinds[Busy] == 40
    place.time += 900
    assert (await place.doors.sign_in("amy", "correct horse", "::1"))[1].user == "amy"


async def test_success_forgives(place: Place) -> None:
    """Signing in with the right password clears the account's failures."""
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(NotAdmitted):
                await place.doors.sign_in("amy", "wrong", "::1")
        await place.doors.sign_in("amy", "correct horse", "::1")
    assert place.counts == {"refused": 12, "ok": 3}


async def test_unknown_user_costs_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """For an unknown or closed account a hash is computed as well, with the same parameters."""
    checked: list[str] = []
    fits = Passwords._fits

    def watched(self: Passwords, hashed: str, password: str) -> bool:
        checked.append(hashed.rpartition("$")[0].rpartition("$")[0])
        return fits(self, hashed, password)

    monkeypatch.setattr(Passwords, "_fits", watched)
    for name in ("amy", "nobody"):
        with pytest.raises(NotAdmitted):
            await place.doors.sign_in(name, "wrong", "::1")
    assert checked[0] == checked[1]
    assert checked[0].startswith("$argon2id$")


async def test_passwords_have_a_bounded_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the queue nobody waits: the caller is told that it is too much."""
    passwords = Passwords(threads=1, waiting=2, passes=1, memory_kib=64)
    hold = threading.Event()
    monkeypatch.setattr(passwords, "_fits", lambda hashed, password: hold.wait(30))
    waiting = [asyncio.create_task(passwords.verify("h", "p")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await passwords.verify("h", "p")
    hold.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await passwords.verify(None, "p") is False
    passwords.close()


async def test_hash_that_is_none(passwords: Passwords) -> None:
    """What is in the store in a hash's place fits no password."""
    assert await passwords.verify("not a hash", "x") is False
    assert await passwords.verify(passwords.hash("x"), "x") is True
