"""A callback keeps its place: served after every caller of the same queue who came before it, and
before every one who came after, whatever happens in between."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from callcenter.floor import events as e
from callcenter.floor.callback import CallbackRules
from callcenter.floor.orders import Dial, KeepReservation, Order, RequestCallback, Ring
from tests.unit.callcenter.floor.callback_line import Lines, a_callback
from tests.unit.callcenter.floor.engine_line import MEI, only


class Place(Lines):
    """One agent; ``came`` is when each customer came, ``served`` the order in which they were."""

    def __init__(self, rules: CallbackRules | None = None) -> None:
        self.came: dict[str, float] = {}
        self.served: list[str] = []
        super().__init__(rules)
        self.sign_in("mei", MEI, ready=False)

    def say(self, event: e.Event) -> list[Order]:
        orders = super().say(event)
        for order in orders:
            if isinstance(order, Dial):
                self.serve(order.callback.id)
            elif isinstance(order, Ring) and not order.call.startswith("cb-"):
                self.serve(order.call)
        return orders

    def serve(self, customer: str) -> None:
        earlier = [one for one, came in self.came.items() if came < self.came[customer]]
        assert set(earlier) <= set(self.served), f"{customer} was served before {earlier}"
        self.served.append(customer)

    def comes(self, number: int) -> None:
        call = f"c{number}"
        self.came[call] = self.at
        self.arrive(call, number=f"+1555{number:05}")

    def asks(self, call: str) -> None:
        """They press the key, hang up, and are called back when their turn comes."""
        self.say(e.CallLeftQueue(at=self.at, call=call, queue="service", why="key"))
        orders = self.say(
            e.CallbackAsked(at=self.at, call=call, queue="service", number=None, leg=call)
        )
        (request,) = only(orders, RequestCallback)
        self.say(e.CallbackBooked(at=self.at, call=call, id=f"CB-{call}"))
        self.end(call, "abandoned")
        self.came[f"CB-{call}"] = self.came.pop(call)
        self.due(
            a_callback(
                f"CB-{call}", self.at, origin="queue", number=request.number, place=request.place,
                opens=self.at, closes=self.at + 1e6,
            )
        )  # fmt: skip

    def serves_one(self) -> None:
        """The agent is free for one customer and talks to them."""
        self.say(e.StateChosen(at=self.at, agent="mei", state="ready"))
        if self.states()["mei"] != "reserved":
            self.say(e.StateChosen(at=self.at, agent="mei", state="break", reason="lunch"))
            return
        ring = only(self.orders, Ring)
        if not ring:
            dial = self.dials[-1]
            self.appears(dial.call)
            self.picks_up(dial.call)
            ring = only(self.orders, Ring)
        self.talk(ring[-1])
        self.say(e.StateChosen(at=self.at, agent="mei", state="break", reason="lunch"))
        self.end(ring[-1].call)
        self.pass_time(60)
        assert self.states()["mei"] == "break"


STEPS = st.lists(
    st.tuples(st.sampled_from(["comes", "comes", "asks", "serves"]), st.integers(0, 99)),
    min_size=3,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_a_callback_is_served_in_the_order_of_coming(steps: list[tuple[str, int]]) -> None:
    place = Place()
    for number, (what, which) in enumerate(steps):
        place.pass_time(1 + which / 7)
        waiting = [one for one in place.came if one not in place.served and one[0] == "c"]
        if what == "comes":
            place.comes(number)
        elif what == "asks" and waiting:
            place.asks(waiting[which % len(waiting)])
        elif what == "serves":
            place.serves_one()
    for _ in range(len(place.came) + 1):
        place.serves_one()
    assert sorted(place.served) == sorted(place.came)


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 60), min_size=2, max_size=6), which=st.integers(0, 5),
    seconds=st.integers(1, 400),
)  # fmt: skip
def test_a_snoozed_one_comes_so_much_later_in_line(
    gaps: list[int], which: int, seconds: int
) -> None:
    """Due again, it is served among the others as if it had come so many seconds later."""
    line = Lines(CallbackRules(preview_seconds=30.0))
    line.pass_time(sum(gaps))
    places = {f"CB{n}": 1000.0 + sum(gaps[: n + 1]) for n in range(len(gaps))}
    snoozed = f"CB{which % len(gaps)}"
    line.due(a_callback(snoozed, line.at, place=places[snoozed], origin="queue"))
    line.sign_in("mei", MEI)
    line.say(
        e.CallbackSnoozed(
            at=line.at, agent="mei", reservation=reservation_of(line), seconds=float(seconds)
        )
    )
    row = line.row(snoozed)
    assert (row.place, row.due) == (places[snoozed] + seconds, line.at + seconds)
    places[snoozed] = row.place
    line.say(e.StateChosen(at=line.at, agent="mei", state="break", reason="lunch"))
    line.pass_time(seconds)
    for n, (one, place) in enumerate(places.items()):
        line.due(
            a_callback(
                one, line.at, place=place, origin="queue", number=f"+1555{n:05}", fence=9
            )
        )  # fmt: skip
    line.say(e.StateChosen(at=line.at, agent="mei", state="ready"))
    order = []
    for _ in places:
        (reserved,) = [one for one in line.rows.values() if one.state == "reserved"]
        order.append(reserved.place)
        del line.rows[reserved.id]
        line.say(e.CallbackLost(at=line.at, id=reserved.id, why="served"))
    assert order == sorted(places.values())


def reservation_of(line: Lines) -> str:
    reservation = line.floor.agent_view("mei").reservation
    assert reservation is not None
    return reservation


def test_the_reservation_of_a_preview_is_stored_before_the_card_is_looked_at() -> None:
    line = Lines(CallbackRules(preview_seconds=30.0))
    line.sign_in("mei", MEI)
    orders = line.due()
    kinds = [type(order).__name__ for order in orders]
    assert kinds.index("KeepCallback") < kinds.index("KeepReservation") < kinds.index("ShowCard")
    assert len(only(orders, KeepReservation)) == 1
