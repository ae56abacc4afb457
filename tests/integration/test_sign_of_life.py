"""When the engine shows the exchange that it distributes calls, and when it must not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from callcenter import exchange as exchange_module
from callcenter import keepers as keepers_module
from callcenter.exchange import Exchange
from callcenter.floor import events as e
from callcenter.floor.floor import Floor
from callcenter.keepers import Invariants, Keepers
from callcenter.ports import SwitchError
from callcenter.settings import ExchangeSettings
from tests.product import until


class Beats:
    """A switch that counts signs of life."""

    def __init__(self) -> None:
        self.given = 0
        self.refuses = False

    async def beat(self, at: float) -> None:
        if self.refuses:
            raise SwitchError("no")
        self.given += 1


class Desk:
    """A floor with a queue of the engine, and what an ``Invariants`` and an ``Exchange`` read."""

    def __init__(self) -> None:
        self.at = 0.0
        self.floor = Floor()
        self.say(e.FloorOpened(at=0.0, queues=(e.QueueSettings(queue="q", distribution="engine"),)))

    def now(self) -> float:
        return self.at

    def say(self, event: e.Event) -> None:
        self.floor.receive(event)

    def compared(self) -> None:
        self.say(e.ExchangeConnected(at=self.at, version="22", restarted=False))
        self.say(e.SnapshotCompared(at=self.at, drift=0, audit=False, calls=()))


@asynccontextmanager
async def beating(
    reactor: Any, desk: Desk, healthy: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Exchange, Beats]]:
    for name in ("BEAT_EVERY", "BEAT_LOOKED_AT_EVERY"):
        monkeypatch.setattr(exchange_module, name, 0.001)
    exchange = Exchange(ExchangeSettings(secret="x"), reactor, desk.now, random.Random(1))
    beats = Beats()
    exchange.switch = beats  # type: ignore[assignment]
    exchange.link = SimpleNamespace(state=SimpleNamespace(kind="up"))  # type: ignore[assignment]
    exchange.join(desk, None)  # type: ignore[arg-type]
    task = asyncio.create_task(exchange.beat(healthy))
    try:
        yield exchange, beats
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def stays_away(beats: Beats) -> None:
    """A sign of life that is under way may still come; then none, however often it is looked."""
    await asyncio.sleep(0.02)
    before = beats.given
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert beats.given == before


async def test_only_while_calls_are_given_out(
    reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before the exchange was compared, not once its line is lost; a refusal ends nothing."""
    desk = Desk()
    async with beating(reactor, desk, lambda: True, monkeypatch) as (exchange, beats):
        await stays_away(beats)
        assert beats.given == 0
        desk.compared()
        await until(lambda: beats.given > 1, "signs of life were given")
        assert exchange.beats == beats.given
        beats.refuses = True
        await stays_away(beats)
        beats.refuses = False
        await until(lambda: exchange.beats > 3, "they go on after a refusal")
        desk.say(e.ExchangeLost(at=1.0, why="cut"))
        await stays_away(beats)


async def test_only_while_the_engine_is_well(
    reactor: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A lasting task that died stops them for good, and the log says so once."""
    desk, keepers = Desk(), Keepers()
    desk.compared()

    async def dies() -> None:
        raise RuntimeError("a defect")

    async with beating(reactor, desk, lambda: keepers.trouble is None, monkeypatch) as (_, beats):
        await until(lambda: beats.given > 1, "signs of life were given")
        keepers.keep(dies(), "timers")
        await until(lambda: keepers.trouble is not None, "the death was seen")
        await stays_away(beats)
    assert keepers.trouble == "timers ended: RuntimeError('a defect')"
    assert [r.message for r in caplog.records].count("signs_of_life_stopped") == 1
    await keepers.stop()


def test_an_invariant_that_stays_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown when it is still so at the next look; not believed to heal after half a minute."""
    desk = Desk()
    invariants = Invariants(desk)  # type: ignore[arg-type]
    wrong = ["agent mei is in call 1, which does not exist"]
    monkeypatch.setattr(keepers_module, "broken", lambda state, now: list(wrong))
    invariants.look()
    assert (invariants.found, invariants.trouble, invariants.stuck) == (1, None, False)
    desk.at = 2.0
    invariants.look()
    assert (invariants.found, invariants.trouble, invariants.stuck) == (1, wrong[0], False)
    desk.at = 31.0
    invariants.look()
    assert invariants.stuck
    wrong.clear()
    invariants.look()
    assert (invariants.broken, invariants.trouble, invariants.stuck) == ([], None, False)
