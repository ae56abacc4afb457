"""From the first AMI byte of a call to the card in the agent's browser, the whole product running.

    python -m benchmarks.card_latency [--rate 100] [--known 1000000] [--calls 3000] [--runs 3]

Three processes: the engine (journal and store on disk), the simulated exchange, and the consoles of
all agents, signed in by password and ticket. Every call is of a person with orders, bills, cases
and earlier contacts, at a queue with a free agent, who is rung in the same moment; the phone is
answered, the agent's console notes reason and outcome, the agent is ready again.

The clock starts when the exchange hands the caller's ``Newchannel`` to its socket, and stops when
the console has read a frame that shows the person, and again for one with reasons and answers. What
the engine's journal says of the moments between gives the share of each step. The store is made
once and kept (``--data``); a run works on a copy. The promises hold for a quiet machine; the load
is printed with the figures.

The engine uses a model that was trained on the store's calls. With ``--training`` every run is made
twice: alone, and with a training of the same model beside it, as the engine itself would start it.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

from benchmarks.consoles import consoles_process
from benchmarks.idle_consoles import processor
from benchmarks.known_numbers import cached_store
from benchmarks.load import Load, load
from benchmarks.loaded_centre import engine_process, exchange_process
from callcenter.floor import events as e
from callcenter.learning import environment_of
from callcenter.settings import PredictionSettings, Settings, StoreSettings
from callcenter.store import open_store
from intelligence.registry import Registry

ROOT = Path(__file__).resolve().parents[1]
BESIDE = 1.2
"""Promised p99 beside a training, against the p99 without."""
PERSON, WHOLE = 10.0, 50.0
"""Promised p99, milliseconds, at ``PROMISED_RATE`` calls a second."""
PROMISED_RATE = 100.0
WARM_UP = 0.1
"""Share of the calls, from the first on, that are not counted."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave; all durations in milliseconds, one for each counted call."""

    calls: int
    unshown: int
    """Calls that were over before their card was whole: the engine could not keep up."""
    person: list[float]
    """First byte of the call to the frame that shows the person."""
    person_offer: list[float]
    """First byte of the offer to the same frame."""
    whole: list[float]
    """First byte of the call to the frame with reasons and answers."""
    answered: int
    """Cards that came to have answers, of all calls."""
    steps: dict[str, list[float]]
    means: dict[str, float]
    """The engine's own histogram of steps: mean milliseconds."""
    collections: list[tuple[int, float]]
    """The engine's garbage collections: generation and milliseconds."""
    cores: dict[str, float]
    """Share of a core each process took while calls came."""
    processor: float
    """Milliseconds of processor time of the engine for each call, all that it does included."""
    frames: float
    """Card frames for each call."""
    frame_size: float
    machine: tuple[float, float, float]
    """Load average at the end: 1, 5, 15 minutes."""


# --- running ------------------------------------------------------------------------------------


