"""The trained model: true probabilities, honest reasons, safe files."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest

from callcenter.ports import Lesson
from intelligence.features import at_serving, features
from intelligence.fitting import fit_trees
from intelligence.training import FEWEST, ModelUnreadable, TrainingError
from intelligence.trees import CLEAR, ReasonTrees

from .world import World, made_up

N, CUT = 1600, 1200


@pytest.fixture(scope="module")
def world() -> World:
    return made_up(N, seed=3)


@pytest.fixture(scope="module")
def model(world: World) -> ReasonTrees:
    return fit_trees(world.lessons[:CUT], world.heads, world.prior, seed=1)


def loss(model: ReasonTrees, lessons: list[Lesson]) -> float:
    return -sum(math.log(model.distribution(one.features)[one.reason]) for one in lessons) / len(
        lessons
    )


def odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_it_comes_near_the_truth_and_means_what_it_says(world: World, model: ReasonTrees) -> None:
    """On later calls: most of the way from frequencies to the truth, and calibrated."""
    test, truths = world.lessons[CUT:], world.truth[CUT:]
    best = -sum(math.log(t[one.reason]) for one, t in zip(test, truths, strict=True)) / len(test)
    counts = dict.fromkeys(world.heads, 1.0)
    for one in world.lessons[:CUT]:
        counts[one.reason] += 1
    plain = -sum(math.log(counts[one.reason] / sum(counts.values())) for one in test) / len(test)
    ours = loss(model, test)
    assert best < ours < best + 0.35 * (plain - best)
    said = [model.distribution(one.features) for one in test]
    assert all(math.isclose(sum(one.values()), 1.0) and min(one.values()) > 0 for one in said)
    first = [max(one, key=lambda code: (one[code], code)) for one in said]
    right = np.array([code == one.reason for code, one in zip(first, test, strict=True)])
    sure = np.array([one[code] for one, code in zip(said, first, strict=True)])
    assert abs(right.mean() - sure.mean()) < 0.06
    best_hits = np.mean(
        [max(t, key=lambda c: t[c]) == o.reason for o, t in zip(test, truths, strict=True)]
    )
    assert right.mean() > best_hits - 0.06


def test_the_same_seed_gives_the_same_model(world: World) -> None:
    """In whatever order the lessons come."""
    some = world.lessons[:300]
    one = fit_trees(some, world.heads, world.prior, seed=1)
    two = fit_trees(some[::-1], world.heads, world.prior, seed=1)
    for lesson in world.lessons[CUT : CUT + 20]:
        assert one.distribution(lesson.features) == two.distribution(lesson.features)


def test_progress_goes_from_nothing_to_all(world: World) -> None:
    told: list[tuple[str, float]] = []
    fit_trees(
        world.lessons[:300],
        world.heads,
        world.prior,
        1,
        lambda what, done: told.append((what, done)),
    )
    parts = [done for _, done in told]
    assert parts[0] == 0.0
    assert parts[-1] == 1.0
    assert parts == sorted(parts)
    assert len(parts) > 5


def test_the_facts_it_names_are_those_that_moved_it(world: World, model: ReasonTrees) -> None:
    """Removing a named fact from the person and asking again lowers the odds by a clear amount;
    facts that are not named lower them by less."""
    named = 0
    for i in range(CUT, CUT + 60):
        lesson, row, causes = world.lessons[i], world.rows[i], world.causes[i]
        said = model.distribution(lesson.features)
        code = max(said, key=lambda one: said[one])
        told = model.why(lesson.features, causes, code, most=9)
        losses = []
        for cause in causes:
            if not cause.group.startswith(("happening.", "page.")):
                continue
            kind = cause.group.partition(".")[2]
            rest = replace(
                row,
                happenings=tuple(one for one in row.happenings if one.kind != kind),
                pages=tuple(one for one in row.pages if one.page != kind),
            )
            found, _ = features("known", rest, "800", lesson.at, (), {"solved"}, UTC)
            again = model.distribution(at_serving(found, lesson.queue, ()))
            lost = odds(said[code]) - odds(again[code])
            if cause in told:
                named += 1
                assert lost >= CLEAR - 1e-9
                losses.append((told.index(cause), lost))
            else:
                assert lost < CLEAR + 1e-9
        in_order = [lost for _, lost in sorted(losses)]
        assert in_order == sorted(in_order, reverse=True)
    assert named > 20


def test_why_is_asked_once_for_several_reasons(world: World, model: ReasonTrees) -> None:
    """The same facts as one by one; nothing for a reason it does not have, or without facts."""
    lesson, causes = world.lessons[CUT], world.causes[CUT]
    codes = list(model.codes[:3])
    together = model.whys(lesson.features, causes, codes)
    assert together == [model.why(lesson.features, causes, code) for code in codes]
    assert model.why(lesson.features, causes, "no_such_reason") == ()
    assert model.why(lesson.features, (), codes[0]) == ()


def test_nothing_known_is_answered_with_what_is_usual(world: World, model: ReasonTrees) -> None:
    """Without features, and with names it never saw, the frequencies of all calls."""
    nothing = model.distribution(())
    strange = model.distribution((("happening.martian|age", 1.0), ("zzz|n", 1e6)))
    assert nothing == strange
    assert math.isclose(sum(nothing.values()), 1.0)
    usual = max(nothing, key=lambda code: nothing[code])
    counts = {c: sum(one.reason == c for one in world.lessons[:CUT]) for c in model.codes}
    assert usual in sorted(counts, key=lambda code: -counts[code])[:3]


def test_a_stored_model_answers_to_the_last_bit_as_it_did(
    world: World, model: ReasonTrees, tmp_path: Path
) -> None:
    model.save(tmp_path)
    again = ReasonTrees.load(tmp_path)
    assert again.facts() == model.facts()
    assert again.head_of == dict(world.heads)
    json.dumps(model.facts())
    for i in range(CUT, CUT + 30):
        lesson = world.lessons[i]
        assert again.distribution(lesson.features) == model.distribution(lesson.features)


def test_another_format_is_refused_in_words(model: ReasonTrees, tmp_path: Path) -> None:
    model.save(tmp_path)
    about = json.loads((tmp_path / "reasons.json").read_text())
    (tmp_path / "reasons.json").write_text(json.dumps({**about, "format": 99}))
    with pytest.raises(ModelUnreadable, match=r"format 99.*reads format 2"):
        ReasonTrees.load(tmp_path)
    (tmp_path / "reasons.json").write_text("{")
    with pytest.raises(ModelUnreadable, match="not JSON"):
        ReasonTrees.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tree_left", lambda a: a + len(a)),
        ("tree_feature", lambda a: a + 10_000),
        ("tree_value", lambda a: a * np.nan),
        ("shares", lambda a: a[:, :-1]),
        ("laws", lambda a: -a),
        ("head_of", lambda a: a + 99),
        ("base", lambda a: a * np.inf),
        ("tree_roots", lambda a: a.astype(object)),
    ],
)
def test_numbers_that_cannot_be_a_model_are_refused(
    model: ReasonTrees, tmp_path: Path, name: str, change: object
) -> None:
    """Whatever is in the file, nothing is revived and nothing is walked out of bounds."""
    model.save(tmp_path)
    with np.load(tmp_path / "reasons.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    with np.errstate(invalid="ignore"):
        arrays[name] = change(arrays[name])  # type: ignore[operator]
    np.savez(tmp_path / "reasons.npz", **arrays)
    with pytest.raises(ModelUnreadable):
        ReasonTrees.load(tmp_path)


def test_what_cannot_be_learned_from_is_said_in_words(world: World) -> None:
    heads, prior = world.heads, world.prior
    with pytest.raises(TrainingError, match=f"3 of 3 .* at least {FEWEST}"):
        fit_trees(world.lessons[:3], heads, prior, 1)
    one = [replace(lesson, reason="h0r0") for lesson in world.lessons[:300]]
    with pytest.raises(TrainingError, match="same kind of reason"):
        fit_trees(one, heads, prior, 1)
    with pytest.raises(TrainingError, match="300 have a reason that the pack does not have"):
        fit_trees([replace(lesson, reason="gone") for lesson in one], heads, prior, 1)
    with pytest.raises(TrainingError, match="300 have no features"):
        fit_trees([replace(lesson, features=()) for lesson in one], heads, prior, 1)
    for bad in (math.nan, math.inf, 1e99):
        broken = replace(world.lessons[0], features=(("order_late|age", bad),))
        with pytest.raises(TrainingError, match="call c0: feature order_late"):
            fit_trees([broken, *world.lessons[1:300]], heads, prior, 1)
    with pytest.raises(TrainingError, match="no reasons"):
        fit_trees(world.lessons[:300], {}, {}, 1)
    with pytest.raises(TrainingError, match="prior"):
        fit_trees(world.lessons[:300], heads, {"h0r0": math.nan}, 1)


def test_a_reason_the_pack_lost_and_one_it_just_got(world: World) -> None:
    """The old one's calls are left out and counted; the new one keeps a probability."""
    some = [
        replace(lesson, reason="retired") if k % 10 == 0 else lesson
        for k, lesson in enumerate(world.lessons[:500])
    ]
    heads = {**world.heads, "brand_new": "h9"}
    model = fit_trees(some, heads, world.prior, 1)
    assert model.facts()["left_out_unknown_reason"] == 50
    said = model.distribution(world.lessons[600].features)
    assert "retired" not in said
    assert said["brand_new"] > 1e-6
    assert math.isclose(sum(said.values()), 1.0)


