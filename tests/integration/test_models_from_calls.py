"""Training from a store to a registry, and the commands about it: real models, small ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from callcenter import model_commands as model_commands_module
from callcenter import refit
from callcenter.floor.card import Reason, Words
from callcenter.floor.orders import RecordOutcome, RecordPrediction
from callcenter.model_commands import model_commands
from callcenter.ports import Lesson
from callcenter.settings import PredictionSettings
from callcenter.store import open_store
from intelligence.fuse import Weights
from intelligence.locks import locked
from intelligence.pack import Choice, Pack
from intelligence.registry import Registry
from intelligence.rules import Usual
from intelligence.training import TrainingError
from intelligence.trees import ReasonTrees
from tests.unit.intelligence.lesson_kit import START, lesson

LABELS = {"en": "x", "zh-Hans": "x", "zh-Hant": "x"}
REASONS = {"pin": "cards", "lost": "cards", "fees": "accounts", "loan": "loans"}
ASKS = {
    "pin": ("I forgot my pin", "the pin does not work", "a new pin please", "wrong pin code"),
    "lost": ("my card is lost", "somebody stole my card", "card gone", "I lost the card"),
    "fees": ("what is this fee", "why was I charged", "a charge I do not know", "too many fees"),
    "loan": ("I want a loan", "how much can I borrow", "borrow money", "loan for a car"),
}


def small_pack(asks: bool = True) -> Pack:
    def choice(code: str, head: str | None = None) -> Choice:
        return Choice(code=code, labels=LABELS, head=head)

    return Pack(
        name="small",
        reasons=tuple(choice(code, head) for code, head in REASONS.items()),
        usual=tuple(Usual(code, 0.25, "") for code in REASONS),
        outcomes=(choice("done"),),
        breaks=(choice("lunch"),),
        heads=tuple(choice(head) for head in ("cards", "accounts", "loans")),
        asks={code: {"en": texts} for code, texts in ASKS.items()} if asks else {},
        outside={"en": ("what is the weather", "tell me a joke")} if asks else {},
    )


@dataclass
class ListedLessons:
    found: Sequence[Lesson] = ()
    asked: list[tuple[float, float]] = field(default_factory=list)

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        self.asked.append((since, until))
        return iter([one for one in self.found if since <= one.at < until])

    def confirmed_since(self, since: float) -> int:
        return sum(one.at >= since for one in self.found)


def told_by_events(n: int, seed: int = 1) -> list[Lesson]:
    """Calls whose reason the latest event tells in three of four cases."""
    rng = np.random.default_rng(seed)
    codes = tuple(REASONS)
    found = []
    for k in range(n):
        reason = codes[rng.integers(4)]
        event = reason if rng.random() < 0.75 else codes[rng.integers(4)]
        features = (
            (f"happening.{event}|age", float(rng.random() * 3)),
            ("identity|known", 1.0),
        )
        found.append(lesson(k, reason, features=features, queue=None))
    return found


def course(folder: Path, lessons: Sequence[Lesson], **settings: object) -> refit.Course:
    return refit.Course(
        lessons=ListedLessons(lessons), registry=Registry(folder), pack=small_pack(),
        settings=replace(PredictionSettings(deadline=5.0), **settings),  # type: ignore[arg-type]
        now=lambda: START + 1e6,
    )  # fmt: skip


LESSONS = told_by_events(1500)


def test_a_first_model_is_trained_measured_and_used(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    here = course(tmp_path, LESSONS)
    made = refit.train(here, "reasons", None, None, lambda *one: steps.append(one))
    assert made.promoted, made.why
    assert made.report.n == 300
    assert made.report.top1 is not None
    assert made.report.top1 > 0.7
    champion = here.registry.champion("reasons")
    assert champion is not None
    assert champion.data["lessons"] == 1500
    assert champion.data["last_call"] == "c1499"
    assert sum(champion.data["shares"].values()) == pytest.approx(1.0)
    metrics = champion.metrics
    assert metrics["top1"] > metrics["rules"]["top1"] + 0.3
    assert metrics["baselines"]["event"] == pytest.approx(metrics["top1"], abs=0.08)
    model = here.registry.load(champion)
    assert isinstance(model, ReasonTrees)
    said = model.distribution((("happening.loan|age", 1.0), ("identity|known", 1.0)))
    assert max(said, key=lambda code: said[code]) == "loan"
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert {step.partition(":")[0] for step, _ in steps} == {"reasons"}


def test_the_next_one_is_tried_first_and_by_hand_nothing_is_used(tmp_path: Path) -> None:
    here = course(tmp_path, LESSONS, promote="never")
    first = refit.train(here, "reasons", None, None, lambda *one: None)
    assert not first.promoted
    here.registry.promote(first.name, "by hand")
    gated = replace(here, settings=PredictionSettings(deadline=5.0))
    second = refit.train(gated, "reasons", None, None, lambda *one: None)
    assert not second.promoted
    assert [one.name for one in here.registry.challengers("reasons")] == [second.name]
    assert here.registry.version(second.name).parent == first.name


def test_poisoned_calls_are_used_for_nothing_at_once(tmp_path: Path) -> None:
    day = [replace(one, reason="fees") if k >= 1200 else one for k, one in enumerate(LESSONS)]
    here = course(tmp_path, day)
    made = refit.train(here, "reasons", None, None, lambda *one: None)
    assert not made.promoted
    assert "labels look wrong" in made.why
    (version,) = here.registry.challengers("reasons")
    assert "labels look wrong" in version.facts["warnings"][0]


@pytest.mark.parametrize(
    ("lessons", "said"),
    [
        ([], "at least 200 are needed"),
        (LESSONS[:150], "at least 200 are needed"),
        ([replace(one, reason="pin") for one in LESSONS], "nothing to tell apart"),
        ([replace(one, features=()) for one in LESSONS], "at least 200 are needed"),
    ],
)
def test_what_cannot_be_learned_from_is_said_and_nothing_is_written(
    tmp_path: Path, lessons: Sequence[Lesson], said: str
) -> None:
    here = course(tmp_path, lessons)
    with pytest.raises(TrainingError, match=said):
        refit.train(here, "reasons", None, None, lambda *one: None)
    assert here.registry.versions() == ()


def test_words_are_learned_from_the_pack_before_any_call(tmp_path: Path) -> None:
    here = course(tmp_path, [])
    made = refit.train(here, "words", None, None, lambda *one: None)
    assert made.report.n == 4  # every fifth of sixteen asks
    assert not made.promoted  # four asks prove nothing
    (version,) = here.registry.challengers("words")
    assert version.metrics["measured_on"] == "asks of the pack"
    model = here.registry.load(version)
    assert (
        max(model.read("my pin is wrong").distribution.items(), key=lambda one: one[1])[0] == "pin"
    )  # type: ignore[attr-defined]
    with pytest.raises(TrainingError, match="has no asks"):
        refit.train(
            replace(here, pack=small_pack(asks=False)), "words", None, None, lambda *one: None
        )


def test_words_of_calls_are_used_when_they_beat_the_rules_and_compared_afterwards(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(3)
    filler = ("please", "hello", "well", "now", "today", "my friend", "you know", "again")
    spoken = []
    for one in told_by_events(1500, seed=2):
        text = f"{rng.choice(filler)} {rng.choice(ASKS[one.reason])} {rng.choice(filler)}"
        words = (Words(source="chat", text=text, language="en"),)
        spoken.append(replace(one, words=words))
    here = course(tmp_path, spoken)
    first = refit.train(here, "words", None, None, lambda *one: None)
    assert first.promoted, first.why
    champion = here.registry.champion("words")
    assert champion is not None
    assert champion.metrics["measured_on"] == "words of calls"
    fusion = Weights(**champion.metrics["fusion"])
    assert fusion.text > 0
    second = refit.train(here, "words", None, None, lambda *one: None)
    assert not second.promoted  # the same again is no better
    assert "NOT (300, limit 1000)" in second.why
    assert here.registry.champion("words") == champion


def test_words_and_notes_of_calls_become_examples() -> None:
    words = (
        Words(source="path", text="2-1"),
        Words(source="ivr", text="lost my card", language="en"),
        Words(source="chat", text="  "),
        Words(source="note", text="typed by the agent"),
    )
    found = refit.examples_of(
        [lesson(1, "lost", words=words, notes="card stolen", language="zh-Hant")]
    )
    assert [(one.text, one.language, one.reason, one.weight) for one in found] == [
        ("lost my card", "en", "lost", 1.0),
        ("card stolen", None, "lost", refit.NOTE_WEIGHT),
    ]


def test_lessons_are_read_for_as_many_days_as_the_settings_say(tmp_path: Path) -> None:
    here = course(tmp_path, [], train_days=10.0)
    with pytest.raises(TrainingError):
        refit.train(here, "reasons", None, None, lambda *one: None)
    assert isinstance(here.lessons, ListedLessons)
    since, until = here.lessons.asked[0]
    assert until - since == 10 * 86_400


# --- the commands, over a store ---------------------------------------------------------------

RUNNER = CliRunner()


def small_pack_file() -> str:
    """Four reasons instead of the finance pack's hundreds, which take a minute to train."""
    labels = "labels = { en = 'x', zh-Hans = 'x', zh-Hant = 'x' }\n"
    heads = [f"[[head]]\ncode = '{head}'\n{labels}" for head in dict.fromkeys(REASONS.values())]
    reasons = [
        f"[[reason]]\ncode = '{code}'\nhead = '{head}'\nshare = 0.25\nqueue = 'service'\n{labels}"
        for code, head in REASONS.items()
    ]
    ends = [
        f"[[outcome]]\ncode = 'done'\nsettled = true\n{labels}",
        f"[[break]]\ncode = 'lunch'\n{labels}",
    ]
    return "\n".join(["name = 'small'", *heads, *reasons, *ends])


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "small.toml").write_text(small_pack_file(), encoding="utf-8")
    monkeypatch.setattr(model_commands_module, "config_folder", lambda: tmp_path)
    monkeypatch.setenv("CALLCENTER_CENTRE_PACK", "small")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    model_commands(app)
    done = RUNNER.invoke(app, list(arguments), env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, re.sub(r"\s+", " ", done.output)


def fill(folder: Path, n: int) -> None:
    """Calls of the small pack: what was shown is right in three of four."""
    (folder / "var").mkdir(exist_ok=True)
    store = open_store(f"sqlite:///{folder / 'var' / 'callcenter.db'}")
    codes = tuple(REASONS)
    with store.bulk() as bulk:
        outcomes, predictions = [], []
        for k in range(n):
            reason = codes[k % 4]
            features = ((f"happening.h{k % 4}|age", 1.0), ("identity|known", 1.0))
            shown = (Reason(code=codes[k % 4 if k % 16 < 12 else (k + 1) % 4], probability=0.75),)
            predictions.append(
                RecordPrediction(
                    call=f"c{k}", ask=0, version=1, at=START + k, person=None, tier=None,
                    language=None, queue=None, context=(), features=features, words=(),
                    model="backoff-1", reasons=shown, not_ours=False, challengers=(),
                )
            )  # fmt: skip
            outcomes.append(
                RecordOutcome(
                    at=START + k + 60, call=f"c{k}", agent="amy", person=None, reason=reason,
                    outcome="done", notes="", queue=None, context=(), features=features,
                )
            )  # fmt: skip
        bulk.predictions(predictions)
        bulk.outcomes(outcomes)
    store.close()


PERIOD = ("--since", "2025-06-01", "--until", "2025-07-01")


def test_an_empty_journal_gives_words_for_a_person(centre: Path) -> None:
    code, said = run("train", "--kind", "reasons")
    assert code == 2
    assert "No model of reasons: 0 of 0 confirmed calls" in said
    assert run("models")[1].count("no model is in use; the rules are") == 2
    assert run("evaluate")[1].startswith("shown: 0 calls")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "--kind", "faces"), "no kind of models 'faces'"),
        (("train", "--since", "yesterday"), "'yesterday' is no moment"),
        (("promote", "nobody"), "There is no model 'nobody'"),
        (("rollback", "reasons"), "No model of kind 'reasons' is in use"),
        (("rollback", "faces"), "no kind of models 'faces'"),
        (("evaluate", "--model", "nobody"), "There is no model 'nobody'"),
        (("evaluate", "--from", "2026-02-01", "--to", "2026-01-01"), "must be before"),
    ],
)
def test_mistakes_are_one_message(centre: Path, arguments: Sequence[str], said: str) -> None:
    code, output = run(*arguments)
    assert code == 2
    assert said in output
    assert "Traceback" not in output


