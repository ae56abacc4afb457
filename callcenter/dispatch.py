"""The one loop around the floor: events in, orders carried out, results back in as events.

Everything that changes the floor passes through ``_feed``, on the event loop's thread, one event
at a time. What may wait runs as a task and comes back as an event; a task that fails comes back as
``OrderFailed``. This module decides nothing about calls or agents, it only carries.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter
from types import coroutine
from typing import Any, Final, TypeVar

from .callback_ports import Callbacks, Requests
from .callbacks.orders import CallbackOrders
from .floor import events as e
from .floor import orders as o
from .floor.callback import Callback
from .floor.events import CallerIdentified
from .floor.floor import Floor
from .floor.routing import Decision
from .ports import (
    Journal,
    Mind,
    Prediction,
    Records,
    ReservationTaken,
    RingError,
    Screens,
    Skills,
    Switch,
    SwitchError,
    View,
)

log: Final = logging.getLogger(__name__)


Row = TypeVar("Row")


class _Rows(Mapping[str, Row]):
    """A mapping whose values are made when they are asked for: a view of 2,000 agents that is read
    for one of them costs one row. As true as the floor is until the next event."""

    def __init__(self, keys: Mapping[str, object], make: Callable[[str], Row]) -> None:
        self._keys = keys
        self._make = make

    def __getitem__(self, key: str) -> Row:
        if key not in self._keys:
            raise KeyError(key)
        return self._make(key)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._keys))

    def __len__(self) -> int:
        return len(self._keys)


def begun(work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Carry ``work`` out here and now as far as it need not wait; the rest is a task.

    ``None``: nothing is left to do. For what hardly ever waits: a task, and a turn of the loop, for
    each cost more than the work. Raises what the work raises before it first waits; until then it
    is in no task, so it must not begin with ``asyncio.timeout`` or ask for its task.
    """
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None
    return asyncio.create_task(_rest(work, waits_for))


