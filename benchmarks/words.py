"""Reasons from words: accuracy, doubt, calibration, speed, with and without an encoder.

    python -m benchmarks.words [none semantic semantic-en] [--only speed whole ...] [--folds 5]

Test splits are not touched: a quarter of BANKING77's training file and CLINC150's validation part
are held out (stratified, seeded), and nothing was chosen on that quarter. With three quarters of
the examples the figures are lower than with all of them. One thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.text_data import Clinc, DataMissing, Said, banking77, clinc150, few, joined, parted
from intelligence.encoders import Encoder, EncoderMissing, Kept, open_encoder, similarity
from intelligence.memory import HashedPieces
from intelligence.texts import Example, TextModel, fit_texts

TARGETS: dict[str, tuple[float, float, float]] = {
    "B77 accuracy %": (91.0, 93.2, 94.0),
    "B77 10 each %": (74.0, 82.5, 86.0),
    "B77 5 each %": (62.0, 74.0, 80.0),
    "CLINC in-scope %": (90.5, 93.0, 94.0),
    "CLINC OOS recall %": (72.0, 84.0, 86.0),
    "B77 ECE": (0.03, 0.02, 0.015),
    "read p99 ms": (10.0, 20.0, 40.0),
    "answers R@3 %": (73.0, 84.0, 91.0),
    "answers MRR": (0.65, 0.75, 0.83),
    "labels +2000 gain": (10.0, 10.0, 10.0),
    "noise costs": (2.0, 2.0, 2.0),
    "fit 10,000 s": (15.0, 15.0, 15.0),
}
SMALLER = {"B77 ECE", "read p99 ms", "noise costs", "fit 10,000 s"}
KINDS = ("none", "semantic", "semantic-en")
PARTS = ("speed", "whole", "few", "growing", "answers", "doubt")
SEED = 1
Figures = dict[str, float]


def fitted(said: Sequence[Said], encoder: Encoder | None, outside: Sequence[str] = ()) -> TextModel:
    return fit_texts([Example(one.text, "en", one.reason) for one in said], encoder, SEED, outside)


def judged(model: TextModel, said: Sequence[Said]) -> tuple[Any, Any, Any]:
    """Whether the first reason is right, how likely it was said to be, and ``ours``."""
    readings = [model.read(one.text) for one in said]
    first = [max(one.distribution, key=lambda code: one.distribution[code]) for one in readings]
    right = np.array([code == one.reason for code, one in zip(first, said, strict=True)])
    sure = np.array([one.distribution[code] for one, code in zip(readings, first, strict=True)])
    return right, sure, np.array([one.ours for one in readings])


def ece(right: Any, sure: Any) -> float:
    """Expected calibration error, 15 bins of one width."""
    bins = np.minimum((sure * 15).astype(int), 14)
    return float(
        sum(
            abs(sure[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean()
            for one in set(bins.tolist())
        )
    )


def whole(said: list[Said], encoder: Encoder | None, folds: int) -> Figures:
    parts = parted(said, 4, SEED)
    train, held = joined(parts[:3]), parts[3]
    model = fitted(train, encoder)
    right, sure, _ = judged(model, held)
    figures = {
        "B77 accuracy %": 100 * right.mean(),
        "B77 trained on": float(len(train)),
        "B77 ECE": ece(right, sure),
    }
    surest = np.argsort(-sure)[: int(0.8 * len(sure))]
    figures["B77 at 80 % coverage %"] = 100 * right[surest].mean()
    chance = np.random.default_rng(SEED)
    reasons = sorted({one.reason for one in said})
    wrong = [
        Said(one.text, reasons[chance.integers(len(reasons))]) if chance.random() < 0.1 else one
        for one in train
    ]
    noisy, _, _ = judged(fitted(wrong, encoder), held)
    figures["noise costs"] = figures["B77 accuracy %"] - 100 * noisy.mean()
    if folds:
        parts = parted(said, folds, SEED)
        each = [
            judged(fitted(joined(parts[:at] + parts[at + 1 :]), encoder), parts[at])[0].mean()
            for at in range(folds)
        ]
        figures[f"B77 {folds}-fold %"] = 100 * float(np.mean(each))
    return figures


def few_shots(said: list[Said], encoder: Encoder | None) -> Figures:
    figures = {}
    for each in (10, 5):
        found = []
        parts = parted(said, 4, SEED)
        for seed in range(3):
            model = fitted(few(joined(parts[:3]), each, seed), encoder)
            found.append(judged(model, parts[3])[0].mean())
        figures[f"B77 {each} each %"] = 100 * float(np.mean(found))
    return figures


def growing(said: list[Said], encoder: Encoder | None) -> Figures:
    parts = parted(said, 4, SEED)
    train, held = joined(parts[:3]), parts[3]
    start = few(train, 5, SEED)
    rest = [one for one in train if one not in set(start)]
    order = np.random.default_rng(SEED).permutation(len(rest))[:2000]
    more = start + [rest[at] for at in order]
    before, after = (judged(fitted(part, encoder), held)[0].mean() for part in (start, more))
    return {
        "385 labels %": 100 * before,
        "2,385 labels %": 100 * after,
        "labels +2000 gain": 100 * (after - before),
    }


def doubt(data: Clinc, encoder: Encoder | None) -> Figures:
    model = fitted(data.train, encoder, data.outside_train)
    right, _, ours = judged(model, data.val)
    _, _, others = judged(model, [Said(text, "") for text in data.outside_val])
    order = (ours[:, None] > others).mean() + (ours[:, None] == others).mean() / 2
    return {
        "CLINC no rejection %": 100 * right.mean(),
        "CLINC in-scope %": 100 * (right & (ours >= 0.5)).mean(),
        "CLINC OOS recall %": 100 * (others < 0.5).mean(),
        "CLINC AUROC": float(order),
    }


def speed(said: list[Said], encoder: Encoder | None) -> Figures:
    """With all examples in memory; texts the encoder has not kept, after a warm-up. "Of processor":
    what it would be on a machine that does nothing else."""
    began, began_fit = time.perf_counter(), time.process_time()
    model = fitted(said, encoder)
    took, fit_work = time.perf_counter() - began, time.process_time() - began_fit
    if isinstance(encoder, Kept):
        model.memory.encoder = encoder.plain
    spent, worked = [], []
    for at, one in enumerate(few(said, 10, SEED)[:600]):
        begins, began_work = time.perf_counter(), time.thread_time()
        model.read(f"{one.text} {at}")
        spent.append(1e3 * (time.perf_counter() - begins))
        worked.append(1e3 * (time.thread_time() - began_work))
    p50, p99 = np.percentile(spent[50:], [50, 99])
    return {
        "fit 10,000 s": took,
        "fit 10,000, s of processor": fit_work,
        "read p50 ms": float(p50),
        "read p99 ms": float(p99),
        "read p99, ms of processor": float(np.percentile(worked[50:], 99)),
    }


def answers(said: list[Said], encoder: Encoder | None) -> Figures:
    """Every reason is an entry with 5 phrasings; asked is with the rest."""
    reader: Encoder = encoder or HashedPieces()
    parts = parted(said, 4, SEED)
    entries = few(joined(parts[:3]), 5, SEED)
    phrasings = reader.encode([one.text for one in entries])
    names = sorted({one.reason for one in entries})
    places = np.array([names.index(one.reason) for one in entries])
    ranks = []
    for one, query in zip(parts[3], reader.encode([one.text for one in parts[3]]), strict=True):
        best = np.full(len(names), -1.0)
        np.maximum.at(best, places, similarity(query, phrasings))
        ranks.append(1 + int((best > best[names.index(one.reason)]).sum()))
    found = np.array(ranks)
    return {"answers R@3 %": 100 * (found <= 3).mean(), "answers MRR": float((1 / found).mean())}


def table(found: dict[str, Figures]) -> str:
    rows = list(dict.fromkeys(name for figures in found.values() for name in figures))
    lines = ["| figure | " + " | ".join(f"{kind} | target" for kind in found) + " |"]
    lines.append("| --- |" + " ---: | ---: |" * len(found))
    for name in rows:
        cells = []
        for kind, figures in found.items():
            value = figures.get(name)
            target = TARGETS[name][KINDS.index(kind)] if name in TARGETS else None
            shown = "" if value is None else f"{value:.3f}" if value < 1.5 else f"{value:.2f}"
            if target is None or value is None:
                cells.append(f"{shown} | ")
                continue
            met = value <= target if name in SMALLER else value >= target
            sign = "<=" if name in SMALLER else ">="
            cells.append(f"{shown} | {sign} {target:g} {'met' if met else 'NOT met'}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--folds", type=int, default=0, help="cross-validation as well, in so many")
    given = parser.parse_args()
    try:
        bank, clinc = banking77(), clinc150()
    except DataMissing as missing:
        print(missing)
        return 0
    threadpool_limits(1)
    found: dict[str, Figures] = {}
    for kind in given.kinds:
        try:
            encoder = open_encoder(kind)
        except EncoderMissing as missing:
            print(f"{kind}: {missing}")
            continue
        bank_too = set(given.only) != {"doubt"}
        if encoder is not None and bank_too:
            began = time.thread_time()
            encoder.encode([one.text for one in bank])
            rate = len(bank) / (time.thread_time() - began)
            _say(f"{kind}: encodes {rate:.0f} texts a second of processor")
        parts: dict[str, Callable[[], Figures]] = {
            "speed": lambda e=encoder: speed(bank, e),  # type: ignore[misc]
            "whole": lambda e=encoder: whole(bank, e, given.folds),  # type: ignore[misc]
            "few": lambda e=encoder: few_shots(bank, e),  # type: ignore[misc]
            "growing": lambda e=encoder: growing(bank, e),  # type: ignore[misc]
            "answers": lambda e=encoder: answers(bank, e),  # type: ignore[misc]
            "doubt": lambda e=encoder: doubt(clinc, e),  # type: ignore[misc]
        }
        figures = found.setdefault(kind, {})
        for name in given.only:
            figures |= parts[name]()
            _say(f"{kind}: {figures}")
    print(table(found))
    return 0


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
