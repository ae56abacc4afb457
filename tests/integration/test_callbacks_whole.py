"""Callbacks from the website, the line and the agent's desk to the customer's phone and back.

The real engine over real HTTP; only the exchange and the people are simulated.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callcenter.calling_back import CallingBack
from callcenter.floor.events import (
    CallbackSnoozed,
    ReservationAccepted,
    ReservationRefused,
)
from telephony.simulator import Outsider
from tests.calling_centre import CUSTOMER, QUICK, Centre, centre, eventually, exchange, run

NEVER_ANSWERS = replace(QUICK, reaction="waits")


@pytest.fixture(autouse=True)
def staff_is_as_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planner is not told who is signed in, which is nobody for a moment."""

    async def never_told(self: CallingBack) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(CallingBack, "tell_planner", never_told)


async def kept(running: Centre, promised: int = 1) -> None:
    """All promises were kept, by the record that supervisors see."""
    at = running.running.dispatch.now()
    scores = await running.running.store.callbacks.scores(at - 86_400, at + 86_400, "Europe/London")
    assert [(one.promised, one.kept) for one in scores] == [(promised, promised)]


# --- from the website ---------------------------------------------------------------------------


async def test_booked_for_now_the_customer_is_called_and_the_promise_is_kept(
    tmp_path: Path, reactor: Any
) -> None:
    """The agent's card is there before the customer's phone rings, with what they wrote."""
    async with centre(tmp_path, reactor) as running:
        booked = await running.book(name="王小明", words="Why a fee of 3 pounds?")
        card = await running.shown("1001", "the callback", lambda one: one.callback is not None)
        assert card.callback is not None
        assert (card.callback.id, card.callback.origin) == (booked["ref"], "web")
        assert (card.number, card.direction) == (CUSTOMER, "outbound")
        assert "Why a fee of 3 pounds?" in [words.text for words in card.words]
        done = await running.over(booked["ref"])
        assert (done.state, done.attempts, done.causes) == ("done", 1, ())
        assert done.reached is not None
        assert [one.how for one in await running.attempts(booked["ref"])] == ["talked"]
        assert running.dialled() == ["completed"]
        await kept(running)
        async with running.visitor() as http:
            status = await http.get(booked["links"]["status"])
            assert status.json()["state"] == "done"


async def test_the_agent_accepts_a_preview_and_is_on_the_line_first(
    tmp_path: Path, reactor: Any
) -> None:
    """Nobody is dialled before; the customer never stands in the line."""
    async with centre(tmp_path, reactor, first="agent", preview_seconds=60.0) as running:
        booked = await running.book()
        reservation = await running.previewed("1001")
        assert not running.simulator.exchange.world.channels
        await running.wish(ReservationAccepted, agent="1001", reservation=reservation)
        done = await running.over(booked["ref"])
        assert (done.state, done.attempts) == ("done", 1)
        (outcome,) = [one for one in running.simulator.truth() if one.arrival.dialled == CUSTOMER]
        assert (outcome.end, outcome.device, outcome.visits) == ("completed", "PJSIP/1001", ())
        await kept(running)


async def test_a_refused_preview_goes_to_another_agent(tmp_path: Path, reactor: Any) -> None:
    """Who refused is not asked again at once."""
    async with centre(
        tmp_path, reactor, agents=("1001", "1002"), first="agent", preview_seconds=60.0
    ) as running:
        booked = await running.book()

        async def previewed() -> bool:
            return any(card.offer is not None for one in both for card in running.cards(one))

        both = ("1001", "1002")
        await eventually(previewed, "somebody is shown a preview")
        (one,) = [one for one in both if any(card.offer for card in running.cards(one))]
        (other,) = {*both} - {one}
        await running.wish(
            ReservationRefused, agent=one, reservation=await running.previewed(one), reason="busy"
        )
        reservation = await running.previewed(other)
        await running.wish(ReservationAccepted, agent=other, reservation=reservation)
        assert (await running.over(booked["ref"])).state == "done"
        assert len(running.dialled()) == 1


async def test_a_snoozed_preview_comes_back(tmp_path: Path, reactor: Any) -> None:
    async with centre(tmp_path, reactor, first="agent", preview_seconds=60.0) as running:
        booked = await running.book()
        first = await running.previewed("1001")
        await running.wish(CallbackSnoozed, agent="1001", reservation=first, seconds=1.0)
        assert not any(card.offer for card in running.cards("1001"))
        second = await running.previewed("1001")
        assert second != first
        assert not running.dialled()
        await running.wish(ReservationAccepted, agent="1001", reservation=second)
        assert (await running.over(booked["ref"])).state == "done"
        await kept(running)


