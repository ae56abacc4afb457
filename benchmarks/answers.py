"""Finding the right answer by what was said: BANKING77 as a knowledge base.

Each of its 77 intents is an entry with a title (its name) and five of its questions as wordings;
other questions are the calls. Everything goes through ``intelligence.answers.Answers``, as in the
engine. Three tables: by words alone; by words and a prediction of the reason that is right so
often; and how long it takes with 308 entries of ten wordings (time of the processor; one thread
with ``OMP_NUM_THREADS=1``).

``--fit`` looks for the scale of each encoder (``SCALES``) instead: the slope and the neutral
similarity at which the log loss of the right answer, or of there being none, is least. One call in
ten is then about an intent that the knowledge base lacks, as for the ECE of the first table.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Phrasing, Reason, Words
from intelligence.answers import Answers, Entry
from intelligence.encoders import Encoder, EncoderMissing, Kind, open_encoder
from intelligence.shelf import shelf

DATA = Path(os.environ.get("CALLCENTER_DATA", "../shared/data")) / "banking77" / "train.csv"
KINDS: tuple[Kind, ...] = ("none", "semantic", "semantic-en")
TARGETS = {"none": 73.0, "semantic": 84.0, "semantic-en": 91.0}
DAY = date(2026, 1, 5)
WORDINGS = 5
LACKING = 17

Floats = NDArray[np.float64]


def read(path: Path) -> dict[str, list[str]]:
    """Intent to its questions, in the order of the file."""
    found: dict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["category"]].append(row["text"])
    return dict(found)


def entry(name: str, reason: str, title: str, asks: Sequence[str]) -> Entry:
    return Entry(
        id=name, reasons=(reason,), source="benchmark", audience="everyone", valid_from=None,
        valid_until=None, products=(), asks={"en": tuple(asks)},
        phrasings=(Phrasing(language="en", title=title, body=f"{title}: see there."),),
    )  # fmt: skip


def split(
    questions: dict[str, list[str]], rng: np.random.Generator
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """A knowledge base, and calls: (what was said, the intent), shuffled."""
    entries, calls = [], []
    for intent in sorted(questions):
        texts = [questions[intent][at] for at in rng.permutation(len(questions[intent]))]
        title = intent.replace("_", " ")
        entries.append(entry(intent, intent, title, texts[:WORDINGS]))
        calls += [(text, intent) for text in texts[WORDINGS:]]
    return entries, [calls[at] for at in rng.permutation(len(calls))]


def lacking(
    entries: Sequence[Entry], calls: Sequence[tuple[str, str]], most: int = 2_000
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """A knowledge base without 17 of its entries, and calls of which one in ten is about
    what it lacks."""
    gone = {one.id for one in entries[::4][:LACKING]}
    known = [one for one in calls if one[1] not in gone][: most * 9 // 10]
    strange = [one for one in calls if one[1] in gone][: len(known) // 9]
    return [one for one in entries if one.id not in gone], known + strange


def said(text: str) -> tuple[Words, ...]:
    return (Words(source="ivr", text=text, language="en"),)


def places(
    answers: Answers,
    calls: Sequence[tuple[str, str]],
    reasons: Sequence[Sequence[Reason]],
    words: bool = True,
) -> tuple[Floats, Floats, Floats]:
    """For each call: at which place the right answer was shown (0: not at all), the first one's
    score, and the seconds of this thread."""
    place, score, took = np.zeros(len(calls)), np.zeros(len(calls)), np.zeros(len(calls))
    for at, ((text, intent), likely) in enumerate(zip(calls, reasons, strict=True)):
        began = time.thread_time()
        found = answers.find(likely, None, said(text) if words else (), (), DAY, UTC, 0.0)
        took[at] = time.thread_time() - began
        for rank, one in enumerate(found, start=1):
            if one.id == intent:
                place[at] = rank
        score[at] = found[0].score if found else 0.0
    return place, score, took


def among(place: Floats, most: int) -> float:
    return 100.0 * float(((place >= 1) & (place <= most)).mean())


def mrr(place: Floats) -> float:
    return float(np.where(place > 0, 1.0 / np.maximum(place, 1.0), 0.0).mean())


def calibration_error(place: Floats, score: Floats) -> float:
    """ECE of the first answer's score over 15 bins."""
    bins = np.minimum((score * 15).astype(int), 14)
    error = 0.0
    for one in np.unique(bins):
        here = bins == one
        error += here.mean() * abs(score[here].mean() - (place[here] == 1).mean())
    return float(error)


def predicted(
    calls: Sequence[tuple[str, str]], right: float, codes: Sequence[str], rng: np.random.Generator
) -> list[list[Reason]]:
    """Three reasons a call as from a true predictor that is right in a ``right`` part of calls."""
    left = 1.0 - right
    shares = (right, 0.3 * left, 0.2 * left)
    found = []
    for _, intent in calls:
        others = [codes[at] for at in rng.permutation(len(codes))[:4] if codes[at] != intent][:3]
        place = int(rng.choice(4, p=[*shares, 0.5 * left]))
        named = [*others[:place], intent, *others[place:]][:3]
        found.append([Reason(code=c, probability=p) for c, p in zip(named, shares, strict=True)])
    return found


