"""What is said of a call before any word: trees or rules, with why, or not known."""

from __future__ import annotations

import pytest

from callcenter.floor.card import Cause, Words
from intelligence.features import at_serving
from intelligence.fitting import fit_trees
from intelligence.reasons import Confirmed, Reasons, caught_up
from intelligence.rules import ENOUGH, NAME, SHOWN, WORTH_SHOWING, ReasonModel, Usual
from intelligence.trees import ReasonTrees

from .world import World, made_up

CUT = 800
LATE = ("who=known", "matter=order_late")
ORDER = Cause(group="order_late", code="order_late", kind="duration", value=9.0, detail="O1")
OTHER = Cause(group="bill_due", code="bill_due", kind="instant", value=1.0)


@pytest.fixture(scope="module")
def world() -> World:
    return made_up(1000, seed=5)


@pytest.fixture(scope="module")
def trees(world: World) -> ReasonTrees:
    return fit_trees(world.lessons[:CUT], world.heads, world.prior, seed=1)


def rules() -> ReasonModel:
    return ReasonModel([Usual("card", 0.5, "service"), Usual("fees", 0.5, "service")])


def trained() -> Reasons:
    """Rules that saw late orders lead to questions about the card."""
    model = rules()
    for k in range(ENOUGH):
        model.learn("service", LATE, "card" if k % 10 else "fees")
        model.learn("service", ("who=known", "matter=none"), "fees" if k % 10 else "card")
    return Reasons(model, sure=0.15)


def test_without_a_trained_model_the_rules_speak_and_say_why() -> None:
    """The pressing matter is the fact, for the reason that it makes likelier only."""
    reasons = trained()
    assert reasons.name == NAME
    said = reasons.distribution("service", LATE, (("order_late|age", 1.0),))
    assert said == reasons.rules.distribution("service", LATE)
    first, second = reasons.told(said, (), (OTHER, ORDER), queue="service", context=LATE)
    assert (first.code, first.why) == ("card", (ORDER,))
    assert (second.code, second.why) == ("fees", ())
    none = ("who=known", "matter=none")
    said = reasons.distribution("service", none, ())
    assert reasons.told(said, (), (ORDER,), queue="service", context=none)[0].why == ()


def test_a_cold_start_says_nothing_until_there_are_words() -> None:
    """The pack's shares alone are no prediction; words read with them are."""
    reasons = Reasons(rules(), sure=0.15)
    said = reasons.distribution("service", LATE, ())
    assert reasons.told(said, (), ()) == ()
    heard = (Words(source="ivr", text="fees"),)
    assert reasons.told({"fees": 0.9, "card": 0.1}, (), (), words=heard)[0].code == "fees"


def test_a_trained_model_speaks_with_the_facts_that_moved_it(
    world: World, trees: ReasonTrees
) -> None:
    """At most three, likeliest first, with causes among those of the call."""
    reasons = Reasons(rules(), sure=0.15)
    reasons.use(trees)
    assert reasons.name == trees.name
    with_why = 0
    for lesson, causes in zip(world.lessons[CUT:], world.causes[CUT:], strict=True):
        said = reasons.distribution(lesson.queue, lesson.context, lesson.features)
        told = reasons.told(said, lesson.features, causes, queue=lesson.queue)
        assert said == pytest.approx(trees.distribution(lesson.features))
        assert len(told) <= SHOWN
        assert all(one.probability >= WORTH_SHOWING - 1e-4 for one in told)
        assert [one.probability for one in told] == sorted(
            (one.probability for one in told), reverse=True
        )
        for one in told:
            with_why += bool(one.why)
            assert {cause.group for cause in one.why} <= {c.group for c in causes} | {"queue"}
    assert with_why > 50


def test_rules_speak_for_a_call_without_features(world: World, trees: ReasonTrees) -> None:
    """A call of before the features were kept, while a model is in use."""
    reasons = trained()
    reasons.use(trees)
    assert reasons.distribution("service", LATE, ()) == reasons.rules.distribution("service", LATE)
    reasons.use(None)
    assert reasons.name == NAME


