"""What programs get through the booking of callbacks, and what it costs to refuse them.

    python -m benchmarks.callback_bots [--posts 10000]

In process, without HTTP: the real booking, planner, reading of numbers and store. The clock is ours
(50 posts a second); the times are real. Rows:

- posts of programs that forge tokens, send one again, are too fast, fill in every field, come from
  ever new addresses with ever new numbers, guess the work, or wait instead of it.
  Promise: at most 5 accepted, 50 ms for each.
- numbers that cost (premium, shared cost, satellite, pager, UAN, personal) and foreign ones, of all
  regions, by people without any other fault. Promise: none accepted.
- numbers that differ in the last digits only. Promise: at most 20 in an hour.
- callers in line, 30 a second, who ask in another order than they came. Promise: all are stored,
  and are claimed in the order in which they came.

A program that does the work pays for it: the last lines say how much. What it is given then, the
caps end: 200 an hour for a site, 300 in all.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberType

from callcenter.callback_ports import Caps
from callcenter.callbacks import work
from callcenter.callbacks.forms import Form, FormRefused
from callcenter.callbacks.work import Solution
from callcenter.floor.events import CallbackBooked
from callcenter.floor.orders import RequestCallback
from callcenter.store import Store, open_store
from tests.booking_kit import Clock, Kit

RATE = 50.0
"""Posts a second, by our clock."""
OPEN = 1e6


class Times:
    """What was accepted, and how long each took."""

    def __init__(self, what: str, promise: str) -> None:
        self.what = what
        self.promise = promise
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def post(self, kit: Kit, form: Form) -> FormRefused | None:
        begun = time.perf_counter()
        try:
            await kit.booking.book(form, kit.clock())
        except FormRefused as error:
            self.refused[error.why] += 1
            return error
        finally:
            self.seconds.append(time.perf_counter() - begun)
        self.accepted += 1
        return None

    def row(self) -> str:
        times = sorted(self.seconds)
        middle, late = times[len(times) // 2], times[len(times) * 99 // 100]
        figures = (
            f"{self.what:<34} {len(times):>7,} {self.accepted:>8,}   {self.promise:<12}"
            f" {middle * 1e3:>7.2f} {late * 1e3:>7.2f} {times[-1] * 1e3:>8.2f}"
        )
        why = ", ".join(f"{why} {count:,}" for why, count in self.refused.most_common())
        return f"{figures}\n    refused: {why or 'none'}"


def mobile(n: int) -> str:
    """A British mobile number of its own; neighbours are far apart."""
    return f"+447{400_000_000 + (n * 7_654_321) % 50_000_000}"


def address(n: int) -> str:
    return f"10.{n // 250 % 250}.{n % 250}.9"


async def programs(kit: Kit, posts: int) -> Times:
    """Seven kinds of programs at once."""
    chance, times = random.Random(5), Times("programs", "<= 5, 50 ms")
    waiting: list[tuple[float, Form]] = []
    old = (await kit.offer(address(0))).token
    for n in range(posts):
        kit.clock.at += 1.0 / RATE
        kind, home = chance.randrange(7), address(n)
        form = Form(site="bank", address=home, token=old, number=mobile(n), language="en")
        if kind == 0:
            await times.post(kit, replace(form, token="A" * 55))
        elif kind == 1:
            await times.post(kit, form)  # one token, again and again
        elif kind == 2:
            offer = await kit.offer(home)
            await times.post(kit, replace(form, token=offer.token))  # at once
        else:
            offer = await kit.offer(home)
            late = replace(form, token=offer.token)
            if kind == 3:
                late = replace(late, website="https://buy.example")
            if kind == 5 and offer.work is not None:
                guess = chance.randrange(offer.work.max)
                late = replace(late, work=Solution(salt=offer.work.salt, counter=guess))
            patient = kind == 6 and offer.work is not None
            if patient and offer.work is not None:
                late = replace(late, work=Solution(salt=offer.work.salt, counter=None))
            waiting.append((kit.clock.at + (31.0 if patient else 3.0), late))
        due = [form for at, form in waiting if at <= kit.clock.at]
        waiting = [one for one in waiting if one[0] > kit.clock.at]
        for one in due:
            await times.post(kit, one)
    for at, one in waiting:
        kit.clock.at = max(kit.clock.at, at)
        await times.post(kit, one)
    return times


def costly(most: int) -> list[str]:
    """Numbers of every region that must not be called from Britain: those that cost, and mobile
    and fixed ones abroad."""
    kinds = (
        PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER,
        PhoneNumberType.UAN, PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.VOICEMAIL,
        PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE,
    )  # fmt: skip
    found: dict[str, None] = {}
    for kind in kinds:
        for region in sorted(phonenumbers.SUPPORTED_REGIONS):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            # Islands share ranges with Britain: such numbers are British as far as anybody knows.
            british = phonenumbers.region_code_for_number(example) == "GB"
            if not (british and kind in kinds[-2:]):
                found[phonenumbers.format_number(example, 0)] = None
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        example = phonenumbers.example_number_for_non_geo_entity(code)
        if example is not None:
            found[phonenumbers.format_number(example, 0)] = None
    numbers = list(found)
    chance = random.Random(2)
    chance.shuffle(numbers)
    while len(numbers) < most:
        prefix = chance.choice(["+8816", "+8821", "+8835", "+9791", "+4490987", "+1876", "+2476"])
        numbers.append(prefix + "".join(chance.choice("0123456789") for _ in range(8)))
    return numbers[:most]


async def people(kit: Kit, what: str, promise: str, numbers: Sequence[str]) -> Times:
    """Forms without any fault but their numbers: each of an address of its own."""
    times = Times(what, promise)
    for n, number in enumerate(numbers):
        form = await kit.form(seconds=3.0, number=number, address=address(n))
        await times.post(kit, form)
    return times


async def line(kit: Kit, store: Store, callers: int) -> Times:
    """Callers who came one after the other and press the key in any order."""
    times = Times("callers in line", "all, in order")
    chance, begun = random.Random(4), kit.clock.at
    orders = [
        RequestCallback(
            call=f"c{n}", queue="service", number=mobile(n + 500_000), entered=False,
            place=begun - 600.0 + n / 30.0, name=None, person=None, language=None, reason=None,
            words="",
        )
        for n in range(callers)
    ]  # fmt: skip
    pressed = orders[:]
    chance.shuffle(pressed)
    stored: dict[str, str] = {}

    async def ask(order: RequestCallback) -> None:
        at = time.perf_counter()
        told = await kit.booking.from_queue(order, kit.clock())
        times.seconds.append(time.perf_counter() - at)
        if isinstance(told, CallbackBooked):
            stored[told.id] = order.call
            times.accepted += 1
        else:
            times.refused[told.why] += 1

    for first in range(0, callers, 30):
        await asyncio.gather(*(ask(order) for order in pressed[first : first + 30]))
        kit.clock.at += 1.0
    claimed: list[str] = []
    while found := await store.callbacks.claim("bench", 20):
        claimed += [stored[one.id] for one in found if one.id in stored]
    came = [order.call for order in orders]
    out = sum(one != other for one, other in zip(claimed, came, strict=False))
    times.what = f"callers in line ({out} out of order)"
    if out or len(claimed) != callers:
        times.refused["order"] += max(out, callers - len(claimed))
    return times


def kit_on(store: Store, clock: Clock, **rules: Any) -> Kit:
    kit = Kit(store.callbacks, store.demand, clock)
    kit.rules = replace(kit.rules, **rules)
    kit.booking = kit.engine()
    return kit


async def all_rows(folder: Path, posts: int) -> list[Times]:
    open_caps = Caps(number_day=3, address_hour=None, prefix_hour=20, site_hour=None,
                     spend_hour=None)  # fmt: skip
    rows: list[Times] = []
    for name in ("programs", "costly", "prefix", "line"):
        clock = Clock()
        store = open_store(f"sqlite:///{folder / f'{name}.db'}", callback_clock=clock)
        try:
            if name == "programs":
                rows.append(await programs(kit_on(store, clock), posts))
                continue
            kit = kit_on(store, clock, pressure=int(OPEN), caps=open_caps)
            if name == "costly":
                rows.append(await people(kit, "costly and foreign numbers", "0", costly(1_000)))
            elif name == "prefix":
                alike = [f"+44740012{n:04}" for n in range(500)]
                rows.append(await people(kit, "numbers of one prefix", "<= 20", alike))
            else:
                rows.append(await line(kit, store, 1_000))
        finally:
            store.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(all_rows(Path(folder), options.posts))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print(
        f"{'':<34} {'posts':>7} {'accepted':>8}   {'promise':<12}"
        f" {'p50 ms':>7} {'p99 ms':>7} {'max ms':>8}"
    )
    for one in rows:
        print(one.row())
    begun = time.perf_counter()
    challenge = work.make(b"k" * 32, "t", bytes(8), 0.0, 256)
    made = time.perf_counter() - begun
    begun = time.perf_counter()
    found = work.solve(challenge)
    assert found.counter is not None
    each = (time.perf_counter() - begun) / (found.counter + 1)
    print(
        f"\nWork: {made * 1e3:.2f} ms to make one. A native program needs {each * 1e3:.2f} ms for "
        f"each try:\n{each * work.LEAST / 2:.1f} s on average at the lowest pressure, "
        f"{each * work.MOST / 2:.1f} s at the highest."
    )


if __name__ == "__main__":
    main()
