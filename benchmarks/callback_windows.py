"""Are callbacks ever dialled outside their window, the queue's hours or the called party's hours?

A fake clock runs over both changes of the clocks in two zones, with an engine that is stopped now
and then, customers who are busy or do not answer, and agents who come and go. Every order to dial
is checked against wall clocks by the plain rules of this file, not by those of the floor. Printed
are the counts; anything but 0 outside is a defect, and the exit code says so.

    python -m benchmarks.callback_windows --callbacks 10000
"""

from __future__ import annotations

import argparse
import heapq
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from callcenter.floor import events as e
from callcenter.floor.callback import WAITING, Callback, CallbackRules, DialEnd, LawRules
from callcenter.floor.errors import FloorError
from callcenter.floor.floor import Floor
from callcenter.floor.orders import Dial, KeepCallback, Order, Ring

ZONES: Final = {"GB": "Europe/London", "US": "America/New_York"}
CENTRE: Final = "Europe/London"
OPENS, CLOSES = 7, 21
"""The centre's hours, every day, on its own clock."""
LAW: Final = {"GB": (8, 20), "US": (9, 18)}
"""Hours on the called party's clock."""
MOST: Final = 3
"""Attempts in 24 hours."""
CHANGES: Final = ((2026, 3, 8), (2026, 3, 29), (2026, 10, 25), (2026, 11, 1))
"""Days on which the clocks change, in one zone or the other."""
ENDS: Final[tuple[DialEnd | None, ...]] = (
    None, None, "busy", "no_answer", "congestion", "machine", "abandoned",
)  # fmt: skip
WEEK: Final = range(1, 8)


