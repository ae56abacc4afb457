"""Public sets of customers' words for the benchmarks; read where they lie, never copied."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

FOLDER = Path(
    os.environ.get("CALLCENTER_DATA", Path(__file__).resolve().parents[1] / "../shared/data")
)


class DataMissing(LookupError):  # noqa: N818  # reads as the reason it is
    """A set is not there; the words say how to get it."""


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Clinc:
    train: list[Said]
    val: list[Said]
    outside_train: list[str]
    outside_val: list[str]


def banking77() -> list[Said]:
    """10,003 questions of a bank's customers, 77 reasons (CC-BY-4.0)."""
    with _open("banking77/train.csv", "PolyAI-LDN/task-specific-datasets, banking_data/") as lines:
        return [Said(row["text"], row["category"]) for row in csv.DictReader(lines)]


def clinc150() -> Clinc:
    """18,000 utterances of 150 intents, and 200 of none (CC-BY-3.0)."""
    with _open("clinc150/train_val.json", "clinc/oos-eval, data/data_full.json") as stored:
        parts = json.load(stored)
    return Clinc(
        [Said(*pair) for pair in parts["train"]],
        [Said(*pair) for pair in parts["val"]],
        [text for text, _ in parts["oos_train"]],
        [text for text, _ in parts["oos_val"]],
    )


def parted(said: list[Said], parts: int, seed: int) -> list[list[Said]]:
    """Stratified, shuffled parts of one size; the last one is what is held out."""
    chance = np.random.default_rng(seed)
    by_reason: defaultdict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_reason[one.reason].append(one)
    found: list[list[Said]] = [[] for _ in range(parts)]
    turn = 0
    for reason in sorted(by_reason):
        for place in chance.permutation(len(by_reason[reason])):
            found[turn % parts].append(by_reason[reason][place])
            turn += 1
    return found


def joined(parts: list[list[Said]]) -> list[Said]:
    return [one for part in parts for one in part]


def few(said: list[Said], each: int, seed: int) -> list[Said]:
    """At most so many of each reason."""
    chance = np.random.default_rng(seed)
    seen: Counter[str] = Counter()
    chosen = []
    for place in chance.permutation(len(said)):
        one = said[place]
        seen[one.reason] += 1
        if seen[one.reason] <= each:
            chosen.append(one)
    return chosen


def _open(path: str, source: str) -> TextIO:
    whole = FOLDER / path
    if not whole.is_file():
        raise DataMissing(
            f"{path} is not in the data folder (CALLCENTER_DATA, or shared/data beside the "
            f"checkout). It comes from {source} on GitHub; put it there under this name."
        )
    return whole.open(encoding="utf-8", newline="")