class Process:
    """One of the three, and the pipe to it."""

    def __init__(self, main: Callable[..., None], *args: Any, output: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.output = output
        self._process = context.Process(target=main, args=(*args, theirs, output), daemon=True)
        self._process.start()
        theirs.close()

    def hear(self, seconds: float) -> Any:
        """What it says next. Raises RuntimeError when it says nothing, with its last words."""
        try:
            if self.pipe.poll(seconds):
                return self.pipe.recv()
            why = f"nothing within {seconds:.0f} s"
        except EOFError:
            why = "it ended"
        tail = self.output.read_text(encoding="utf-8")[-3000:] if self.output.exists() else ""
        raise RuntimeError(f"{self.output.stem}: {why}\n{tail}")

    def say(self) -> None:
        self.pipe.send("go on")

    def cpu(self) -> float:
        """Seconds of a core it has taken."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def end(self) -> None:
        if self._process.is_alive():
            with contextlib.suppress(OSError):  # it is ending by itself
                self.say()
            self._process.join(20)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def run(load: Load, store: Path, folder: Path) -> Run:
    """One run on ``store``, which is written to. Raises RuntimeError when a process fails."""
    position = _journal_end(store)
    processes: list[Process] = []
    try:
        exchange = Process(exchange_process, load, output=folder / "exchange.log")
        processes.append(exchange)
        port = exchange.hear(30)
        engine = Process(engine_process, store, port, output=folder / "engine.log")
        processes.append(engine)
        http = engine.hear(120)
        consoles = Process(consoles_process, load, http, output=folder / "consoles.log")
        processes.append(consoles)
        consoles.hear(300)
        engine.say()
        before = _histogram(http)
        names = ("exchange", "engine", "consoles")
        spent = [one.cpu() for one in processes]
        began_at = time.monotonic()
        exchange.say()
        began, offered, over = exchange.hear(4 * load.calls / load.rate + 60)
        seconds = time.monotonic() - began_at
        cores = {
            name: (one.cpu() - was) / seconds
            for name, one, was in zip(names, processes, spent, strict=True)
        }
        time.sleep(1.0)
        after = _histogram(http)
        engine.say()
        collections = engine.hear(30)
        consoles.say()
        person, whole, answered, frames, size = consoles.hear(30)
    finally:
        for one in reversed(processes):
            one.end()
    if over < load.calls:
        raise RuntimeError(f"only {over} of {load.calls} calls ended")
    after_warm_up = sorted(began, key=lambda call: began[call])[int(WARM_UP * len(began)) :]
    counted = [call for call in after_warm_up if call in person and call in whole]
    if not counted:
        raise RuntimeError("no call was shown")
    return Run(
        calls=len(counted),
        unshown=len(after_warm_up) - len(counted),
        person=_ms((began[call], person[call]) for call in counted),
        person_offer=_ms((offered[call], person[call]) for call in counted),
        whole=_ms((began[call], whole[call]) for call in counted),
        answered=answered,
        steps=_steps(store, position, counted, began, person, whole),
        means=_means(before, after),
        collections=[(generation, 1000 * length) for generation, length in collections],
        cores=cores,
        processor=1000 * cores["engine"] * seconds / load.calls,
        frames=frames / load.calls,
        frame_size=size / frames,
        machine=os.getloadavg(),
    )


def _ms(pairs: Iterable[tuple[float, float]]) -> list[float]:
    return [(to - start) * 1000 for start, to in pairs]


def _histogram(port: int) -> dict[str, tuple[float, float]]:
    """Sum and count of ``callcenter_step_seconds`` by step."""
    found: dict[str, dict[str, float]] = {}
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    for line in text.splitlines():
        for what in ("sum", "count"):
            start = f'callcenter_step_seconds_{what}{{step="'
            if line.startswith(start):
                step, _, value = line.removeprefix(start).partition('"} ')
                found.setdefault(step, {})[what] = float(value)
    return {step: (one["sum"], one["count"]) for step, one in found.items()}


def _means(
    before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]
) -> dict[str, float]:
    """Mean milliseconds of each step between two looks at the histogram."""
    found = {}
    for step, (total, count) in after.items():
        old_total, old_count = before.get(step, (0.0, 0.0))
        if count > old_count:
            found[step] = 1000 * (total - old_total) / (count - old_count)
    return found


def _journal_end(path: Path) -> int:
    store = open_store(f"sqlite:///{path}")
    try:
        return store.journal.last()
    finally:
        store.close()


def _steps(
    path: Path,
    position: int,
    counted: Sequence[str],
    began: dict[str, float],
    person: dict[str, float],
    whole: dict[str, float],
) -> dict[str, list[float]]:
    """Where the time went, by the moments in the journal (milliseconds)."""
    moments: dict[str, dict[type[e.Event], float]] = {call: {} for call in counted}
    wanted = (e.CallArrived, e.CallerIdentified, e.ReasonsPredicted, e.AnswersFound)
    offset = time.time() - time.monotonic()
    store = open_store(f"sqlite:///{path}")
    try:
        for _, event in store.journal.read(position + 1):
            if isinstance(event, wanted) and event.call in moments:
                moments[event.call].setdefault(type(event), event.at - offset)
    finally:
        store.close()
    steps: dict[str, list[float]] = {}

    def step(name: str, start: float, to: float) -> None:
        steps.setdefault(name, []).append((to - start) * 1000)

    for call, at in moments.items():
        if len(at) < len(wanted):
            continue  # nothing was predicted, so no answers were looked for
        arrived, asked, reasons, answers = (at[kind] for kind in wanted)
        step("exchange's write to engine's read", began[call], arrived)
        step("decoding, tracker, floor, until the look-up begins", arrived, asked)
        step("person looked up, weighed and put on the card; reasons", asked, reasons)
        step("answers", reasons, answers)
        step("reasons known until the browser has the person", reasons, person[call])
        step("answers known until the browser has them", answers, whole[call])
    return steps


# --- telling ------------------------------------------------------------------------------------


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _row(name: str, values: Sequence[float]) -> str:
    shown = " | ".join(f"{quantile(values, share):.2f}" for share in (0.5, 0.95, 0.99, 1.0))
    return f"| {name} | {shown} |"


def report(runs: Sequence[Run], load: Load) -> None:
    """All runs in short, the best one whole."""
    for number, one in enumerate(runs, 1):
        print(
            f"run {number}: p99 of the person {quantile(one.person, 0.99):.2f} ms, "
            f"of reasons and answers {quantile(one.whole, 0.99):.2f} ms; "
            f"{one.processor:.2f} ms of processor time for a call; "
            f"{one.unshown} calls over before their card; "
            f"load average {', '.join(f'{part:.1f}' for part in one.machine)}"
        )
    best = min(runs, key=lambda one: (one.unshown, quantile(one.person, 0.99)))
    print(f"\nbest run, {best.calls} calls counted, {best.answered} of {load.calls} had answers:\n")
    print("| milliseconds | p50 | p95 | p99 | max |\n| --- | ---: | ---: | ---: | ---: |")
    print(_row("first byte of the call to the person", best.person))
    print(_row("first byte of the offer to the person", best.person_offer))
    print(_row("first byte of the call to reasons and answers", best.whole))
    for name, values in best.steps.items():
        print(_row(f"step: {name}", values))
    means = ", ".join(f"{step} {value:.3f}" for step, value in sorted(best.means.items()))
    print(f"\nmean of each step by the engine's own histogram, ms: {means}")
    longest = ", ".join(
        f"generation {wanted}: {len(found)}, longest {max(found, default=0.0):.1f} ms"
        for wanted in range(3)
        for found in [[length for generation, length in best.collections if generation == wanted]]
    )
    print(f"garbage collections of the engine: {longest}")
    cores = ", ".join(f"{name} {share:.0%}" for name, share in best.cores.items())
    print(f"share of a core: {cores}; {best.frames:.1f} card frames of "
          f"{best.frame_size / 1024:.1f} KiB a call")  # fmt: skip
    for name, promise, figures in (
        ("person", PERSON, [quantile(one.person, 0.99) for one in runs]),
        ("reasons and answers", WHOLE, [quantile(one.whole, 0.99) for one in runs]),
    ):
        figure, middle = min(figures), statistics.median(figures)
        if load.rate == PROMISED_RATE:
            kept = "kept" if figure <= promise and not best.unshown else "missed"
            word = f"promise {kept} (at most {promise:g} ms)"
        else:
            word = "no promise at this rate"
        print(f"{name}: p99 {figure:.2f} ms in the best run, {middle:.2f} ms in the median: {word}")


def _train(store: Path, models: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A training as the engine starts one; output goes nowhere."""
    settings = Settings(
        store=StoreSettings(url=f"sqlite:///{store}"),
        prediction=PredictionSettings(models=str(models)),
    )
    return subprocess.Popen(
        [sys.executable, "-m", "callcenter", *arguments],
        cwd=ROOT, env=environment_of(settings), stdout=subprocess.DEVNULL,
    )  # fmt: skip


def trained(store: Path, models: Path) -> None:
    """A model of the store's calls, in use. Raises RuntimeError when there is none to be had."""
    if not models.exists():
        print("training a model of the store's calls", file=sys.stderr, flush=True)
        if _train(store, models, "train", "--kind", "reasons").wait() != 0:
            raise RuntimeError("the training failed")
    registry = Registry(models)
    if registry.champion("reasons") is None:
        registry.promote(registry.versions("reasons")[0].name, "for the benchmark")


@contextlib.contextmanager
def training(store: Path, models: Path) -> Iterator[list[float]]:
    """One training after the other for the length of the block; seconds of each that ended."""
    over, lengths = threading.Event(), []

    def train() -> None:
        while not over.is_set():
            began = time.monotonic()
            process = _train(store, models, "train", "--kind", "reasons", "--background")
            while process.poll() is None and not over.is_set():
                over.wait(0.1)
            if process.poll() is None:
                process.terminate()
                process.wait()
            else:
                lengths.append(time.monotonic() - began)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        yield lengths
    finally:
        over.set()
        thread.join()


def report_training(alone: Sequence[Run], beside: Sequence[Run], lengths: Sequence[float]) -> None:
    """The p99 with a training beside it against the p99 without; medians of the runs."""
    for name, pick in (("person", "person"), ("reasons and answers", "whole")):
        without = statistics.median(quantile(getattr(one, pick), 0.99) for one in alone)
        with_it = statistics.median(quantile(getattr(one, pick), 0.99) for one in beside)
        kept = "kept" if with_it <= BESIDE * without else "missed"
        print(
            f"{name}: p99 {without:.2f} ms alone, {with_it:.2f} ms beside a training, "
            f"{with_it / without:.2f} times (at most {BESIDE}: {kept})"
        )
    took = ", ".join(f"{length:.1f}" for length in lengths) or "none ended"
    print(f"trainings beside the calls, seconds: {took}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=PROMISED_RATE, help="calls a second")
    parser.add_argument("--known", type=int, default=1_000_000, help="known numbers")
    parser.add_argument("--calls", type=int, help="of each run; default 30 seconds' worth")
    parser.add_argument("--agents", type=int, default=400)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path.home() / ".cache/callcenter/bench")
    parser.add_argument("--keep-logs", type=Path, help="a folder for the output of the processes")
    parser.add_argument("--training", action="store_true", help="also with a training beside it")
    options = parser.parse_args()
    calls = options.calls or int(30 * options.rate)
    made = cached_store(options.known, options.data)
    runs: list[Run] = []
    beside: list[Run] = []
    lengths: list[float] = []
    with tempfile.TemporaryDirectory(prefix="card-latency-", dir=options.data) as name:
        folder = Path(name)
        store = Path(shutil.copy(made, folder / "engine.db"))
        models = made.with_suffix(".models")
        trained(store, models)
        shutil.copytree(models, folder / "models")
        try:
            for number in range(options.runs):
                plan = load(options.rate, calls, options.known, options.agents, number + 1)
                runs.append(run(plan, store, folder))
                if options.training:
                    with training(store, folder / "aside") as ended:
                        beside.append(run(plan, store, folder))
                    lengths += ended
        finally:
            if options.keep_logs is not None:
                options.keep_logs.mkdir(parents=True, exist_ok=True)
                for log in folder.glob("*.log"):
                    shutil.copy(log, options.keep_logs)
    print(
        f"{time.strftime('%Y-%m-%d')}  Python {platform.python_version()}  {processor()}, "
        f"{os.cpu_count()} cores\n{options.rate:g} calls a second, "
        f"{options.known:,} known numbers, {options.agents} agents with a console each, "
        f"{calls} calls a run"
    )
    report(runs, plan)
    if beside:
        report_training(runs, beside, lengths)


if __name__ == "__main__":
    main()
