"""What is said of one call, with real models, a pool of one thread and a deadline."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from callcenter.floor.card import Words
from callcenter.floor.orders import Predict, RecordOutcome
from intelligence.fitting import fit_trees
from intelligence.predictor import OFF, Models, Predictor
from intelligence.reasons import Reasons
from intelligence.rules import ENOUGH, ReasonModel, Usual
from intelligence.texts import Example, TextModel, fit_texts
from intelligence.trees import ReasonTrees
from tests.contract.samples import noted
from tests.unit.intelligence.world import World, made_up

CUT = 800
LATE = ("who=known", "matter=order_late")
ASKS = {
    "h0r0": ("my card is gone", "somebody stole my card", "I lost the card", "block my card"),
    "h1r1": ("what are these fees", "why was I charged", "a fee I do not know", "charged twice"),
    "h2r2": ("my transfer is not there", "the money did not arrive", "where is my transfer"),
}
OUTSIDE = ("will it rain tomorrow", "I would like a pizza", "is this the taxi", "what time is it")


@pytest.fixture(scope="module")
def world() -> World:
    return made_up(1000, seed=5)


@pytest.fixture(scope="module")
def trees(world: World) -> ReasonTrees:
    return fit_trees(world.lessons[:CUT], world.heads, world.prior, seed=1)


@pytest.fixture
def texts() -> TextModel:
    """Fresh for each test: it remembers."""
    examples = [
        Example(text, "en", code) for code, asked in ASKS.items() for text in (*asked, *asked)
    ]
    return fit_texts(examples, None, seed=1, outside=OUTSIDE)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def predictor(
    world: World, pool: ThreadPoolExecutor, deadline: float = 30.0, off: Sequence[str] = ()
) -> Predictor:
    usual = [Usual(code, share, "service") for code, share in world.prior.items()]
    reasons = Reasons(ReasonModel(usual), sure=0.05)
    return Predictor(reasons, world.prior, pool, deadline=deadline, off_queues=off)


@pytest.fixture
async def ready(
    world: World, trees: ReasonTrees, texts: TextModel, pool: ThreadPoolExecutor
) -> Predictor:
    made = predictor(world, pool)
    await made.use(Models(trees=trees, trees_name="trees-1", texts=texts, texts_name="words-1"))
    return made


def asked(world: World, n: int, *words: Words) -> Predict:
    lesson = world.lessons[CUT + n]
    return Predict(
        call=lesson.call, queue=lesson.queue, context=lesson.context, features=lesson.features,
        causes=world.causes[CUT + n], words=words,
    )  # fmt: skip


def ivr(text: str) -> Words:
    return Words(source="ivr", text=text, language="en")


async def test_trees_speak_and_give_their_facts(ready: Predictor, world: World) -> None:
    found = [await ready.predict(asked(world, n)) for n in range(50)]
    assert {one.model for one in found} == {"trees-1"}
    assert all(sum(r.probability for r in one.reasons) <= 1.001 for one in found)
    assert any(reason.why for one in found for reason in one.reasons)


async def possible(ready: Predictor, world: World, code: str) -> tuple[int, float]:
    """A call for which the facts alone leave this reason possible, and how probable it is."""
    for n in range(len(world.lessons) - CUT):
        for reason in (await ready.predict(asked(world, n))).reasons:
            if reason.code == code and 0.1 < reason.probability < 0.6:
                return n, reason.probability
    raise AssertionError(f"{code} is never possible")


async def test_words_move_the_reasons_and_are_named(ready: Predictor, world: World) -> None:
    """Fused with the facts; the words are the first cause of what they made likelier."""
    n, before = await possible(ready, world, "h0r0")
    after = await ready.predict(asked(world, n, ivr("somebody stole my card")))
    card = next(reason for reason in after.reasons if reason.code == "h0r0")
    assert card.probability > before + 0.1
    assert (card.why[0].code, card.why[0].value) == ("words.ivr", "somebody stole my card")
    assert after.model == "trees-1 + words-1"


async def test_what_is_none_of_ours_changes_nothing_but_is_told(
    ready: Predictor, world: World
) -> None:
    before = await ready.predict(asked(world, 0))
    after = await ready.predict(asked(world, 0, ivr("zebra quantum pizza taxi rain")))
    assert after.not_ours
    assert after.reasons == before.reasons
    note = Words(source="note", text="zebra quantum pizza taxi rain")
    assert not (await ready.predict(asked(world, 0, note))).not_ours


async def test_the_customers_own_words_count_before_the_agents_note(
    ready: Predictor, world: World
) -> None:
    note = Words(source="note", text="what are these fees")
    n, _ = await possible(ready, world, "h0r0")
    own = ivr("somebody stole my card")
    assert (await ready.predict(asked(world, n, own, note))).reasons == (
        await ready.predict(asked(world, n, own))
    ).reasons
    by_note = await ready.predict(asked(world, n, note))
    causes = {cause.code for reason in by_note.reasons for cause in reason.why}
    assert "words.note" in causes


async def test_a_correction_is_used_by_the_very_next_call(ready: Predictor, world: World) -> None:
    """Both the words and the facts: learning is in the queue before the next question."""
    odd = ivr("the blue thing does not blink")
    order = asked(world, 0, odd)
    ready.learn(confirmed(world, 0, "h2r2", odd))
    found = await ready.predict(order)
    assert found.reasons[0].code == "h2r2"
    assert found.reasons[0].why[0].value == odd.text


async def test_a_correction_outlives_a_restart_and_a_new_model(
    world: World, texts: TextModel, pool: ThreadPoolExecutor
) -> None:
    """What was confirmed before the start, and before a model came into use, is taken along."""
    odd = ivr("the blue thing does not blink")
    made = predictor(world, pool)
    lesson = replace(world.lessons[CUT], words=(odd,), reason="h2r2")
    made.remember([lesson])
    await made.use(Models(texts=texts, texts_name="words-1"))
    found = await made.predict(asked(world, 0, odd))
    assert found.reasons[0].code == "h2r2"


async def test_what_cannot_be_learned_is_told(
    ready: Predictor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(Reasons, "learn", broken)
        ready.learn(confirmed(world, 0, "h2r2"))
        await ready.predict(asked(world, 0))
    assert ready.counted["learn_failed"] == 1


def confirmed(world: World, n: int, reason: str, *words: Words) -> RecordOutcome:
    lesson = world.lessons[CUT + n]
    return RecordOutcome(
        at=lesson.at, call=lesson.call, agent="mei", person=None, reason=reason, outcome="solved",
        notes="", queue=lesson.queue, context=lesson.context, features=lesson.features,
        words=words,
    )  # fmt: skip


async def test_challengers_are_scored_beside_the_one_in_use(
    ready: Predictor, world: World, trees: ReasonTrees
) -> None:
    """On the same facts; nobody is shown what they say."""
    assert (await ready.predict(asked(world, 0))).challengers == ()
    other = fit_trees(world.lessons[:400], world.heads, world.prior, seed=2)
    await ready.use(Models(trees=trees, trees_name="trees-1", challengers=(("trees-2", other),)))
    found = await ready.predict(asked(world, 0))
    assert [one.model for one in found.challengers] == ["trees-1", "trees-2"]
    own = dict(found.challengers[0].reasons)
    assert own[found.reasons[0].code] == pytest.approx(found.reasons[0].probability, abs=1e-3)
    assert found.challengers[0].reasons != found.challengers[1].reasons


async def test_when_time_is_up_the_rules_answer_and_the_rest_follows(
    world: World, trees: ReasonTrees, pool: ThreadPoolExecutor
) -> None:
    made = predictor(world, pool, deadline=0.001)
    await made.use(Models(trees=trees, trees_name="trees-1"))
    for n in range(ENOUGH):
        made.learn(noted(f"c{n}", reason="h1r1", queue="service", context=LATE))
    gate = threading.Event()
    pool.submit(gate.wait, 30.0)
    found = await made.predict(asked(world, 0))
    assert found.model == made.reasons.rules.name
    assert found.late is not None
    gate.set()
    late = await found.late
    assert late.model == "trees-1"
    assert made.counted["late"] == 1


async def test_a_model_that_breaks_is_the_calls_failure(
    ready: Predictor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it raises is passed on, and the next question is answered."""

    def broken(*_: object) -> None:
        raise ValueError("a broken array")

    with monkeypatch.context() as patch:
        patch.setattr(ReasonTrees, "distribution", broken)
        with pytest.raises(ValueError, match="a broken array"):
            await ready.predict(asked(world, 0))
    assert (await ready.predict(asked(world, 0))).reasons