def test_from_calls_to_a_model_in_use_and_back(centre: Path) -> None:
    fill(centre, 800)
    code, said = run("train", "--kind", "reasons", *PERIOD)
    assert code == 0
    assert re.search(r"reasons-\S+ is (in use|tried)", said)
    (name,) = (one.name for one in (centre / "var" / "models").glob("reasons-*"))
    code, said = run("models")
    assert (code, name in said) == (0, True)
    if "challenger" in said:  # a slow machine: the model took longer than its deadline
        assert run("promote", name)[0] == 2
        assert run("promote", name, "--anyway")[0] == 0
    assert "champion" in run("models")[1]
    picture = centre / "reliability.svg"
    code, said = run(
        "evaluate", "--model", "champion", "--from", "2025-06-01", "--to", "2025-07-01",
        "--picture", str(picture),
    )  # fmt: skip
    assert code == 0
    assert f"{name}: 800 calls" in said
    assert "trained with calls of this period" in said
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    shown = run("evaluate", "--from", "2025-06-01", "--to", "2025-07-01")[1]
    assert "top-1 75.0%" in shown
    weights = next(
        one for one in (centre / "var" / "models" / name).iterdir() if one.suffix == ".npz"
    )
    weights.write_bytes(weights.read_bytes()[:-1])
    code, said = run("models")
    assert "its content is not what was written" in said
    assert run("rollback", "reasons") == (0, f"the rules in use; {name} no longer. ")


