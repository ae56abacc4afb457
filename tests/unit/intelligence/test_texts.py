"""Reasons from words: learned, corrected at once, rejected, stored."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from intelligence.encoders import Vectors
from intelligence.memory import Example, HashedPieces
from intelligence.texts import Reading, TextModel, fit_texts
from intelligence.training import ModelUnreadable, TrainingError

SAID = {
    "card.lost": ["lost", "stolen", "missing", "cannot find"],
    "card.pin": ["forgot the pin of", "need a new pin for", "blocked the pin of"],
    "transfer.late": ["transfer has not arrived", "money is still not there", "payment is late"],
    "loan.rate": ["interest rate of my loan", "what does borrowing cost", "loan instalment"],
    "账户.余额": ["查询账户余额", "我的余额是多少", "账户里还有多少钱"],
}
FRAMES = [
    "hello, {} my card", "{}", "well I {} please", "{} since Monday", "about {} again", "so {}?",
    "my wife says {}", "yes {} thank you",
]  # fmt: skip
OUTSIDE = ["tell me a joke", "what is the weather", "sing a song for me", "who won the match"] * 6


class Eyes(HashedPieces):
    """An encoder of its own name, which does not read Chinese."""

    name = "eyes"
    fingerprint = "e1"

    def reads(self, text: str) -> bool:
        return text.isascii()

    def encode(self, texts: Sequence[str]) -> Vectors:
        return -super().encode(texts)


def examples() -> list[Example]:
    return [
        Example(frame.format(words), None, reason)
        for reason, all_words in SAID.items()
        for words in all_words
        for frame in FRAMES
    ]


@cache
def learned() -> TextModel:
    """Not for tests that correct it."""
    return fit_texts(examples(), None, seed=1, outside=OUTSIDE)


def taught() -> TextModel:
    """One's own, to correct."""
    return deepcopy(learned())


@cache
def seeing() -> TextModel:
    """Not for tests that correct it."""
    return fit_texts(examples(), Eyes(), seed=1)


def first(reading: Reading) -> str:
    return max(reading.distribution, key=lambda code: reading.distribution[code])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I have lost my card yesterday", "card.lost"),
        ("Please, I forgot the pin", "card.pin"),
        ("the transfer has still not arrived!", "transfer.late"),
        ("请问账户余额", "账户.余额"),
    ],
)
def test_reads_what_it_was_not_told_word_for_word(text: str, reason: str) -> None:
    reading = learned().read(text)
    assert first(reading) == reason
    assert math.isclose(sum(reading.distribution.values()), 1)
    assert reading.ours > 0.5


def test_turns_away_what_is_none_of_ours() -> None:
    assert learned().read("tell me a joke about the weather").ours < 0.5
    assert learned().read("my card was stolen").ours > 0.5


def test_without_outside_examples_nonsense_is_doubted_more_than_ours() -> None:
    model = fit_texts(examples(), None, seed=1)
    assert model.read("qqq zzz xxv").ours < 0.5 < model.read("about stolen again").ours


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "a" * 100_000, "<script>alert(1)</script>", "🙂" * 3000]
)
def test_any_text_is_read(text: str) -> None:
    reading = learned().read(text)
    assert math.isclose(sum(reading.distribution.values()), 1)
    assert 0 <= reading.ours <= 1


def test_only_the_beginning_is_read() -> None:
    begun = "lost my card " * 200
    assert learned().read(begun[:2000]) == learned().read(begun + " loan" * 50_000)


def test_a_correction_counts_from_the_next_text_on() -> None:
    model = taught()
    text = "my card was stolen"
    assert first(model.read(text)) == "card.lost"
    model.memory.add(Example(text, None, "fraud.report"))  # a reason it never heard of
    assert first(model.read(text)) == "fraud.report"
    assert first(model.read("  My CARD was   stolen")) == "fraud.report"
    assert model.read(text).ours > 0.9
    near = model.read("my card was stolen today").distribution["fraud.report"]
    assert near > model.read("loan instalment").distribution["fraud.report"]
    model.memory.add(Example(text, None, "card.lost"))  # corrected again: the newest counts
    assert first(model.read(text)) == "card.lost"


