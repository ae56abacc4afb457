"""Dispatch with recording twins: events in, orders carried out, results and failures back in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from callcenter.dispatch import Dispatch, begun
from callcenter.floor import events as e
from callcenter.floor.callback import Callback
from callcenter.floor.card import AgentView, Answer, Card, QueueView, Reason
from callcenter.floor.errors import UnknownAgent
from callcenter.floor.floor import Floor
from callcenter.floor.orders import (
    FindAnswers,
    Identify,
    Predict,
    RecordMark,
    RecordOutcome,
    RequestCallback,
)
from callcenter.ports import Account, Prediction, SwitchError
from tests.fake_callbacks import MemoryCallbacks
from tests.fakes import MemoryAccounts, MemoryJournal, MemoryRecords

MEI = Account(
    agent="mei", name="Mei", role="agent", device="PJSIP/1001", password_hash="", language=None,
    active=True, skills=(("cards", 3),),
)  # fmt: skip


class QuietMind:
    """A mind that knows nobody, and can be told to fail or to take its time."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False
        self.better: asyncio.Future[Prediction] | None = None
        """What comes after the answer that was given in time."""
        self.learned: list[RecordOutcome] = []
        self.marked: list[RecordMark] = []

    async def identify(self, order: Identify, at: float) -> e.CallerIdentified:
        await self.gate.wait()
        if self.broken:
            raise RuntimeError("no such table: people")
        return e.CallerIdentified(at=at, call=order.call, identity="unknown")

    async def predict(self, order: Predict, at: float) -> Prediction:
        reasons = (Reason(code="fees", probability=0.6),)
        return Prediction(reasons=reasons, model="test", late=self.better)

    async def answers(self, order: FindAnswers) -> tuple[Answer, ...]:
        return ()

    def learn(self, order: RecordOutcome) -> None:
        self.learned.append(order)

    def mark(self, order: RecordMark) -> None:
        self.marked.append(order)


class Recorder:
    """Screens and switch that write down what they were told."""

    def __init__(self) -> None:
        self.cards: list[Card] = []
        self.pauses: list[tuple[str, bool]] = []
        self.refuse = False

    def show_card(self, agent: str, card: Card) -> None:
        self.cards.append(card)

    def close_card(self, agent: str, call: str) -> None: ...

    def show_agent(self, view: AgentView, gone: bool) -> None: ...

    def show_queue(self, view: QueueView) -> None: ...

    async def pause(self, device: str, paused: bool, reason: str) -> None:
        if self.refuse:
            raise SwitchError("Permission denied")
        self.pauses.append((device, paused))

    def ask_snapshot(self, why: str) -> None: ...

    async def from_queue(self, order: RequestCallback, at: float) -> e.CallbackBooked:
        return e.CallbackBooked(at=at, call=order.call, id="7KQ4-M2PX")


class Bench:
    """A dispatch with its twins and a clock that stands still until moved."""

    def __init__(self) -> None:
        self.time = 100.0
        self.mind, self.outside = QuietMind(), Recorder()
        self.journal, self.records = MemoryJournal(), MemoryRecords()
        self.accounts = MemoryAccounts([MEI])
        self.callbacks = MemoryCallbacks(lambda: self.time)
        self.called_in: list[e.CallerIdentified] = []
        self.on_called_in: Callable[[e.CallerIdentified], object] = self.called_in.append
        self.over: list[Callback] = []
        self.steps: list[str] = []
        self.dispatch = Dispatch(
            Floor(),
            journal=self.journal,
            records=self.records,
            skills=self.accounts,
            mind=self.mind,
            switch=self.outside,
            screens=self.outside,
            callbacks=self.callbacks,
            requests=self.outside,
            called_in=lambda found: self.on_called_in(found),
            callback_over=self.over.append,
            clock=lambda: self.time,
            observe=lambda step, seconds: self.steps.append(step),
        )

    async def open(self) -> None:
        self.dispatch.post(e.FloorOpened(at=0.0, wrapup_seconds=30.0))
        self.dispatch.post(e.ExchangeConnected(at=0.0, version="22", restarted=False))
        self.dispatch.post(
            e.MemberSeen(at=0.0, queue="q", device="PJSIP/1001", name="", paused=True, state="idle")
        )
        await self.dispatch.wish(
            e.AgentSignedIn(at=1.0, agent="mei", name="Mei", device="PJSIP/1001")
        )
        await self.dispatch.wish(e.StateChosen(at=2.0, agent="mei", state="ready"))

    def offer(self) -> None:
        self.dispatch.post(
            e.CallArrived(
                at=3.0, call="c1", direction="inbound", number="+44", name=None, dialled="8"
            )
        )
        self.dispatch.post(
            e.CallOffered(at=4.0, call="c1", device="PJSIP/1001", leg="l", queue=None)
        )