async def test_where_it_is_off_nothing_is_predicted(world: World, pool: ThreadPoolExecutor) -> None:
    """By queue and by person; both are told apart from not knowing."""
    made = predictor(world, pool, off=("sales",))
    order = asked(world, 0)
    quiet = Predict(call="c", queue="sales", context=order.context, features=order.features)
    assert ((await made.predict(quiet)).reasons, (await made.predict(quiet)).model) == ((), OFF)
    assert (await made.predict(order, allowed=False)).model == OFF


async def test_confirmed_reasons_are_predicted_by_the_rules_alone(
    world: World, pool: ThreadPoolExecutor
) -> None:
    """Not known at first; after enough outcomes the context decides. No model was ever trained."""
    made = predictor(world, pool)
    ask = Predict(call="c", queue="support", context=("who=known", "matter=none"))
    assert (await made.predict(ask)).reasons == ()
    for n in range(ENOUGH):
        made.learn(noted(f"c{n}", reason="h3r1", queue="support", context=ask.context))
    found = await made.predict(ask)
    assert (found.reasons[0].code, found.model) == ("h3r1", made.reasons.rules.name)


async def test_many_ask_at_once(ready: Predictor, world: World) -> None:
    found = await asyncio.gather(*(ready.predict(asked(world, n)) for n in range(100)))
    again = [await ready.predict(asked(world, n)) for n in range(100)]
    assert [one.reasons for one in found] == [one.reasons for one in again]