def test_training_twice_gives_the_same_model() -> None:
    again = fit_texts(examples(), None, seed=1, outside=OUTSIDE)
    assert again.read("the money?") == learned().read("the money?")


def test_one_in_ten_labelled_wrongly_costs_little() -> None:
    chance = np.random.default_rng(3)
    codes = list(SAID)
    wrong = [
        Example(one.text, None, codes[chance.integers(len(codes))])
        if chance.random() < 0.1
        else one
        for one in examples()
    ]
    model = fit_texts(wrong, None, seed=1)
    right = sum(first(model.read(one.text)) == one.reason for one in examples())
    assert right >= 0.9 * len(examples())


def test_tells_how_far_it_is() -> None:
    told: list[tuple[str, float]] = []
    fit_texts(examples()[::4], None, 1, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], told[-1]) == (0.0, ("done", 1.0))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "no texts"),
        ([Example("a", None, "x"), Example("b", None, "x")], "one reason"),
        ([Example("a", None, "x"), Example("b", None, " ")], "has no reason"),
        ([Example("a", None, "x"), Example("b", None, "y", math.nan)], "weight nan"),
        ([Example("a", None, "x"), Example("b", None, "y", -1.0)], "weight -1"),
        ([Example(" ", None, "x"), Example("", None, "y")], "empty"),
    ],
)
def test_says_why_nothing_can_be_learned(given: list[Example], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        fit_texts(given, None, 1)


def test_one_example_each_is_enough() -> None:
    model = fit_texts([Example("lost card", None, "a"), Example("my loan", None, "b")], None, 1)
    assert first(model.read("the loan")) == "b"


def test_a_text_the_encoder_cannot_read_is_left_to_the_words() -> None:
    model = seeing()
    assert model.meaning is not None
    assert first(model.read("查询余额")) == "账户.余额"
    assert first(model.read("card stolen")) == "card.lost"


def test_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    model = taught()
    model.memory.add(Example("where is my statement", None, "paper"))
    model.save(tmp_path)
    back = TextModel.load(tmp_path)
    assert back.facts() == model.facts()
    for text in ("card stolen", "查询余额", "joke"):
        was, now = model.read(text), back.read(text)
        assert now.ours == pytest.approx(was.ours, abs=0.01)
        assert now.distribution == pytest.approx(was.distribution, abs=0.01)
    assert json.loads((tmp_path / "model.json").read_text())["facts"]["reasons"] == len(SAID)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"my wife says stolen" not in stored  # what people said stays out of it


def test_a_model_of_another_encoder_is_refused_in_words(tmp_path: Path) -> None:
    seeing().save(tmp_path / "eyes")
    taught().save(tmp_path / "none")
    other = Eyes()
    other.fingerprint = "e2"
    with pytest.raises(ModelUnreadable, match="encoder eyes"):
        TextModel.load(tmp_path / "eyes", other)
    with pytest.raises(ModelUnreadable, match="without an encoder"):
        TextModel.load(tmp_path / "none", Eyes())
    with pytest.raises(ValueError, match="no encoder eyes"):
        TextModel.load(tmp_path / "eyes")
    assert TextModel.load(tmp_path / "eyes", Eyes()).meaning is not None


@pytest.mark.parametrize("what", ["format", "json", "arrays", "half", "empty", "shape"])
def test_a_broken_model_is_refused_in_words(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned().save(tmp_path)
    arrays = tmp_path / "arrays.npz"
    whole = arrays.read_bytes()
    broken = {"arrays": b"no zip", "half": whole[: len(whole) // 2], "empty": b""}
    about = json.loads((tmp_path / "model.json").read_text())
    if what == "format":
        about["format"] = 99
    elif what == "shape":
        about["reasons"] = about["reasons"][1:]
    (tmp_path / "model.json").write_text("[" if what == "json" else json.dumps(about))
    arrays.write_bytes(broken.get(what, whole))
    opened: list[IO[bytes]] = []
    load = np.load

    def seen(file: IO[bytes], allow_pickle: bool) -> object:
        opened.append(file)
        return load(file, allow_pickle=allow_pickle)

    monkeypatch.setattr(np, "load", seen)
    with pytest.raises(ModelUnreadable):
        TextModel.load(tmp_path)
    assert len(opened) == (what not in {"format", "json"})
    assert all(file.closed for file in opened)
