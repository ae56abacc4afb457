"""Replay: models over the calls of a period, beside the simple rules."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from callcenter.floor.card import Features, Words
from intelligence.evaluation import (
    as_it_was,
    as_text,
    by_rules,
    by_trees,
    by_words,
    good_as_first,
    replay,
    report,
    split,
)
from intelligence.measures import Bin
from intelligence.picture import reliability_svg
from intelligence.rules import Usual

from .lesson_kit import lesson

USUAL = (Usual("pin", 0.5, "cards"), Usual("loan", 0.5, "loans"))


def test_a_report_measures_what_was_said_and_every_group() -> None:
    lessons = [
        lesson(1, "pin", tier="gold", queue="cards"),
        lesson(2, "loan", tier="gold", queue="cards"),
        lesson(3, "loan", tier=None, queue="loans"),
    ]
    said = [(("pin", 0.8), ("loan", 0.2)), (("pin", 0.6), ("loan", 0.4)), (("loan", 0.9),)]
    found = report("m", said, lessons, 2, 0.7)
    assert (found.n, found.top1, found.top3) == (3, pytest.approx(2 / 3), 1.0)
    assert found.coverage == pytest.approx(2 / 3)
    assert found.log_loss == pytest.approx(-np.log([0.8, 0.4, 0.9]).mean())
    assert [(one.group, one.value, one.n, one.top1) for one in found.groups] == [
        ("tier", "gold", 2, 0.5), ("queue", "cards", 2, 0.5), ("queue", "loans", 1, 1.0),
    ]  # fmt: skip
    assert found.metrics()["top1"] == found.top1
    assert "groups" not in found.metrics()


def test_what_was_shown_is_replayed_where_anything_was_predicted() -> None:
    shown = (("pin", 0.5),)
    lessons = [lesson(1, "pin", shown=shown), lesson(2, "pin", model=None), lesson(3, "pin")]
    lessons.append(lesson(4, "pin", model="off"))
    said, asked = replay(as_it_was, lessons)
    assert said == [shown, ()]
    assert [one.call for one in asked] == ["c1", "c3"]


def test_trees_are_asked_with_queue_and_path_and_only_where_features_are() -> None:
    seen: list[Features] = []

    def distribution(features: Features) -> Mapping[str, float]:
        seen.append(features)
        return {"pin": 0.3, "loan": 0.7}

    path = (Words(source="path", text="2-1"),)
    lessons = [lesson(1, "pin", queue="cards", words=path), lesson(2, "pin", features=())]
    said, asked = replay(by_trees(distribution), lessons)
    assert said == [(("loan", 0.7), ("pin", 0.3))]
    assert [one.call for one in asked] == ["c1"]
    assert dict(seen[0]).keys() == {"identity|known", "path|2-1", "queue|cards"}


def test_words_are_asked_about_the_last_said_and_never_about_a_path() -> None:
    asked: list[tuple[str, str | None]] = []

    def read(text: str, language: str | None) -> Mapping[str, float]:
        asked.append((text, language))
        return {"pin": 1.0}

    words = (
        Words(source="ivr", text="my card", language="en"),
        Words(source="chat", text="忘記密碼"),
        Words(source="note", text="typed by the agent"),
        Words(source="path", text="2"),
    )
    replay(by_words(read), [lesson(1, "pin", words=words, language="zh-Hant"), lesson(2, "pin")])
    replay(by_words(read), [lesson(3, "pin", words=words[2:])])
    assert asked == [("忘記密碼", "zh-Hant"), ("typed by the agent", None)]


def test_the_rules_learn_each_call_after_they_were_asked_about_it() -> None:
    past = [lesson(n, "pin", queue=None) for n in range(50)]
    says = by_rules(USUAL, past)
    now = [lesson(100 + n, "loan", queue=None) for n in range(50)]
    said, _ = replay(says, now)
    first, last = dict(said[0])["loan"], dict(said[-1])["loan"]
    assert first < 0.2
    assert last > 0.4


def test_the_held_out_part_is_the_latest_fifth() -> None:
    lessons = [lesson(n, "pin") for n in range(10)]
    train, held = split(lessons)
    assert [one.call for one in held] == ["c8", "c9"]
    assert len(train) == 8
    assert split(lessons[:3]) == (lessons[:3], [])


def streams(n: int, better: float) -> tuple[list[list[tuple[str, float]]], ...]:
    rng = np.random.default_rng(5)
    hits = rng.random(n) < better
    labels = [("pin", "loan", "fees")[k] for k in rng.integers(0, 3, n)]
    new = [
        [(label if hit else next(x for x in ("pin", "loan") if x != label), better)]
        for label, hit in zip(labels, hits, strict=True)
    ]
    rules = [[("pin", 0.34), ("loan", 0.33), ("fees", 0.33)] for _ in range(n)]
    return new, rules, [[(label, 1.0)] for label in labels]


def first(n: int, better: float, p99: float = 0.01, poison: bool = False) -> tuple[bool, str]:
    new, rules, labels = streams(n, better)
    lessons = [lesson(k, "pin" if poison else one[0][0]) for k, one in enumerate(labels)]
    found = good_as_first(new, rules, lessons, 4, p99=p99, budget=0.05)
    return found.ok, found.why


def test_a_first_model_that_clearly_beats_the_rules_is_used_at_once() -> None:
    ok, why = first(1000, 0.8)
    assert ok
    assert why.startswith("beats the rules by at least ")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((299, 0.8), "300 are needed"),
        ((1000, 0.3), "does not clearly beat"),
        ((1000, 0.8, 0.06), "0.060 s"),
        ((1000, 0.8, 0.01, True), "labels look wrong"),
    ],
)
def test_any_other_first_model_is_tried_on_live_calls(
    arguments: tuple[int, float], why: str
) -> None:
    ok, said = first(*arguments)
    assert not ok
    assert why in said


def test_a_first_model_that_boasts_is_tried_first() -> None:
    new, rules, labels = streams(1000, 0.8)
    lessons = [lesson(k, one[0][0]) for k, one in enumerate(labels)]
    boasting = [[(code, 0.95)] for [(code, _)] in new]
    found = good_as_first(boasting, rules, lessons, 4, p99=0.01, budget=0.05)
    assert not found.ok
    assert "not true enough" in found.why


def test_the_table_has_every_number_and_no_numbers_without_calls() -> None:
    found = report("m", [(("pin", 0.8),)], [lesson(1, "pin", tier="gold")], 2, 0.5)
    text = as_text(found, {"frequent": 0.25, "last": None})
    assert "top-1  100.0%" in text
    assert "frequent 25.0%, last -" in text
    assert "tier gold: 100.0% of 1" in text
    assert "top-1       -" in as_text(report("m", [], [], 2, 0.5), {})


def test_the_picture_is_an_svg_with_a_point_for_every_bin() -> None:
    bins = (Bin(p=0.25, share=0.5, n=10), Bin(p=0.9, share=0.8, n=40))
    root = ElementTree.fromstring(reliability_svg("<script>&", bins))
    names = "{http://www.w3.org/2000/svg}"
    circles = root.findall(f"{names}circle")
    assert [(one.get("cx"), one.get("cy")) for one in circles] == [
        ("150.0", "250.0"), ("410.0", "130.0"),
    ]  # fmt: skip
    assert root.findtext(f"{names}title") == "<script>&"
    assert ElementTree.fromstring(reliability_svg("none", ())).findall(f"{names}circle") == []


def test_lessons_without_a_prediction_are_no_group_of_their_own() -> None:
    lessons = [replace(lesson(1, "pin"), queue=None)]
    assert report("m", [()], lessons, 2, 0.5).groups == ()