async def test_the_card_grows_as_answers_come_in() -> None:
    """Identify, predict and find answers run one after the other and each refines the card."""
    bench = Bench()
    await bench.open()
    bench.offer()
    await bench.dispatch.settle(5)
    card = bench.outside.cards[-1]
    assert (card.identity, card.reasons_state, card.answers_state) == (
        "unknown",
        "known",
        "not_known",
    )
    assert {"floor", "Identify", "Predict", "FindAnswers"} <= set(bench.steps)


async def test_what_is_found_without_waiting_is_on_the_first_card() -> None:
    bench = Bench()
    await bench.open()
    bench.offer()
    assert [card.identity for card in bench.outside.cards] == ["unknown"]


async def test_who_calls_is_told_once_the_floor_knows() -> None:
    bench = Bench()
    known: list[str] = []
    bench.on_called_in = lambda found: known.append(
        bench.dispatch.floor.state.calls[found.call].identity
    )
    await bench.open()
    bench.offer()
    assert known == ["unknown"]


async def test_work_that_need_not_wait_is_done_at_once() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("all")

    assert begun(work()) is None
    assert done == ["all"]


async def test_work_that_waits_goes_on_with_what_it_waited_for() -> None:
    first, second = (asyncio.get_running_loop().create_future() for _ in range(2))
    got: list[str] = []

    async def work() -> None:
        got.append(await first)
        await asyncio.sleep(0)
        try:
            await second
        except ValueError as error:
            got.append(str(error))

    task = begun(work())
    assert task is not None
    first.set_result("one")
    second.set_exception(ValueError("two"))
    await task
    assert got == ["one", "two"]


async def test_work_that_waits_can_be_cancelled_and_fails_as_a_task_does() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("late")

    task = begun(waits())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    failing = begun(fails())
    assert failing is not None
    found = await asyncio.gather(task, failing, return_exceptions=True)
    assert [type(one) for one in found] == [asyncio.CancelledError, ValueError]
    assert ended == ["cancelled"]


async def test_work_that_fails_before_it_waits_raises() -> None:
    async def fails() -> None:
        raise ValueError("early")

    with pytest.raises(ValueError, match="early"):
        begun(fails())


async def test_a_slow_look_up_does_not_hold_up_the_card() -> None:
    """The card is shown with what is known while the store takes its time."""
    bench = Bench()
    await bench.open()
    bench.mind.gate.clear()
    bench.offer()
    await asyncio.sleep(0)
    assert [card.identity for card in bench.outside.cards] == ["pending"]
    bench.mind.gate.set()
    await bench.dispatch.settle(5)
    assert bench.outside.cards[-1].identity == "unknown"


async def test_a_failed_look_up_is_a_fact_the_floor_handles() -> None:
    """The card says so, the prediction goes on, the failure is counted and journalled."""
    bench = Bench()
    await bench.open()
    bench.mind.broken = True
    bench.offer()
    await bench.dispatch.settle(5)
    card = bench.outside.cards[-1]
    assert (card.identity, card.reasons_state) == ("failed", "known")
    assert bench.dispatch.failed["Identify"] == 1
    failures = [event for event in bench.journal.events if isinstance(event, e.OrderFailed)]
    assert failures[0].why == "no such table: people"


async def test_a_late_prediction_patches_the_card() -> None:
    """What was said in time is shown; what was still being worked on takes its place."""
    bench = Bench()
    bench.mind.better = asyncio.get_running_loop().create_future()
    await bench.open()
    bench.offer()
    async with asyncio.timeout(5):
        while bench.outside.cards[-1].reasons_state == "pending":
            await asyncio.sleep(0)
    assert bench.outside.cards[-1].model == "test"
    better = (Reason(code="balance", probability=0.9),)
    bench.mind.better.set_result(Prediction(reasons=better, model="trees-1"))
    await bench.dispatch.settle(5)
    assert (bench.outside.cards[-1].reasons, bench.outside.cards[-1].model) == (better, "trees-1")
    told = [event for event in bench.journal.events if isinstance(event, e.ReasonsPredicted)]
    assert [event.late for event in told] == [False, True]


async def test_a_late_prediction_that_fails_leaves_what_was_said() -> None:
    bench = Bench()
    bench.mind.better = asyncio.get_running_loop().create_future()
    bench.mind.better.set_exception(RuntimeError("a model broke"))
    await bench.open()
    bench.offer()
    await bench.dispatch.settle(5)
    card = bench.outside.cards[-1]
    assert (card.reasons_state, card.model) == ("known", "test")
    assert bench.dispatch.failed["PredictLate"] == 1


async def test_a_mark_is_stored_and_then_learned() -> None:
    bench = Bench()
    await bench.open()
    bench.offer()
    await bench.dispatch.settle(5)
    await bench.dispatch.wish(
        e.AnswerMarked(
            at=5.0, agent="mei", call="c1", answer=None, mark="missing", text="crypto wallets"
        )
    )
    assert [order.text for order in bench.mind.marked] == ["crypto wallets"]