class Centre:
    """A store of rows, an exchange of coins thrown, and a floor between them."""

    def __init__(self, callbacks: int, seed: int) -> None:
        self.dice = Random(seed)
        self.rows: dict[str, Callback] = {}
        self.waiting: list[tuple[float, str]] = []
        self.tried: dict[str, list[float]] = {}
        self.counts: Counter[str] = Counter()
        self.outside: list[str] = []
        self.calls: set[str] = set()
        self.happens: list[tuple[float, int, e.Event]] = []
        self.number = 0
        self.floor = Floor()
        self.at = 0.0
        for n in range(callbacks):
            self.book(n)

    def book(self, n: int) -> None:
        region = self.dice.choice(("GB", "US"))
        day = datetime(*self.dice.choice(CHANGES), tzinfo=UTC) + timedelta(
            days=self.dice.randint(-1, 1), minutes=self.dice.randrange(24 * 60)
        )
        opens = day.timestamp()
        closes = opens + self.dice.choice((900.0, 3600.0, 6 * 3600.0, 30 * 3600.0))
        row = Callback(
            id=f"CB{n}", version=1, state="scheduled", origin="web", queue="service",
            number=f"+1555{n % 9000:07}", zone=ZONES[region], region=region, made=opens - 3600,
            place=opens, opens=opens, closes=closes, due=opens, fence=0,
        )  # fmt: skip
        self.store(row)

    def store(self, row: Callback) -> None:
        self.rows[row.id] = row
        if row.state in WAITING:
            heapq.heappush(self.waiting, (row.due, row.id))

    def start(self, at: float) -> None:
        """A run of the engine; what the one before held is claimed again."""
        self.at = at
        self.number += 1
        self.floor = Floor()
        self.happens.clear()
        law = tuple(
            LawRules(
                region=region, weekly=tuple((day, 60 * a, 60 * b) for day in WEEK), attempts=MOST
            )
            for region, (a, b) in LAW.items()
        )
        hours = e.HoursSettings(
            zone=CENTRE, weekly=tuple((day, 60 * OPENS, 60 * CLOSES) for day in WEEK)
        )
        rules = CallbackRules(preview_seconds=self.dice.choice((0.0, 0.0, 10.0)))
        queue = e.QueueSettings(queue="service", distribution="engine", hours=hours, callback=rules)
        self.feed(
            e.FloorOpened(
                at=at, queues=(queue,), law=law, run=f"r{self.number}", wrapup_seconds=5.0,
                missed_policy="ready",
            )
        )  # fmt: skip
        self.feed(e.ExchangeConnected(at=at, version="22", restarted=False))
        for n in range(8):
            device = f"PJSIP/{n}"
            self.feed(
                e.MemberSeen(
                    at=at, queue="service", device=device, name="", paused=False, state="idle"
                )
            )
            self.feed(e.AgentSignedIn(at=at, agent=f"a{n}", name="", device=device))
            self.feed(e.StateChosen(at=at, agent=f"a{n}", state="ready"))
        for row in list(self.rows.values()):
            if row.state in ("due", "reserved", "dialling", "talking"):
                self.claim(row)
        self.feed(e.SnapshotCompared(at=at, drift=0, audit=False))

    def claim(self, row: Callback) -> None:
        state = "due" if row.state in WAITING else row.state
        tried = tuple(one for one in self.tried.get(row.number, ()) if one > self.at - 86400)
        row = replace(row, state=state, version=row.version + 1, fence=row.fence + 1, tried=tried)
        self.rows[row.id] = row
        self.feed(e.CallbackDue(at=self.at, callback=row))

    def feed(self, event: e.Event) -> None:
        self.counts["events"] += 1
        for order in self.floor.receive(event):
            self.carry_out(order)

    def later(self, seconds: float, event: e.Event) -> None:
        self.counts["made"] += 1
        at = self.at + seconds
        heapq.heappush(self.happens, (at, self.counts["made"], replace(event, at=at)))

    def carry_out(self, order: Order) -> None:
        if isinstance(order, KeepCallback):
            self.store(order.callback)
            if order.callback.state == "reserved":  # looks at the card, and mostly says yes
                agent = self.floor.state.reservations
                held = self.floor.state.callbacks[order.callback.id]
                call = self.floor.state.calls[held.call or ""]
                if call.reservation in agent and self.dice.random() < 0.9:
                    one = agent[call.reservation]
                    self.later(
                        self.dice.uniform(1, 9),
                        e.ReservationAccepted(at=0.0, agent=one.agent, reservation=one.id),
                    )
        elif isinstance(order, Dial):
            self.dial(order)
        elif isinstance(order, Ring):
            self.later(
                2.0,
                e.CallAnswered(
                    at=0.0, call=order.call, device=order.device, leg=order.leg, queue="service"
                ),
            )
            self.later(
                self.dice.uniform(30, 300), e.CallEnded(at=0.0, call=order.call, why="completed")
            )

    def dial(self, order: Dial) -> None:
        """What must never be: dialled at a wrong time, too often, or twice under one id."""
        row, at = order.callback, self.at
        here = datetime.fromtimestamp(at, ZoneInfo(row.zone))
        centre = datetime.fromtimestamp(at, ZoneInfo(CENTRE))
        first, last = LAW[row.region or ""]
        lately = [one for one in self.tried.get(row.number, ()) if one > at - 86400]
        wrong = {
            "window": not row.opens <= at < row.closes,
            "law": not first <= here.hour < last,
            "hours": not OPENS <= centre.hour < CLOSES,
            "attempts": len(lately) >= MOST,
            "twice": order.call in self.calls,
        }
        self.outside += [f"{row.id} at {here}: {what}" for what, is_so in wrong.items() if is_so]
        self.counts["dials"] += 1
        self.calls.add(order.call)
        self.tried[row.number] = [*lately, at]
        self.store(row)
        how = self.dice.choice(ENDS)
        if how is not None:
            self.later(self.dice.uniform(2, 25), e.DialFailed(at=0.0, call=order.call, why=how))
            return
        seconds = self.dice.uniform(2, 25)
        self.later(seconds, e.CustomerAnswered(at=0.0, call=order.call, by="unknown"))
        self.later(
            seconds + 0.1,
            e.CallQueued(
                at=0.0, call=order.call, queue="service", position=1, by="engine", leg=order.call
            ),
        )

    def run(self) -> None:
        """Until nothing is due any more."""
        self.start(self.waiting[0][0] - 60 if self.waiting else 0.0)
        stops = self.at + self.dice.uniform(3600, 40000)
        while True:
            moments = [self.floor.deadline(), self.happens[0][0] if self.happens else None]
            moments.append(self.waiting[0][0] if self.waiting else None)
            # The floor opens and closes its queue every day for ever: that alone is nothing to do.
            held = bool(self.floor.callbacks()) or bool(self.happens)
            if not held:
                moments[0] = None
            real = [moment for moment in moments if moment is not None]
            if not real:
                return
            self.at = max(self.at, min(real))
            if self.at >= stops:
                self.counts["stopped"] += 1
                self.start(self.at + self.dice.choice((5.0, 600.0, 7200.0)))
                stops = self.at + self.dice.uniform(3600, 40000)
            elif moments[0] is not None and moments[0] <= self.at:
                self.feed(e.TimePassed(at=self.at))
            elif moments[1] is not None and moments[1] <= self.at:
                self.tell(heapq.heappop(self.happens)[2])
            else:
                due, name = heapq.heappop(self.waiting)
                row = self.rows[name]
                if row.state in WAITING and row.due == due:
                    self.claim(row)

    def tell(self, event: e.Event) -> None:
        """A wish may come too late, and is refused then."""
        try:
            self.feed(event)
        except FloorError:
            self.counts["refused"] += 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--callbacks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = perf_counter()
    centre = Centre(options.callbacks, options.seed)
    centre.run()
    ends = Counter(f"{row.state} ({row.why})" for row in centre.rows.values())
    print(
        f"{options.callbacks:,} callbacks, {centre.counts['dials']:,} dials, "
        f"{centre.counts['stopped']} restarts, {centre.counts['events']:,} events, "
        f"{perf_counter() - began:.1f} s"
    )
    print(", ".join(f"{what}: {count:,}" for what, count in ends.most_common()))
    print(f"dialled outside window, hours, law or attempts, or twice: {len(centre.outside)}")
    for one in centre.outside[:10]:
        print(f"  {one}")
    raise SystemExit(1 if centre.outside else 0)


if __name__ == "__main__":
    main()
