"""The demonstration's customers and accounts: made at the first start, found again at the next.

The same seed makes the same people, so a start that finds its database only makes them up again for
the callers; nothing is stored twice. It must not run anything: ``demo`` does.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from intelligence.mind import Moment, Recognised, recognise
from intelligence.pack import Pack, load_pack
from telephony.numbers import read_number
from telephony.simulator.settings import PHONES, Phone

from .auth import Passwords
from .population import Leaf, Population, World, fill, generate
from .population.bank import WEEKS
from .population.fill import Ring, SeenOf
from .ports import Account
from .settings import Settings, config_folder
from .store import Store, open_store

YOU: Final = "PJSIP/1001"
"""The phone that waits for the console; the others answer by themselves."""
SUPERVISOR: Final = Phone(device="PJSIP/1900", name="Sam Supervisor", ring=(0.3, 0.8))
"""Rings only to listen in: it is in no queue."""
PASSWORD: Final = "callcenter-demo"  # noqa: S105  # printed, and served on loopback only
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


SKILLS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "PJSIP/1001": (("service", 4), ("sales", 2)),
    "PJSIP/1002": (("service", 5),),
    "PJSIP/1003": (("service", 3), ("sales", 4)),
    "PJSIP/1004": (("sales", 5), ("service", 1)),
    "PJSIP/1005": (("support", 4),),
    "PJSIP/1006": (("support", 5), ("service", 2)),
    "PJSIP/1007": (("support", 2), ("service", 2)),
    "PJSIP/1008": (("service", 3), ("support", 1)),
}
"""What the agents can do, by their phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Who calls, and the password of the accounts. ``again``: they were there before."""

    population: Population
    password: str
    again: bool


_MADE: Final = 3
AHEAD: Final = 2 * 86_400.0
"""Seconds for which things go on happening to the people while one watches."""
"""Goes up when the same seed makes other people than before: their databases are made anew."""


class _Stopped(Exception):  # noqa: N818  # says what happened
    """Nobody waits for the rest any more."""


async def customers(settings: Settings, seed: int, people: int, out: Console) -> Customers:
    """Open the database, make or find the people, write the accounts, close the database.

    The database is the demonstration's own: one that is not complete is deleted and made anew.
    Cancelled, it stops within moments and leaves a start to make what is missing.
    Raises ``StoreError``.
    """
    stop = threading.Event()
    work = asyncio.ensure_future(
        asyncio.to_thread(_customers, settings, seed, people, out, stop.is_set)
    )
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        with suppress(_Stopped):
            await work
        raise


def pack_of(settings: Settings) -> Pack:
    """Raises ``KnowledgeError``."""
    return load_pack(config_folder() / "packs" / f"{settings.centre.pack}.toml")


def catalogue_of(pack: Pack) -> tuple[Leaf, ...]:
    """The pack's reasons as the population wants them."""
    return tuple(
        Leaf(usual.code, pack.head_of[usual.code], usual.share, usual.queue) for usual in pack.usual
    )


def seen_of(settings: Settings) -> SeenOf:
    """What the prediction would have been given for a past call: the code of a live one."""
    settled = pack_of(settings).settled
    zone = ZoneInfo(settings.centre.time_zone)

    def seen(ring: Ring) -> Recognised:
        phone = read_number(ring.number, settings.centre.region)
        people = () if phone.anonymous else ring.behind(phone.readings)
        moment = Moment(
            at=ring.at,
            dialled=ring.dialled,
            conditions=ring.conditions,
            settled=settled,
            zone=zone,
        )
        return recognise(phone, ring.name, people, moment)

    return seen


def _customers(
    settings: Settings, seed: int, people: int, out: Console, stopped: Callable[[], bool]
) -> Customers:
    database = Path(settings.store.url.removeprefix("sqlite:///"))
    # Written last: without it the database is what a start left that did not get to its end.
    marker = database.with_suffix(".json")
    known = _read(marker) if database.exists() else None
    if known is None:
        for name in (database.name, f"{database.name}-wal", f"{database.name}-shm"):
            database.with_name(name).unlink(missing_ok=True)
    until, count = (known["until"], known["people"]) if known else (time.time(), people)
    if known and count != people:
        out.print(f"{database} has {count} customers already; delete it to have {people}.")
    password = PASSWORD if settings.http.host in LOOPBACK else secrets.token_urlsafe(9)
    store = open_store(settings.store.url)
    try:
        population = _populate(
            store,
            pack_of(settings),
            seed,
            count,
            until,
            None if known else seen_of(settings),
            out,
            stopped,
        )
        _accounts(store, password)
    finally:
        store.close()
    marker.write_text(
        json.dumps({"until": until, "people": count, "made": _MADE}), encoding="utf-8"
    )
    return Customers(population=population, password=password, again=known is not None)


def _read(marker: Path) -> dict[str, Any] | None:
    """What is known of a database that was filled; nothing if it was not."""
    with suppress(FileNotFoundError, ValueError):
        known = json.loads(marker.read_text(encoding="utf-8"))
        if isinstance(known, dict) and {"until", "people"} <= known.keys():
            return known if known.get("made") == _MADE else None
    return None


def _populate(
    store: Store,
    pack: Pack,
    seed: int,
    people: int,
    until: float,
    seen_of: SeenOf | None,
    out: Console,
    stopped: Callable[[], bool],
) -> Population:
    """``seen_of``: ``None`` when the store has the people already."""
    making = "making up" if seen_of else "remembering"
    if not out.is_terminal:
        out.print(f"{making} {people} customers and their weeks")  # nobody sees a bar move
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=out,
        transient=True,
    ) as progress:  # fmt: skip

        def shown(words: str) -> Callable[[int, int], None]:
            task = progress.add_task(words, total=None)

            def told(done: int, total: int) -> None:
                if stopped():
                    raise _Stopped
                progress.update(task, completed=done, total=total)

            return told

        usual = World.usual(until, WEEKS)
        quiet = replace(usual, outages=usual.outages[:-1])  # nothing is wrong when one starts it
        population = generate(
            seed,
            people,
            until,
            shown(f"{making} {people} customers"),
            catalogue=catalogue_of(pack),
            phrases=pack.asks,
            outside=pack.outside,
            ahead=AHEAD,
            world=quiet,
        )
        if seen_of is not None:
            with store.bulk() as bulk:
                fill(bulk, population, seen_of, shown("storing them and their weeks of calls"))
    return population


def _accounts(store: Store, password: str) -> None:
    passwords = Passwords()
    try:
        hashed = passwords.hash(password)
    finally:
        passwords.close()
    staff = [
        Account(
            agent=phone.name.split()[0].lower(), name=phone.name, role="agent",
            device=phone.device, password_hash=hashed, language=None, active=phone.device == YOU,
            skills=SKILLS[phone.device],
        )
        for phone in PHONES
    ]  # fmt: skip
    staff.append(
        Account(
            agent="sam", name=SUPERVISOR.name, role="supervisor", device=SUPERVISOR.device,
            password_hash=hashed, language=None, active=True,
        )
    )  # fmt: skip

    async def put() -> None:
        for account in staff:
            await store.accounts.put(account)

    asyncio.run(put())  # in a thread of its own, which has no loop yet