# --- customers who are not reached --------------------------------------------------------------


async def test_busy_at_first_is_called_again(tmp_path: Path, reactor: Any) -> None:
    async with centre(tmp_path, reactor, replace(QUICK, reaction="busy")) as running:
        booked = await running.book()

        async def busy() -> bool:
            return bool((await running.stored(booked["ref"])).causes)

        await eventually(busy, "the line was found busy")
        running.simulator.set_outsider(CUSTOMER, QUICK)
        done = await running.over(booked["ref"])
        assert (done.state, {*done.causes}) == ("done", {"busy"})
        tries = [one.how for one in await running.attempts(booked["ref"])]
        assert tries == [*done.causes, "talked"]
        assert running.dialled() == [*done.causes, "completed"]
        await kept(running)


@pytest.mark.parametrize(
    ("reaction", "cause", "why", "times"),
    [
        ("waits", "no_answer", "attempts_used", 2),
        ("declines", "declined", "attempts_used", 2),
        ("invalid", "invalid", "number_invalid", 1),
    ],
)
async def test_who_is_never_reached_is_called_so_often_and_no_more(
    tmp_path: Path, reactor: Any, reaction: Any, cause: str, why: str, times: int
) -> None:
    """It stays on the supervisors' list; the promise to call was kept all the same."""
    never = replace(QUICK, reaction=reaction)
    async with centre(tmp_path, reactor, never, dial_seconds=5.0, max_attempts=2) as running:
        booked = await running.book()
        over = await running.over(booked["ref"])
        assert (over.state, over.why, over.causes) == ("expired", why, (cause,) * times)
        assert [one.how for one in await running.attempts(booked["ref"])] == [cause] * times
        assert len(running.dialled()) == times
        await kept(running)


async def test_a_machine_is_left_a_message(tmp_path: Path, reactor: Any) -> None:
    """By the last attempt; the agent hears nothing of it."""
    machine = replace(QUICK, reaction="machine")
    async with centre(tmp_path, reactor, machine, machine="message", max_attempts=1) as running:
        booked = await running.book()
        over = await running.over(booked["ref"])
        assert (over.state, over.causes, over.message_left) == ("expired", ("machine",), True)
        (outcome,) = [one for one in running.simulator.truth() if one.arrival.dialled == CUSTOMER]
        assert outcome.offers == ()


async def test_cancelled_by_the_link_while_in_line_nobody_is_called(
    tmp_path: Path, reactor: Any
) -> None:
    async with centre(tmp_path, reactor, ready=False) as running:
        booked = await running.book()
        await running.becomes(booked["ref"], "due")
        async with running.visitor() as http:
            answer = await http.post(booked["links"]["cancel"])
            assert answer.status_code == 200, answer.text
        over = await running.over(booked["ref"])
        assert (over.state, over.why) == ("cancelled", "by_customer")
        await running.ready("1001")
        # The next one is served, and only that: so the first was not.
        again = await running.book()
        assert (await running.over(again["ref"])).state == "done"
        assert len(running.dialled()) == 1
        assert await running.attempts(booked["ref"]) == ()


# --- from the line ------------------------------------------------------------------------------


async def test_a_caller_presses_the_key_hangs_up_and_is_called_back(
    tmp_path: Path, reactor: Any
) -> None:
    """At the number they called from, with the place they had."""
    async with centre(tmp_path, reactor, ready=False) as running:
        call = await running.calls(name="Wendy", patience=3000.0)
        there = running.simulator.exchange.world.channels[call]
        for place in ("cc-wait", "cc-callback-ask"):

            async def listens(place: str = place) -> bool:
                return there.context == place and there.application in ("WaitExten", "BackGround")

            await eventually(listens, f"keys are heard in {place}")
            assert running.simulator.press_key(call, "1")

        async def hung_up() -> bool:
            return call not in running.simulator.exchange.world.channels

        await eventually(hung_up, "the caller is thanked and gone")
        (first,) = running.simulator.truth()
        assert [(one.queue, one.why) for one in first.visits] == [("service", "key")]
        store = running.running.store.callbacks
        (waiting,) = await store.listed(("requested", "scheduled", "due"))
        assert (waiting.origin, waiting.number) == ("queue", CUSTOMER)
        assert waiting.place < waiting.made
        await running.ready("1001")
        done = await running.over(waiting.id)
        assert (done.state, done.attempts) == ("done", 1)
        assert running.dialled() == ["completed"]
        await kept(running)