def test_the_queue_is_a_fact_only_when_it_decides(world: World, trees: ReasonTrees) -> None:
    """And then for the reasons that it makes likelier."""
    reasons = Reasons(rules(), sure=0.0)
    reasons.use(trees)
    told_for = {True: 0, False: 0}
    for lesson in world.lessons[CUT:]:
        said = reasons.distribution(lesson.queue, lesson.context, lesson.features)
        first = reasons.told(said, lesson.features, (), queue=lesson.queue)[0]
        told = [cause.value for cause in first.why if cause.code == "queue"]
        told_for[bool(told)] += 1
        if told:
            rest = tuple(one for one in lesson.features if not one[0].startswith("queue|"))
            assert told == [lesson.queue]
            assert trees.distribution(rest)[first.code] < said[first.code]
    assert told_for[True] > 0
    assert told_for[False] > told_for[True]


def test_below_sure_nothing_is_said_unless_one_head_is_sure(
    world: World, trees: ReasonTrees
) -> None:
    """Flat over heads: silence. Flat over the leaves of one head: the leaves as they are."""
    reasons = Reasons(rules(), sure=0.3)
    reasons.use(trees)
    n = len(world.heads)
    flat = dict.fromkeys(world.heads, 1 / n)
    assert reasons.told(flat, (), ()) == ()
    head = next(iter(world.heads.values()))
    of_head = [code for code, one in world.heads.items() if one == head]
    one_head = {code: 0.9 / len(of_head) if code in of_head else 0.1 / (n - len(of_head))
                for code in world.heads}  # fmt: skip
    told = reasons.told(one_head, (), ())
    assert {one.code for one in told} <= set(of_head)
    assert all(one.probability == round(0.9 / len(of_head), 4) for one in told)


def test_what_was_confirmed_moves_the_next_calls(world: World, trees: ReasonTrees) -> None:
    """One rare reason again and again: it grows; and a model that comes later has seen it too."""
    reasons = Reasons(rules(), sure=0.15)
    reasons.use(trees)
    said = trees.distribution(world.lessons[CUT].features)
    rare = min(said, key=lambda code: said[code])
    for k in range(60):
        lesson = world.lessons[CUT + k]
        reason = rare if k % 2 else lesson.reason
        reasons.learn(lesson.queue, lesson.context, lesson.features, (), reason)
    assert reasons.rules.evidence == 60
    lesson = world.lessons[CUT + 99]
    now = reasons.distribution(lesson.queue, lesson.context, lesson.features)
    assert now[rare] > 2 * trees.distribution(lesson.features)[rare]
    ready = caught_up(trees, reasons.recent())
    reasons.use(trees, ready)
    again = reasons.distribution(lesson.queue, lesson.context, lesson.features)
    assert again == pytest.approx(now)
    reasons.use(trees)
    assert reasons.distribution(lesson.queue, lesson.context, lesson.features) == again


def test_serving_features_are_what_is_remembered(world: World, trees: ReasonTrees) -> None:
    """With the queue; a call of which nothing may be used is not remembered."""
    reasons = Reasons(rules(), sure=0.15)
    plain = tuple(one for one in world.lessons[0].features if not one[0].startswith("queue|"))
    reasons.learn("service", (), plain, (), "h0r0")
    reasons.learn("service", (), (), (), "h0r0")
    assert reasons.recent() == (Confirmed(at_serving(plain, "service", ()), "h0r0"),)


def test_when_time_is_up_the_rules_answer(trees: ReasonTrees) -> None:
    """Whatever model is in use; silent below ``sure``."""
    reasons = trained()
    reasons.use(trees)
    assert reasons.by_rules("service", LATE)[0].code == "card"
    assert Reasons(reasons.rules, sure=0.99).by_rules("service", LATE) == ()
    assert Reasons(rules(), sure=0.1).by_rules("service", LATE) == ()
