"""The keeper of the models: when it trains, what it does when a training fails, and the gate.

The training it starts here is a real process, but a short script instead of a real training."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from callcenter import watch
from callcenter.floor.orders import RecordAudit
from callcenter.learning import BACK_OFF, Learning, environment_of
from callcenter.ports import Lesson
from callcenter.settings import PredictionSettings, Settings, read_settings
from intelligence.registry import Registry
from tests.unit.intelligence.lesson_kit import START, lesson, scored
from tests.unit.intelligence.test_promotion import NAME, poisoned, shadowed

HEADS = {"pin": "cards", "card": "cards", "fees": "accounts", "loan": "loans"}


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class ListedLessons:
    found: list[Lesson] = field(default_factory=list)

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        return iter([one for one in self.found if since <= one.at < until])

    def confirmed_since(self, since: float) -> int:
        return sum(one.at >= since for one in self.found)


class Toy:
    def save(self, folder: Path) -> None:
        (folder / "numbers.json").write_text("[1]", encoding="utf-8")

    def facts(self) -> Mapping[str, object]:
        return {}


@dataclass
class Kit:
    folder: Path
    clock: Clock = field(default_factory=Clock)
    lessons: ListedLessons = field(default_factory=ListedLessons)
    audited: list[RecordAudit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = Registry(
            self.folder / "models", {"reasons": lambda folder: Toy()}, self.clock
        )

    def learning(self, script: str = "", **settings: object) -> Learning:
        async def audit(row: RecordAudit) -> None:
            self.audited.append(row)

        path = self.folder / "train.py"
        path.write_text(textwrap.dedent(script), encoding="utf-8")
        return Learning(
            lessons=self.lessons, registry=self.registry,
            settings=replace(PredictionSettings(), **settings),  # type: ignore[arg-type]
            heads=HEADS, clock=self.clock, environment=dict(os.environ), audit=audit,
            command=(sys.executable, str(path)), every=0.01,
        )  # fmt: skip

    def challenger(self, p99: float = 0.01) -> str:
        facts = {"metrics": {"p99": p99}, "data": {}}
        return self.registry.add("reasons", Toy(), facts).name


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


async def until(condition: object) -> None:
    async with asyncio.timeout(30):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def watched(learning: Learning, condition: object) -> None:
    """Let it look until the condition holds; then it is cancelled like a keeper."""
    task = asyncio.create_task(learning.watch())
    try:
        await until(condition)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


GOOD = """
    import json, time
    print(json.dumps({"step": "reasons: trees", "progress": 0.5}), flush=True)
    print("a line that is none of ours", flush=True)
    print("[1, 2]", flush=True)
    print(json.dumps({"made": [{"kind": "reasons", "name": "x", "promoted": False, "why": ""}],
                      "nothing": [{"kind": "words", "why": "no words"}]}), flush=True)