async def test_who_calls_in_while_one_is_open_is_not_called_back(
    tmp_path: Path, reactor: Any
) -> None:
    """Their card says what was promised; talked to, it is done."""
    async with centre(tmp_path, reactor, ready=False) as running:
        booked = await running.book()
        await running.becomes(booked["ref"], "due")
        call = await running.calls(talk=20.0)
        await running.ready("1001")
        card = await running.shown(
            "1001", "their call", lambda one: one.call == call and one.callback is not None
        )
        assert card.callback is not None
        assert (card.callback.id, card.callback.open) == (booked["ref"], True)
        done = await running.over(booked["ref"])
        assert (done.state, done.why, done.attempts) == ("done", "called_in", 0)
        assert running.dialled() == []


# --- engines that stop --------------------------------------------------------------------------


async def test_an_engine_that_restarts_while_one_is_dialled_does_not_dial_again(
    tmp_path: Path, reactor: Any
) -> None:
    """The customer answers the next run of the engine, and talks to the agent."""
    async with exchange(reactor, NEVER_ANSWERS) as on:
        async with run(tmp_path, reactor, on, dial_seconds=120.0) as running:
            booked = await running.book()

            async def rings() -> bool:
                return running.rings()

            await eventually(rings, "the customer's phone rings")
            before = await running.stored(booked["ref"])
            assert (before.state, before.attempts) == ("dialling", 1)
        async with run(tmp_path, reactor, on, dial_seconds=120.0) as running:

            async def taken_up() -> bool:
                return bool(running.running.dispatch.floor.live_calls())

            await eventually(taken_up, "the call is known again")
            assert running.simulator.customer_answers(CUSTOMER)
            done = await running.over(booked["ref"])
            assert (done.state, done.call, done.attempts) == ("done", before.call, 1)
            assert [one.how for one in await running.attempts(booked["ref"])] == ["talked"]
            assert running.dialled() == ["completed"]
            await kept(running)


async def test_what_rang_out_while_no_engine_ran_is_unknown(tmp_path: Path, reactor: Any) -> None:
    """It counts as an attempt, and with one allowed nothing is dialled again."""
    async with exchange(reactor, NEVER_ANSWERS) as on:
        async with run(tmp_path, reactor, on, max_attempts=1, dial_seconds=120.0) as running:
            booked = await running.book()

            async def rings() -> bool:
                return running.rings()

            await eventually(rings, "the customer's phone rings")
        simulator, _ = on
        (call,) = [one for one in simulator.exchange.world.channels if one.startswith("cb-")]
        assert simulator.exchange.hang_up_caller(call)
        async with run(tmp_path, reactor, on, max_attempts=1, dial_seconds=120.0) as running:
            over = await running.over(booked["ref"])
            assert (over.state, over.causes, over.attempts) == ("expired", ("unknown",), 1)
            assert len(running.dialled()) == 1


async def test_what_waits_in_line_when_an_engine_stops_is_served_by_the_next(
    tmp_path: Path, reactor: Any
) -> None:
    async with exchange(reactor) as on:
        async with run(tmp_path, reactor, on, ready=False) as running:
            booked = await running.book()
            await running.becomes(booked["ref"], "due")
        async with run(tmp_path, reactor, on) as running:
            await running.ready("1001")
            assert (await running.over(booked["ref"])).state == "done"
            assert running.dialled() == ["completed"]
            await kept(running)


async def test_one_number_has_one_callback_open(tmp_path: Path, reactor: Any) -> None:
    """Who books twice is told of the first; two customers are served one after the other."""
    async with centre(tmp_path, reactor, ready=False) as running:
        first = await running.book()
        async with running.visitor() as http:
            form = (await http.get("/c/main/form")).json()
            again = {"token": form["token"], "number": CUSTOMER, "when": "now"}
            refused = await http.post("/c/main/callbacks", json=again)
        assert refused.status_code in (409, 422), refused.text
        running.simulator.set_outsider("+447400123457", Outsider(ring=(1.0, 1.0), talk=(1.0, 1.0)))
        second = await running.book(number="07400 123457")
        await running.ready("1001")
        early = await running.over(first["ref"])
        card = await running.shown("1001", "wrap-up", lambda one: one.call == early.call)
        await running.notes("1001", card.call)
        late = await running.over(second["ref"])
        assert (early.state, late.state) == ("done", "done")
        assert (early.dialled or 0.0) < (late.dialled or 0.0)
        await kept(running, 2)
