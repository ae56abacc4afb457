"""A floor that distributes by itself, for tests: agents, calls and what the exchange would say."""

from __future__ import annotations

from typing import TypeVar

from callcenter.floor import events as e
from callcenter.floor.card import AgentView
from callcenter.floor.floor import Floor
from callcenter.floor.invariants import broken
from callcenter.floor.orders import KeepReservation, Order, Ring

T = TypeVar("T", bound=Order)

MEI, TOM = "PJSIP/1001", "PJSIP/1002"


def only(orders: list[Order], kind: type[T]) -> list[T]:
    return [order for order in orders if isinstance(order, kind)]


def service(**settings: object) -> e.QueueSettings:
    return e.QueueSettings(queue="service", distribution="engine", **settings)  # type: ignore[arg-type]


class Line:
    """One floor with engine queues; ``orders`` are those of the last event."""

    def __init__(self, *queues: e.QueueSettings, **settings: object) -> None:
        self.floor = Floor()
        self.at = 1000.0
        self.orders: list[Order] = []
        queues = queues or (e.QueueSettings(queue="service", distribution="engine"),)
        self.say(
            e.FloorOpened(
                at=self.at,
                queues=queues,
                wrapup_seconds=60.0,
                break_reasons=("lunch",),
                run="r",
                **settings,  # type: ignore[arg-type]
            )
        )
        self.say(e.ExchangeConnected(at=self.at, version="22", restarted=False))
        for queue in queues:
            for device in (MEI, TOM):
                self.say(
                    e.MemberSeen(
                        at=self.at, queue=queue.queue, device=device, name=device, paused=False,
                        state="idle",
                    )
                )  # fmt: skip
        self.compared()

    def say(self, event: e.Event) -> list[Order]:
        """Hand over an event; everything that must hold holds afterwards."""
        self.orders = self.floor.receive(event)
        assert broken(self.floor.state, self.at) == []
        return self.orders

    def pass_time(self, seconds: float) -> list[Order]:
        """Time goes on, deadline by deadline; returns all orders of it."""
        end, orders = self.at + seconds, []
        while (deadline := self.floor.deadline()) is not None and deadline <= end:
            self.at = max(self.at, deadline)
            orders += self.say(e.TimePassed(at=self.at))
        self.at = end
        self.orders = orders
        return orders

    def compared(self, *calls: str) -> list[Order]:
        return self.say(e.SnapshotCompared(at=self.at, drift=0, audit=False, calls=calls))

    def sign_in(self, agent: str, device: str, ready: bool = True, **skills: int) -> list[Order]:
        self.say(
            e.AgentSignedIn(
                at=self.at, agent=agent, name=agent.title(), device=device,
                skills=tuple(skills.items()),
            )
        )  # fmt: skip
        if ready:
            self.say(e.StateChosen(at=self.at, agent=agent, state="ready"))
        return self.orders

    def arrive(self, call: str, queue: str = "service", number: str | None = None) -> list[Order]:
        self.say(
            e.CallArrived(
                at=self.at, call=call, direction="inbound", number=number, name=None, dialled=None
            )
        )
        return self.say(
            e.CallQueued(at=self.at, call=call, queue=queue, position=1, by="engine", leg=call)
        )

    def ring(self) -> Ring:
        """The one order to ring of the last event."""
        (ring,) = only(self.orders, Ring)
        return ring

    def rings(self, ring: Ring) -> list[Order]:
        return self.say(
            e.CallOffered(
                at=self.at, call=ring.call, device=ring.device, leg=ring.leg, queue="service"
            )
        )

    def answer(self, ring: Ring, queue: str = "service") -> list[Order]:
        """The phone is answered and the two are joined."""
        orders = self.say(e.CallLeftQueue(at=self.at, call=ring.call, queue=queue, why="answered"))
        return orders + self.say(
            e.CallAnswered(
                at=self.at, call=ring.call, device=ring.device, leg=ring.leg, queue=queue
            )
        )

    def failed(self, ring: Ring, why: e.ReservationEnd = "no_answer") -> list[Order]:
        return self.say(e.RingFailed(at=self.at, reservation=ring.reservation.id, why=why))

    def end(self, call: str, why: e.CallEnd = "completed") -> list[Order]:
        return self.say(e.CallEnded(at=self.at, call=call, why=why))

    def agent(self, agent: str) -> AgentView:
        return self.floor.agent_views()[agent]

    def states(self) -> dict[str, str]:
        return {agent: view.state for agent, view in self.floor.agent_views().items()}

    def kept(self, orders: list[Order] | None = None) -> list[str]:
        """States in which reservations were stored by the last event."""
        return [one.state for one in only(orders or self.orders, KeepReservation)]