def test_promotion_by_hand_shows_every_criterion_and_needs_a_word_against_the_gate(
    centre: Path,
) -> None:
    fill(centre, 800)
    run("train", "--kind", "reasons", *PERIOD)
    (name,) = (one.name for one in (centre / "var" / "models").glob("reasons-*"))
    code, said = run("promote", name)
    assert code == 2
    for criterion in ("calls", "labels", "log_loss", "groups", "ece", "p99"):
        assert f" {criterion}: " in said
    assert "NOT calls: 0, limit 1000" in said
    assert "--anyway promotes it" in said
    assert run("promote", name, "--anyway")[1].endswith(f"{name} is in use. ")


def test_in_the_background_it_speaks_json_and_only_one_runs(centre: Path) -> None:
    fill(centre, 400)
    script = (
        "import pathlib, typer; from callcenter import model_commands as made;"
        "made.config_folder = pathlib.Path.cwd;"
        "app = typer.Typer(); made.model_commands(app); app()"
    )
    command = [
        sys.executable, "-c", script, "train", "--kind", "reasons", "--background", *PERIOD,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(refit.__file__).parents[1])}
    done = subprocess.run(
        command, cwd=centre, env=environment, capture_output=True, text=True, timeout=280
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["kind"] for one in lines[-1]["made"]] == ["reasons"]
    assert lines[-1]["nothing"] == []
    assert all(0 <= one["progress"] <= 1 for one in lines[:-1])
    assert len(lines) > 5
    with locked(centre / "var" / "models" / refit.LOCK, 1.0):
        code, said = run("train", "--kind", "reasons")
    assert code == 2
    assert f"is held by process {os.getpid()}" in said