def test_wrong_labels_cost_little(world: World) -> None:
    """One label in ten at random: the likeliest reason is nearly as often the right one."""
    noisy = made_up(N, seed=3, wrong=0.1)
    right = [max(t, key=lambda c: t[c]) for t in noisy.truth[CUT:]]
    model = fit_trees(noisy.lessons[:CUT], noisy.heads, noisy.prior, seed=1)
    agrees = 0
    for lesson, code in zip(noisy.lessons[CUT:], right, strict=True):
        said = model.distribution(lesson.features)
        agrees += max(said, key=lambda one: said[one]) == code
    assert agrees / (N - CUT) > 0.7


def test_a_pack_without_heads_is_learned_without_trees(world: World, tmp_path: Path) -> None:
    """Every reason is its own head: 52 of them would make 52 trees a round."""
    own = {code: code for code in (*world.heads, *(f"x{k}" for k in range(36)))}
    model = fit_trees(world.lessons[:CUT], own, world.prior, 1)
    assert model.facts()["rounds"] == 0
    lesson = world.lessons[CUT]
    assert math.isclose(sum(model.distribution(lesson.features).values()), 1.0)
    assert loss(model, world.lessons[CUT:]) < 2.4
    model.save(tmp_path)
    again = ReasonTrees.load(tmp_path)
    assert again.distribution(lesson.features) == model.distribution(lesson.features)
