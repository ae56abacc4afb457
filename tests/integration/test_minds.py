"""The mind as the engine keeps it: models that come, go and are refused; conditions; encoders."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callcenter import minds
from callcenter.minds import Conditions, Trained
from callcenter.ports import Condition
from callcenter.store import StoreError
from intelligence.encoders import EncoderMissing
from intelligence.fitting import fit_trees
from intelligence.predictor import Predictor
from intelligence.reasons import Reasons
from intelligence.registry import Registry
from intelligence.rules import ReasonModel, Usual
from intelligence.trees import ReasonTrees
from tests.fakes import MemoryPeople, MemorySurroundings
from tests.unit.intelligence.world import made_up


@pytest.fixture(scope="module")
def trees() -> ReasonTrees:
    world = made_up(500, seed=3)
    return fit_trees(world.lessons, world.heads, world.prior, seed=1)


@pytest.fixture
def predictor() -> Iterator[Predictor]:
    with ThreadPoolExecutor(1) as pool:
        rules = ReasonModel([Usual("h0r0", 1.0, "service")])
        yield Predictor(Reasons(rules, 0.15), {"h0r0": 1.0}, pool, deadline=5.0)


async def used(predictor: Predictor, trained: Trained) -> str | None:
    await predictor.use(await asyncio.to_thread(trained.read))
    return predictor.models.trees_name


async def test_models_come_and_go(tmp_path: Path, predictor: Predictor, trees: ReasonTrees) -> None:
    """What the registry says is used; nothing is loaded twice."""
    trained = Trained(Registry(tmp_path), predictor)
    assert await used(predictor, trained) is None
    first = trained.registry.add("reasons", trees, {})
    second = trained.registry.add("reasons", trees, {"again": True})
    assert await used(predictor, trained) is None
    assert {name for name, _ in predictor.models.challengers} == {first.name, second.name}
    trained.registry.promote(first.name, "better")
    assert await used(predictor, trained) == first.name
    kept = predictor.models.trees
    trained.registry.promote(second.name, "better still")
    assert await used(predictor, trained) == second.name
    trained.registry.rollback("reasons")
    assert await used(predictor, trained) == first.name
    assert kept is not None
    assert trained.refused == {}


async def test_a_model_that_was_changed_leaves_the_rules(
    tmp_path: Path, predictor: Predictor, trees: ReasonTrees
) -> None:
    trained = Trained(Registry(tmp_path), predictor)
    version = trained.registry.add("reasons", trees, {})
    trained.registry.promote(version.name, "better")
    for file in (tmp_path / version.name).glob("*.npz"):
        file.write_bytes(file.read_bytes()[:-7] + b"changed")
    assert await used(predictor, trained) is None
    assert predictor.reasons.trees is None
    assert version.name in trained.refused["reasons"]
    assert "reasons" in trained.registry.troubles


async def test_a_broken_registry_leaves_the_rules(tmp_path: Path, predictor: Predictor) -> None:
    (tmp_path / "registry.json").write_text("{", encoding="utf-8")
    trained = Trained(Registry(tmp_path), predictor)
    assert await used(predictor, trained) is None
    assert "registry.json" in trained.refused["reasons"]


async def test_a_keeper_takes_what_was_promoted(
    tmp_path: Path, predictor: Predictor, trees: ReasonTrees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minds, "LOOK", 0.01)
    trained = Trained(Registry(tmp_path), predictor)
    keeper = asyncio.create_task(trained.keep())
    try:
        version = await asyncio.to_thread(trained.registry.add, "reasons", trees, {})
        await asyncio.to_thread(trained.registry.promote, version.name, "better")
        async with asyncio.timeout(20):
            while predictor.models.trees_name != version.name:
                await asyncio.sleep(0.01)
    finally:
        keeper.cancel()


async def test_a_folder_in_trouble_never_ends_the_keeper(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keeper that ends would stop the giving out of calls; it tells what is wrong and goes on."""
    monkeypatch.setattr(minds, "LOOK", 0.01)
    registry = Registry(tmp_path)
    looks = 0

    def stamp() -> tuple[int, ...]:
        nonlocal looks
        looks += 1
        raise PermissionError("no such luck")

    monkeypatch.setattr(registry, "stamp", stamp)
    trained = Trained(registry, predictor)
    keeper = asyncio.create_task(trained.keep())
    async with asyncio.timeout(20):
        while looks < 3:
            await asyncio.sleep(0.01)
    assert not keeper.done()
    assert trained.refused == {"models": "no such luck"}
    keeper.cancel()


async def test_conditions_stand_while_the_store_is_in_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(minds, "CONDITIONS_READ_EVERY", 0.01)
    stored = MemorySurroundings(MemoryPeople([]))
    known = Conditions(stored, lambda: 1_000.0)
    outage = Condition(id="o", kind="outage", since=900.0, until=None)
    await known.set_condition(outage)
    reads = 0

    async def broken(since: float) -> tuple[Condition, ...]:
        nonlocal reads
        reads += 1
        raise StoreError("the disk is full")

    monkeypatch.setattr(stored, "conditions", broken)
    keeper = asyncio.create_task(known.keep())
    async with asyncio.timeout(20):
        while reads < 3:
            await asyncio.sleep(0.01)
    assert not keeper.done()
    assert known.now() == (outage,)
    keeper.cancel()


async def test_an_encoder_that_is_missing_is_told_and_calls_go_on(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(kind: str) -> None:
        raise EncoderMissing(f"install the extra {kind}")

    monkeypatch.setattr(minds, "open_encoder", missing)
    encoder, why = minds._opened("semantic")
    assert encoder is None
    trained = Trained(Registry(tmp_path), predictor, why)
    assert await used(predictor, trained) is None
    assert trained.refused == {"encoder": "install the extra semantic"}


async def test_conditions_count_at_once_and_fade() -> None:
    """What is told here is known here; one that ended is remembered for a while, then forgotten."""
    now = 1_000_000.0
    known = Conditions(MemorySurroundings(MemoryPeople([])), lambda: now)
    outage = Condition(id="o", kind="outage", since=now - 60, until=None, title="App")
    await known.set_condition(outage)
    await known.set_condition(Condition(id="c", kind="campaign", since=now + 60, until=None))
    assert known.now() == (outage,)
    over = Condition(id="o", kind="outage", since=now - 60, until=now - 1, title="App")
    await known.set_condition(over)
    assert known.now() == (over,)
    now += minds.AFTERMATH
    assert [one.id for one in known.now()] == ["c"]
