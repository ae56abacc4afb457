"""What was promised of callbacks whatever is killed, held against the engine's rows and the
exchange's own record. Pure but for reading the database."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callcenter.floor.callback import OPEN
from telephony.simulator.outside import OutsideReaction
from tests.kills.exchange import Leg, Log

LIVE = "('pending', 'accepted', 'wrapping')"
ENDS: Mapping[OutsideReaction, str] = {
    "answers": "talked", "busy": "attempts_used", "waits": "attempts_used",
    "declines": "attempts_used", "invalid": "number_invalid",
}  # fmt: skip
"""How a callback to somebody who reacts so has to end."""


@dataclass(slots=True)
class Report:
    """Each list has what broke a promise: none may."""

    lost: list[str] = field(default_factory=list)
    """Callbacks that are gone, or not over, or over without a reason."""
    not_stored: list[str] = field(default_factory=list)
    """Diallings whose attempt was not on disk before."""
    twice: list[str] = field(default_factory=list)
    """Calls that were dialled twice under one id, and numbers dialled more often than attempts."""
    together: list[str] = field(default_factory=list)
    """Numbers with two legs at one time."""
    reservations: list[str] = field(default_factory=list)
    """Agents with two live reservations; reservations that are live when all is over."""
    again: list[str] = field(default_factory=list)
    """People who were dialled again though they had talked to an agent."""
    open_attempts: list[str] = field(default_factory=list)
    """Attempts whose end was never stored."""
    dialled: int = 0
    attempts: int = 0
    silent: int = 0
    """Attempts that were stored and never dialled: the engine died between the two. Allowed."""
    ends: Counter[str] = field(default_factory=Counter)
    unlike: Counter[str] = field(default_factory=Counter)
    """Ends that are not what the customer's own doing would lead to, as ``reaction: end``."""

    @property
    def broken(self) -> list[str]:
        return [
            *self.lost, *self.not_stored, *self.twice, *self.together, *self.reservations,
        ]  # fmt: skip


def rows(base: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{base}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def not_over(base: Path) -> int:
    """How many callbacks are open."""
    states = ", ".join(f"'{state}'" for state in sorted(OPEN))
    query = f"SELECT count(*) AS n FROM callbacks WHERE state IN ({states})"
    return int(rows(base, query)[0]["n"])


def due_now(base: Path, at: float) -> int:
    """How many could be dialled at ``at`` had they an agent: not those already on the phone."""
    query = (
        "SELECT count(*) AS n FROM callbacks WHERE state IN ('due', 'reserved')"
        f" OR (state IN ('requested', 'scheduled', 'retry') AND due <= {at!r})"
    )
    return int(rows(base, query)[0]["n"])


def two_at_once(base: Path) -> list[str]:
    """Agents with two live reservations."""
    query = f"SELECT agent FROM reservations WHERE state IN {LIVE} GROUP BY agent HAVING count(*)>1"
    return [f"agent {row['agent']} has two live reservations" for row in rows(base, query)]


def judged(base: Path, outside: Mapping[str, OutsideReaction], log: Log) -> Report:
    """When all is over. ``outside``: the numbers that were to be called back."""
    report = Report()
    _callbacks(report, base, outside)
    _diallings(report, base, log)
    report.together += _together(log.legs)
    live = rows(base, f"SELECT id, agent, state FROM reservations WHERE state IN {LIVE}")
    report.reservations += [f"reservation {one['id']} is left {one['state']}" for one in live]
    return report


def _callbacks(report: Report, base: Path, outside: Mapping[str, OutsideReaction]) -> None:
    found = {row["number"]: row for row in rows(base, "SELECT * FROM callbacks")}
    made = Counter(row["callback"] for row in rows(base, "SELECT * FROM callback_attempts"))
    for number, reaction in outside.items():
        row = found.get(number)
        if row is None:
            report.lost.append(f"the callback to {number} is gone")
            continue
        end = f"{row['state']}, {row['why']}"
        report.ends[end] += 1
        if row["state"] in OPEN:
            report.lost.append(f"{row['id']} to {number} is still {row['state']}")
        elif row["why"] is None or row["ended"] is None:
            report.lost.append(f"{row['id']} to {number} ended without a reason: {row['state']}")
        elif row["attempts"] != made[row["id"]]:
            report.lost.append(
                f"{row['id']} to {number} counts {row['attempts']} attempts of {made[row['id']]}"
            )
        elif row["why"] != ENDS[reaction]:
            report.unlike[f"{reaction}: {end}"] += 1


def _diallings(report: Report, base: Path, log: Log) -> None:
    attempts = rows(base, "SELECT * FROM callback_attempts")
    stored = Counter(one["number_dialled"] for one in attempts)
    dialled = Counter(one.number for one in log.dialled)
    calls = Counter(one.call for one in log.dialled)
    report.dialled, report.attempts = len(log.dialled), len(attempts)
    report.silent = sum(one["call"] not in calls for one in attempts)
    report.open_attempts += [
        f"attempt {one['call']} to {one['number_dialled']}" for one in attempts if not one["how"]
    ]
    report.not_stored += [
        f"{one.call} to {one.number} was dialled before it was stored"
        for one in log.dialled
        if not one.stored
    ]
    report.twice += [f"{call} was dialled {n} times" for call, n in calls.items() if n > 1]
    report.twice += [
        f"{number} was dialled {n} times in {stored[number]} attempts"
        for number, n in dialled.items()
        if n > stored[number]
    ]
    talked: dict[str, float] = {}
    for leg in sorted(log.legs, key=lambda one: one.ended):
        if leg.end == "completed":
            talked.setdefault(leg.number, leg.ended)
    report.again += [
        f"{one.number} was dialled again {one.at - talked[one.number]:.1f} s after a talk"
        for one in log.dialled
        if one.at > talked.get(one.number, one.at)
    ]


def _together(legs: Iterable[Leg]) -> list[str]:
    found: list[str] = []
    last: dict[str, Leg] = {}
    for leg in sorted(legs, key=lambda one: one.began):
        before = last.get(leg.number)
        if before is not None and leg.began < before.ended:
            found.append(f"{leg.number} had two legs at once: {before.call} and {leg.call}")
        if before is None or leg.ended > before.ended:
            last[leg.number] = leg
    return found