def by_words(encoders: dict[Kind, Encoder | None], most: int, seed: int) -> None:
    print("| encoder | among 1 | among 3 | target | among 5 | MRR of 5 | ECE | p50 ms | p99 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, encoder in encoders.items():
        entries, calls = split(read(DATA), np.random.default_rng(seed))
        calls = calls[:most]
        uniform = [Reason(code=one.id, probability=1.0 / len(entries)) for one in entries]
        answers = Answers(entries, encoder=encoder)
        place, score, took = places(answers, calls, [uniform] * len(calls))
        p50, p99 = np.percentile(took, [50, 99]) * 1e3
        held, mixed = lacking(entries, calls)
        uniform = [Reason(code=one.id, probability=1.0 / len(held)) for one in held]
        thin = Answers(held, encoder=encoder)
        right, score, _ = places(thin, mixed, [uniform] * len(mixed))
        print(
            f"| {kind} | {among(place, 1):.1f} % | {among(place, 3):.1f} % | {TARGETS[kind]:.0f} %"
            f" | {among(place, 5):.1f} % | {mrr(place):.3f} | {calibration_error(right, score):.3f}"
            f" | {p50:.2f} | {p99:.2f} |"
        )


def with_reasons(encoders: dict[Kind, Encoder | None], most: int, seed: int) -> None:
    print("\n| reasons right | without words | " + " | ".join(encoders) + " |")
    print("| --- | --- | " + " | ".join("---" for _ in encoders) + " |")
    entries, calls = split(read(DATA), np.random.default_rng(seed))
    calls = calls[:most]
    codes = [one.id for one in entries]
    held = {kind: Answers(entries, encoder=encoder) for kind, encoder in encoders.items()}
    for right in (0.3, 0.5, 0.7, 0.9):
        reasons = predicted(calls, right, codes, np.random.default_rng(seed + 1))
        alone, _, _ = places(next(iter(held.values())), calls, reasons, words=False)
        cells = [f"{among(alone, 1):.1f} / {among(alone, 3):.1f}"]
        for answers in held.values():
            place, _, _ = places(answers, calls, reasons)
            cells.append(f"{among(place, 1):.1f} / {among(place, 3):.1f}")
        print(f"| {100 * right:.0f} % | " + " | ".join(cells) + " |")
    print("Right one among 1 / among 3, per cent.")


def latency(encoders: dict[Kind, Encoder | None], most: int, seed: int) -> None:
    """308 entries (each intent in four parts) of ten wordings; three likely reasons."""
    questions = read(DATA)
    rng = np.random.default_rng(seed)
    entries, calls = [], []
    for intent in sorted(questions):
        texts = [questions[intent][at] for at in rng.permutation(len(questions[intent]))]
        for part in range(4):
            own = (texts[part::4] * 10)[:9]
            title = f"{intent.replace('_', ' ')} {part + 1}"
            entries.append(entry(f"{intent}.{part}", intent, title, own))
        calls += [(text, intent) for text in texts[36:40]]
    calls = [calls[at] for at in rng.permutation(len(calls))][:most]
    reasons = predicted(calls, 0.6, sorted(questions), rng)
    print("\n| encoder | first time p50 ms | p99 | words read before p50 ms | p99 |")
    print("| --- | --- | --- | --- | --- |")
    for kind, encoder in encoders.items():
        answers = Answers(entries, encoder=encoder)
        cells = []
        for _ in range(2):
            _, _, took = places(answers, calls, reasons)
            cells += [f"{one:.2f}" for one in np.percentile(took, [50, 99]) * 1e3]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    print(f"{len(entries)} entries, {10 * len(entries)} wordings.")


def fit(encoders: dict[Kind, Encoder | None], most: int, seed: int) -> None:
    """The best scale on a grid; calls and knowledge base are not those of the tables."""
    print("\n| encoder | slope | neutral | log loss |")
    print("| --- | --- | --- | --- |")
    for kind, encoder in encoders.items():
        entries, calls = split(read(DATA), np.random.default_rng(seed + 100))
        held, mixed = lacking(entries, calls[: 3 * most], most)
        column = {one.id: at for at, one in enumerate(held)}
        labels = np.array([column.get(intent, len(held)) for _, intent in mixed])
        alike = _alike(held, encoder, [text for text, _ in mixed])
        losses = {}
        for slope in np.arange(6.0, 40.1, 1.0):
            for neutral in np.arange(0.1, 0.91, 0.02):
                odds = np.log(0.9 / len(held)) + slope * (alike - neutral)
                odds = np.hstack([odds, np.full((len(odds), 1), np.log(0.1))])
                logs = odds - np.logaddexp.reduce(odds, axis=1, keepdims=True)
                losses[slope, neutral] = -float(logs[np.arange(len(labels)), labels].mean())
        slope, neutral = min(losses, key=lambda one: losses[one])
        print(f"| {kind} | {slope:.0f} | {neutral:.2f} | {losses[slope, neutral]:.3f} |")


def _alike(entries: Sequence[Entry], encoder: Encoder | None, texts: Sequence[str]) -> Floats:
    wordings = shelf(entries, (), encoder).wordings
    return np.stack([wordings.alike(text) for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--encoder", choices=KINDS, action="append")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    if not DATA.is_file():
        print(
            f"There is no {DATA}: put BANKING77's train.csv (text,category; PolyAI, CC BY 4.0)"
            " there, or name the folder above it in CALLCENTER_DATA."
        )
        return
    encoders: dict[Kind, Encoder | None] = {}
    for kind in options.encoder or KINDS:
        try:
            encoders[kind] = open_encoder(kind)
        except EncoderMissing as error:
            print(f"{kind} is left out: {error}")
    if options.fit:
        fit(encoders, options.calls, options.seed)
        return
    by_words(encoders, options.calls, options.seed)
    with_reasons(encoders, min(options.calls, 1_000), options.seed)
    latency(encoders, 300, options.seed)


if __name__ == "__main__":
    main()