@coroutine
def _rest(work: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """What is left of a coroutine that waits for this, for a task."""
    while True:
        step: Callable[[], Any]
        try:
            got = yield waits_for
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is the work's matter
            step = partial(work.throw, error)
        else:
            step = partial(work.send, got)
        try:
            waits_for = step()
        except StopIteration:
            return


class Dispatch:
    """Implements ``callcenter.ports.Desk`` over one floor.

    ``clock`` gives seconds since the epoch. ``observe(step, seconds)`` is told how long each step
    took, for ``/metrics``; ``called_in`` learns who calls, once the floor knows, ``callback_over``
    which callbacks are stored as over.
    """

    def __init__(
        self,
        floor: Floor,
        *,
        journal: Journal,
        records: Records,
        skills: Skills,
        mind: Mind,
        switch: Switch,
        screens: Screens,
        callbacks: Callbacks,
        requests: Requests,
        called_in: Callable[[CallerIdentified], None],
        callback_over: Callable[[Callback], None],
        clock: Callable[[], float],
        observe: Callable[[str, float], None],
    ) -> None:
        self.floor = floor
        self.now = clock
        self.counted: Counter[str] = Counter()
        """Events taken and orders given, by class name."""
        self.failed: Counter[str] = Counter()
        """Orders that failed, by class name."""
        self.poisoned: Counter[str] = Counter()
        """Facts that made the floor raise, by class name: a defect, shown on ``/metrics``."""
        self._journal = journal
        self._records = records
        self._skills = skills
        self._mind = mind
        self._switch = switch
        self._screens = screens
        self._called_in = called_in
        self._observe = observe
        self._inbox: deque[e.Event] = deque()
        self._feeding = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_ring: dict[str, bool] = {}
        """Reservations that are being stored before their phone is rung; whether they were taken
        back meanwhile."""
        self._deadline: float | None = None
        self._deadline_moved = asyncio.Event()
        calling_back = CallbackOrders(
            store=callbacks, requests=requests, records=records, switch=switch, now=clock,
            post=self.post, failed=lambda order: self.failed.update([order]), over=callback_over,
            start=lambda order, work: self._started(self._carried(order, work)),
        )  # fmt: skip
        self._carry: dict[type[Any], Callable[[Any], Awaitable[None] | None]] = {
            o.Identify: lambda order: self._begin(order, self._identify(order)),
            o.Predict: lambda order: self._begin(order, self._predict(order)),
            o.FindAnswers: lambda order: self._begin(order, self._find_answers(order)),
            o.SetPaused: lambda order: self._start(
                order, self._switch.pause(order.device, order.paused, order.reason)
            ),
            o.RecordCall: lambda order: self._start(order, self._records.record_call(order)),
            o.RecordOutcome: self._record_outcome,
            o.RecordPrediction: lambda order: self._start(
                order, self._records.record_prediction(order)
            ),
            o.RecordMark: self._record_mark,
            o.RecordSkills: self._record_skills,
            o.ShowCard: lambda order: self._screens.show_card(order.agent, order.card),
            o.CloseCard: lambda order: self._screens.close_card(order.agent, order.call),
            o.ShowAgent: lambda order: self._screens.show_agent(order.view, order.gone),
            o.ShowQueue: lambda order: self._screens.show_queue(order.view),
            o.AskSnapshot: lambda order: self._switch.ask_snapshot(order.why),
            o.KeepReservation: self._keep_reservation,
            o.Ring: self._begin_ringing,
            o.StopRinging: self._stop_ringing,
            o.Announce: lambda order: self._start(order, self._switch.announce(order)),
            o.SendAway: lambda order: self._start(order, self._switch.send_away(order)),
            o.Control: lambda order: self._start(order, self._control(order)),
            o.ShowControl: lambda order: self._screens.show_control(order),
            o.ShowHelp: lambda order: self._screens.show_help(order),
            o.RecordDecision: lambda order: self._start(
                order, self._records.record_decision(order)
            ),
            o.RecordPromise: lambda order: self._start(order, self._records.record_promise(order)),
            o.RecordAudit: lambda order: self._start(order, self._records.record_audit(order)),
            o.KeepCallback: calling_back.keep,
            o.Dial: calling_back.dial,
            o.StopDialling: calling_back.stop_dialling,
            o.RequestCallback: calling_back.request,
            o.TellCaller: calling_back.tell_caller,
        }

    # --- the desk ---------------------------------------------------------------------------

    def view(self) -> View:
        """Agents, queues and open cards: each row is made when it is looked up."""
        state, floor = self.floor.state, self.floor
        return View(
            agents=_Rows(state.agents, floor.agent_view),
            queues=_Rows(state.queues, lambda queue: state.queues[queue].view()),
            cards=_Rows(state.agents, floor.cards_of),
            calls=_Rows(floor.live_calls(), floor.call_view),
        )

    def explain(self, call: str) -> Decision:
        """Who would get this waiting call now, and why. Raises ``UnknownCall``."""
        return self.floor.explain(call, self.now())

    def post(self, event: e.Event) -> None:
        """Hand over a fact. Returns at once; the floor never refuses it."""
        self._inbox.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._inbox:
                fact = self._inbox.popleft()
                try:
                    self._feed(fact)
                except Exception:  # one bad event must not stop all that follow
                    self.poisoned[type(fact).__name__] += 1
                    log.exception("event_poisoned", extra={"kind": type(fact).__name__})
        finally:
            self._feeding = False

    def said(self, event: e.CallerSaid) -> None:
        """Words about why a customer calls; of a call that is over they are only counted."""
        self.post(event)

    async def wish(self, event: e.Event) -> None:
        """Hand over a wish; returns when it, and what it asked to be stored, is on disk.

        Raises ``FloorError`` when the floor refuses; then nothing has changed. Raises what the
        store raised when the wish was granted but could not be stored.
        """
        if self._feeding:
            raise RuntimeError("a wish must not come out of an order that is being carried out")
        self._feeding = True
        try:
            position, stores = self._feed(event)
        finally:
            self._feeding = False
        if self._inbox:  # an order carried out at once had something to tell
            self.post(self._inbox.popleft())
        await asyncio.gather(self._journal.durable(position), *stores)

    # --- the loop ---------------------------------------------------------------------------

    async def keep_time(self) -> None:
        """Tell the floor when one of its deadlines is reached. Runs until cancelled."""
        while True:
            self._deadline_moved.clear()
            deadline = self.floor.deadline()
            try:
                async with asyncio.timeout(
                    None if deadline is None else max(0.0, deadline - self.now())
                ):
                    await self._deadline_moved.wait()
            except TimeoutError:
                self.post(e.TimePassed(at=self.now()))

    async def settle(self, seconds: float) -> None:
        """Wait until what is under way is done, at most so long (before shutting down)."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _feed(self, event: e.Event) -> tuple[int, list[Awaitable[None]]]:
        began = perf_counter()
        orders = self.floor.receive(event)
        self._observe("floor", perf_counter() - began)
        position = self._journal.append(event)
        self.counted[type(event).__name__] += 1
        stores = []
        for order in orders:
            self.counted[type(order).__name__] += 1
            stored = self._carry[type(order)](order)
            if stored is not None:
                stores.append(stored)
        if self.floor.deadline() != self._deadline:
            self._deadline = self.floor.deadline()
            self._deadline_moved.set()
        if type(event) is CallerIdentified:
            self._called_in(event)
        return position, stores

    def _begin(self, order: o.Order, work: Coroutine[Any, Any, None]) -> None:
        """For what is mostly done without waiting; what it tells is taken after this event."""
        rest = begun(self._carried(order, work))
        if rest is not None:
            self._kept(rest)

    def _start(self, order: o.Order, work: Coroutine[Any, Any, None]) -> None:
        self._started(self._carried(order, work))

    def _started(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._kept(asyncio.create_task(work))

    def _kept(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _carried(self, order: o.Order, work: Coroutine[Any, Any, None]) -> None:
        name = type(order).__name__
        began = perf_counter()
        try:
            await work
        except Exception as error:  # noqa: BLE001  # whatever an adapter raises: the floor decides
            self._fail(order, error)
        else:
            self._observe(name, perf_counter() - began)

    def _fail(self, order: o.Order, error: Exception) -> None:
        name = type(order).__name__
        self.failed[name] += 1
        call = getattr(order, "call", None)
        log.warning("order_failed", extra={"order": name, "error": repr(error), "call": call})
        self.post(
            e.OrderFailed(
                at=self.now(),
                order=name,
                why=str(error) or type(error).__name__,
                call=getattr(order, "call", None),
                device=getattr(order, "device", None),
                ask=getattr(order, "ask", 0),
                id=getattr(order, "id", None),
            )
        )

    # --- orders whose result is an event ----------------------------------------------------

    async def _identify(self, order: o.Identify) -> None:
        found = await self._mind.identify(order, self.now())
        self.post(replace(found, ask=order.ask))

    async def _predict(self, order: o.Predict) -> None:
        found = await self._mind.predict(order, self.now())
        self._predicted(order, found, late=False)
        if found.late is not None:
            self._start(order, self._predict_late(order, found.late))

    async def _predict_late(self, order: o.Predict, better: Awaitable[Prediction]) -> None:
        """Time was up and something was said; this is what was still being worked on."""
        try:
            found = await better
        except Exception as error:  # noqa: BLE001  # what was said in time stands
            self.failed["PredictLate"] += 1
            log.warning("late_prediction_failed", extra={"call": order.call, "error": repr(error)})
        else:
            self._predicted(order, found, late=True)

    def _predicted(self, order: o.Predict, found: Prediction, late: bool) -> None:
        self.post(
            e.ReasonsPredicted(
                at=self.now(), call=order.call, reasons=found.reasons, model=found.model,
                ask=order.ask, not_ours=found.not_ours, challengers=found.challengers, late=late,
            )
        )  # fmt: skip

    async def _find_answers(self, order: o.FindAnswers) -> None:
        answers = await self._mind.answers(order)
        self.post(e.AnswersFound(at=self.now(), call=order.call, answers=answers, ask=order.ask))

    # --- orders to the exchange whose end is an event ---------------------------------------

    def _begin_ringing(self, order: o.Ring) -> None:
        self._to_ring[order.reservation.id] = False
        self._start(order, self._ring(order))

    def _stop_ringing(self, order: o.StopRinging) -> None:
        """Also before the exchange was told: then it never is, and no phone rings for nobody."""
        if order.reservation in self._to_ring:
            self._to_ring[order.reservation] = True
        else:
            self._start(order, self._switch.stop_ringing(order))

    async def _ring(self, order: o.Ring) -> None:
        """The reservation is on disk before anything rings; how the ringing ended comes back."""
        reservation = order.reservation.id
        try:
            await self._records.keep_reservation(order.reservation)
        except ReservationTaken as taken:
            self._ring_failed(reservation, "taken", str(taken))
            return
        except Exception as error:  # noqa: BLE001  # whatever a store raises: not on disk, not rung
            self.failed["Ring"] += 1
            log.warning("reservation_not_stored", extra={"call": order.call, "error": repr(error)})
            self._ring_failed(reservation, "not_stored", str(error))
            return
        finally:
            taken_back = self._to_ring.pop(reservation)
        if taken_back:
            return
        try:
            await self._switch.ring(order)
        except RingError as failed:
            self._ring_failed(reservation, failed.why, failed.detail)
        except SwitchError as trouble:
            self.failed["Ring"] += 1
            self._ring_failed(reservation, "unreachable", str(trouble))
        else:
            if order.alone:
                self.post(e.AgentOnLine(at=self.now(), reservation=reservation))

    def _ring_failed(self, reservation: str, why: e.ReservationEnd, detail: str) -> None:
        self.post(e.RingFailed(at=self.now(), reservation=reservation, why=why, detail=detail))

    async def _control(self, order: o.Control) -> None:
        await self._switch.control(order)
        self.post(e.ControlCarriedOut(at=self.now(), id=order.id))

    def _keep_reservation(self, order: o.KeepReservation) -> None:
        self._start(order, self._records.keep_reservation(order))

    def _record_outcome(self, order: o.RecordOutcome) -> Awaitable[None]:
        """The agent waits for this one, so its failure is theirs to see as well."""

        async def store() -> None:
            await self._records.record_outcome(order)
            self._mind.learn(order)
            self.post(e.OutcomeStored(at=self.now(), call=order.call, person=order.person))

        return self._stored(order, store())

    def _record_mark(self, order: o.RecordMark) -> Awaitable[None]:
        """The agent waits for this one too."""

        async def store() -> None:
            await self._records.record_mark(order)
            self._mind.mark(order)

        return self._stored(order, store())

    def _record_skills(self, order: o.RecordSkills) -> Awaitable[None]:
        """The supervisor waits for it. Somebody without an account has theirs until they leave."""

        async def store() -> None:
            await self._skills.set_skills(order.agent, order.skills)

        return self._stored(order, store())

    def _stored(self, order: o.Order, work: Coroutine[Any, Any, None]) -> Awaitable[None]:
        """What somebody waits for, so its failure is theirs to see as well."""

        async def carried() -> None:
            try:
                await work
            except Exception as error:
                self._fail(order, error)
                raise

        return self._started(carried())