async def test_a_refused_wish_is_not_journalled() -> None:
    """The journal holds what happened; a refusal is not something that happened."""
    bench = Bench()
    await bench.open()
    before = list(bench.journal.events)
    with pytest.raises(UnknownAgent):
        await bench.dispatch.wish(e.StateChosen(at=5.0, agent="nobody", state="ready"))
    assert bench.journal.events == before


async def test_an_outcome_is_acknowledged_when_it_is_stored() -> None:
    """After the wish returns, the outcome is in the records and the mind has learned it."""
    bench = Bench()
    await bench.open()
    bench.offer()
    bench.dispatch.post(e.CallAnswered(at=5.0, call="c1", device="PJSIP/1001", leg="l", queue=None))
    bench.dispatch.post(e.CallEnded(at=6.0, call="c1", why="completed"))
    await bench.dispatch.wish(
        e.OutcomeNoted(at=7.0, agent="mei", call="c1", reason="fees", outcome="ok", notes="n")
    )
    assert bench.records.outcomes["c1"].reason == "fees"
    assert [order.call for order in bench.mind.learned] == ["c1"]


async def test_a_store_that_fails_is_told_to_the_agent() -> None:
    """An outcome that could not be stored is not acknowledged."""
    bench = Bench()
    await bench.open()
    bench.offer()
    bench.dispatch.post(e.CallAnswered(at=5.0, call="c1", device="PJSIP/1001", leg="l", queue=None))

    async def full(order: RecordOutcome) -> None:
        raise OSError("disk full")

    bench.records.record_outcome = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        await bench.dispatch.wish(
            e.OutcomeNoted(at=7.0, agent="mei", call="c1", reason="fees", outcome="ok", notes="n")
        )
    assert bench.mind.learned == []


async def test_changed_skills_are_stored_before_the_supervisor_is_told() -> None:
    """Whatever way the wish came, the account has them; a store that fails is told."""
    bench = Bench()
    await bench.open()
    changed = e.SkillsChanged(at=3.0, agent="mei", skills=(("cards", 0), ("loans", 5)), by="sue")
    await bench.dispatch.wish(changed)
    account = await bench.accounts.account("mei")
    assert account is not None
    assert account.skills == (("cards", 0), ("loans", 5))
    (row,) = bench.records.audited
    assert (row.by, row.what, row.agent, row.detail) == ("sue", "skills", "mei", "cards=0, loans=5")

    async def full(agent: str, skills: object) -> bool:
        raise OSError("disk full")

    bench.accounts.set_skills = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        await bench.dispatch.wish(changed)
    assert bench.dispatch.failed["RecordSkills"] == 1


async def test_deadlines_of_the_floor_are_kept() -> None:
    """Wrap-up ends by itself when its time has come, and the journal has the tick."""
    bench = Bench()
    await bench.open()
    bench.offer()
    bench.dispatch.post(e.CallAnswered(at=5.0, call="c1", device="PJSIP/1001", leg="l", queue=None))
    keeper = asyncio.create_task(bench.dispatch.keep_time())
    await asyncio.sleep(0)
    bench.dispatch.post(e.CallEnded(at=60.0, call="c1", why="completed"))
    async with asyncio.timeout(20):
        while bench.dispatch.view().agents["mei"].state != "ready":
            await asyncio.sleep(0.01)
    keeper.cancel()
    assert any(isinstance(event, e.TimePassed) for event in bench.journal.events)


async def test_the_exchange_refusing_a_pause_is_not_the_end() -> None:
    """It is counted, told to the floor, and tried again with the next change."""
    bench = Bench()
    bench.outside.refuse = True
    await bench.open()
    await bench.dispatch.settle(5)
    assert bench.dispatch.failed["SetPaused"] == 2  # signing in, getting ready
    bench.outside.refuse = False
    await bench.dispatch.wish(e.StateChosen(at=9.0, agent="mei", state="break"))
    await bench.dispatch.settle(5)
    assert bench.outside.pauses == [("PJSIP/1001", True)]


async def test_a_poisoned_event_does_not_stop_the_next() -> None:
    """A defect in the floor is counted and the line goes on."""
    bench = Bench()
    await bench.open()
    bench.dispatch.post(e.CallEnded(at="soon", call=None, why="completed"))  # type: ignore[arg-type]
    bench.dispatch.post(e.FloorOpened(at=0.0, queues=(None,)))  # type: ignore[arg-type]
    bench.offer()
    assert bench.dispatch.poisoned["FloorOpened"] == 1
    assert bench.dispatch.counted["CallArrived"] == 1


async def test_replaying_the_journal_gives_the_same_floor() -> None:
    """The journal alone rebuilds agents, queues and cards."""
    bench = Bench()
    await bench.open()
    bench.offer()
    await bench.dispatch.settle(5)
    again = Floor()
    for event in bench.journal.events:
        again.receive(event)
    assert again.cards() == bench.dispatch.view().cards
    assert again.agent_views() == bench.dispatch.view().agents