"""


async def test_a_first_training_begins_by_itself_and_its_end_is_told(kit: Kit) -> None:
    learning = kit.learning(GOOD)
    await watched(learning, lambda: learning.state().last is not None)
    assert learning.counted["trained"] == 1
    assert learning.counted["nothing"] == 1
    state = learning.state()
    assert (state.running, state.progress, state.failed) == (False, None, None)


async def test_progress_shows_while_it_runs_and_only_one_runs(kit: Kit) -> None:
    learning = kit.learning(
        """
        import json, pathlib, time
        pathlib.Path(__file__).with_name("begun").open("a").write("x")
        print(json.dumps({"step": "reasons: trees", "progress": 0.5}), flush=True)
        time.sleep(60)
        """
    )
    learning.train()
    learning.train()
    await until(lambda: learning.state().step is not None)
    learning.train()
    state = learning.state()
    assert (state.running, state.progress, state.step) == (True, 0.5, "reasons: trees")
    assert (kit.folder / "begun").read_text() == "x"
    process = learning._process
    assert process is not None
    await learning.stop()
    assert process.returncode is not None
    assert not learning.state().running
    assert learning.counted["failed"] == 0  # it was stopped, not broken


async def test_a_training_that_does_not_listen_is_killed(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.learning.PATIENCE", 0.1)
    learning = kit.learning(
        """
        import json, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(json.dumps({"step": "x", "progress": 0.1}), flush=True)
        time.sleep(60)
        """
    )
    learning.train()
    await until(lambda: learning.state().step is not None)
    process = learning._process
    assert process is not None
    await learning.stop()
    assert process.returncode == -9


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("raise SystemExit('no room on the disk')", "exit code 1: no room on the disk"),
        ("print('nothing that says what came of it')", "exit code 0: it said nothing"),
        ("print('x' * 300000)", "could not be followed"),
        ("import os; os.kill(os.getpid(), 9)", "exit code -9"),
    ],
)
async def test_a_training_that_fails_is_told_and_tried_again_later_and_later(
    kit: Kit, script: str, why: str
) -> None:
    learning = kit.learning(script)
    before = len(os.listdir("/proc/self/fd"))
    learning.train()
    await until(lambda: learning.counted["failed"] == 1)
    failed = learning.state().failed
    assert failed is not None
    assert why in failed
    for times in range(1, 4):
        wait = BACK_OFF[0] * 2 ** (times - 1)
        kit.clock.now += wait - 1
        assert not learning._due(kit.clock.now)
        kit.clock.now += 1
        assert learning._due(kit.clock.now)
        learning.train()
        await until(lambda times=times: learning.counted["failed"] == times + 1)
    kit.clock.now += BACK_OFF[1]
    assert learning._due(kit.clock.now)
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)  # no pipe stays open


async def test_a_training_that_takes_for_ever_is_ended(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.learning.LONGEST", 0.2)
    learning = kit.learning("import time; time.sleep(60)")
    learning.train()
    await until(lambda: learning.counted["failed"] == 1)
    assert "took longer" in str(learning.state().failed)


async def test_a_program_that_is_not_there_is_a_failure(kit: Kit) -> None:
    learning = kit.learning()
    learning._command = ("/no/such/program",)
    learning.train()
    await until(lambda: learning.counted["failed"] == 1)
    assert "cannot be started" in str(learning.state().failed)


def test_it_is_due_by_the_hour_and_by_the_count(kit: Kit) -> None:
    by_both = kit.learning(refit_hours=24.0, refit_calls=3)
    assert by_both._due(kit.clock.now)  # nothing was ever trained
    kit.challenger()
    assert not by_both._due(kit.clock.now + 23 * 3600)
    assert by_both._due(kit.clock.now + 24 * 3600)
    kit.lessons.found = [lesson(k, "pin") for k in range(2)]
    assert not by_both._due(kit.clock.now + 60)
    kit.lessons.found.append(lesson(3, "pin"))
    assert by_both._due(kit.clock.now + 60)
    assert not kit.learning(refit_hours=0.0, refit_calls=0)._due(kit.clock.now + 1e7)


def renamed(lessons: list[Lesson], name: str) -> list[Lesson]:
    return [
        replace(
            one,
            challengers=tuple(
                replace(said, model=name) if said.model == NAME else said
                for said in one.challengers
            ),
        )
        for one in lessons
    ]


async def test_a_challenger_that_earned_it_is_promoted_and_it_is_written_down(kit: Kit) -> None:
    name = kit.challenger()
    kit.lessons.found = renamed(shadowed(1500, 0.6), name)
    kit.clock.now += 1500 * 60
    learning = kit.learning(refit_hours=0.0, refit_calls=0)
    await watched(learning, lambda: bool(kit.audited))
    champion = kit.registry.champion("reasons")
    assert champion is not None
    assert champion.name == name
    assert (kit.audited[0].by, kit.audited[0].what, kit.audited[0].detail) == (
        "engine", "promote", name,
    )  # fmt: skip
    assert learning.counted["promoted"] == 1


async def test_by_hand_means_by_hand(kit: Kit) -> None:
    name = kit.challenger()
    kit.lessons.found = renamed(shadowed(1500, 0.6), name)
    kit.clock.now += 1500 * 60
    learning = kit.learning(refit_hours=0.0, refit_calls=0, promote="never")
    await watched(learning, lambda: learning.state().watched.at is not None)
    assert kit.registry.state().champions == {}


def test_poisoned_labels_promote_nobody(kit: Kit) -> None:
    name = kit.challenger()
    day = [poisoned(one) if 600 <= k < 900 else one for k, one in enumerate(shadowed(1500, 0.6))]
    kit.lessons.found = renamed(day, name)
    kit.clock.now += 1500 * 60
    learning = kit.learning()
    assert learning._judge_all() == []
    assert kit.registry.state().champions == {}
    assert [one.name for one in kit.registry.challengers("reasons")] == [name]


def test_a_challenger_that_is_no_better_gives_way_and_few_calls_judge_nobody(kit: Kit) -> None:
    name = kit.challenger()
    kit.clock.now += 1500 * 60
    learning = kit.learning()
    kit.lessons.found = renamed(shadowed(900, 0.2), name)
    assert learning._judge_all() == []
    assert learning.counted["retired"] == 0
    kit.lessons.found = renamed(shadowed(1200, 0.2), name)
    assert learning._judge_all() == []
    assert learning.counted["retired"] == 1
    assert kit.registry.challengers("reasons") == ()


def test_a_verdict_looks_only_at_calls_since_the_last_change(kit: Kit) -> None:
    kit.lessons.found = shadowed(1500, 0.6)
    kit.clock.now += 1000 * 60
    name = kit.challenger()
    kit.lessons.found = renamed(kit.lessons.found, name)
    kit.clock.now += 500 * 60
    assert kit.learning()._judge_all() == []  # 500 calls since it was made


async def test_trouble_with_the_store_is_counted_and_the_next_look_comes(kit: Kit) -> None:
    class Broken(ListedLessons):
        def confirmed_since(self, since: float) -> int:
            raise OSError("disk")

    kit.challenger()
    kit.lessons = Broken()
    learning = kit.learning()
    await watched(learning, lambda: learning.counted["look_failed"] >= 4)


def test_the_training_finds_what_the_engine_was_told(tmp_path: Path) -> None:
    settings = read_settings(
        None,
        {"CALLCENTER_EXCHANGE_SECRET": "hush"},
        {
            "store.url": "sqlite:///elsewhere.db", "prediction.models": "m", "centre.pack": "p",
            "prediction.on": False, "prediction.refit_hours": 2.5,
        },
    )  # fmt: skip
    environment = environment_of(settings, {"PATH": "/bin", "CALLCENTER_EXCHANGE_SECRET": "hush"})
    assert "hush" not in environment.values()
    again = read_settings(None, environment)
    assert again.prediction == settings.prediction
    assert (again.store.url, again.centre.pack) == ("sqlite:///elsewhere.db", "p")
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["PATH"] == "/bin"
    assert read_settings(None, environment_of(Settings(), {})) == Settings()


def test_drift_and_untrue_probabilities_are_seen(kit: Kit) -> None:
    def week(begin: float, event: str, said: float) -> list[Lesson]:
        return [
            lesson(
                k, "pin" if k % 2 else "loan", at=begin + k * 600.0, shown=(("pin", said),),
                features=((f"happening.{event}|age", 1.0),),
            )
            for k in range(1000)
        ]  # fmt: skip

    now = START + 14 * 86_400
    kit.lessons.found = [*week(START, "fee", 0.5), *week(START + 7 * 86_400, "fee", 0.5)]
    calm = watch.watched(kit.lessons, HEADS, now)
    assert (calm.drift_alarm, calm.calibration_alarm) == (False, False)
    assert calm.ece == pytest.approx(0.0)
    kit.lessons.found = [*week(START, "fee", 0.5), *week(START + 7 * 86_400, "outage", 0.9)]
    moved = watch.watched(kit.lessons, HEADS, now)
    assert (moved.drift_alarm, moved.calibration_alarm) == (True, True)
    assert moved.drifted in ("happening.fee", "happening.outage")
    assert moved.ece == pytest.approx(0.4)
    nothing = watch.watched(ListedLessons(), HEADS, now)
    assert (nothing.drift, nothing.ece, nothing.drift_alarm) == (None, None, False)


def test_scored_calls_of_others_do_not_count(kit: Kit) -> None:
    name = kit.challenger()
    kit.clock.now += 1500 * 60
    kit.lessons.found = [
        replace(one, challengers=(scored("somebody", ("pin", 1.0)),)) for one in shadowed(1500, 0.6)
    ]
    assert kit.learning()._judge_all() == []
    assert [one.name for one in kit.registry.challengers("reasons")] == [name]
