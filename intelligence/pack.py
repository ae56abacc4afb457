"""Reads packs (``config/packs/*.toml``): the reasons, outcomes and breaks of a trade.

It reads files, so it runs at the start and never on the way of a call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checks import Check, KnowledgeError, read_toml
from .rules import Usual

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A code an agent may choose, with its label in each of ``LANGUAGES``."""

    code: str
    labels: Mapping[str, str]
    settled: bool = False
    """Outcomes: the reason is done with, the person need not call again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What a trade brings: reasons, outcomes and break reasons, in the order shown."""

    name: str
    reasons: tuple[Choice, ...]
    usual: tuple[Usual, ...]
    outcomes: tuple[Choice, ...]
    breaks: tuple[Choice, ...]

    @property
    def reason_codes(self) -> tuple[str, ...]:
        return tuple(one.code for one in self.reasons)

    @property
    def settled(self) -> frozenset[str]:
        """Outcomes after which a reason is done with."""
        return frozenset(one.code for one in self.outcomes if one.settled)


def load_pack(path: Path) -> Pack:
    """Read a pack. Raises ``KnowledgeError``."""
    problems: list[str] = []
    data = read_toml(path, problems)
    check = Check(path.name, problems)
    check.keys("", data, {"name", "reason", "outcome", "break"})
    reasons, usual = [], []
    for where, table in check.tables(data, "reason"):
        check.keys(where, table, {"code", "labels", "share", "queue"})
        reasons.append(_choice(check, where, table))
        share = table.get("share")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            check.wrong(where, "share", share, "a number above 0, at most 1 (its share of calls)")
            continue
        usual.append(Usual(str(table.get("code")), float(share), check.text(where, table, "queue")))
    outcomes = []
    for where, table in check.tables(data, "outcome"):
        check.keys(where, table, {"code", "labels", "settled"})
        settled = table.get("settled")
        if not isinstance(settled, bool):
            check.wrong(where, "settled", settled, "true or false")
        outcomes.append(_choice(check, where, table, settled=settled is True))
    breaks = []
    for where, table in check.tables(data, "break"):
        check.keys(where, table, {"code", "labels"})
        breaks.append(_choice(check, where, table))
    name = check.text("", data, "name")
    for kind, choices in (("reason", reasons), ("outcome", outcomes), ("break", breaks)):
        problems += [
            f"{path.name}: {kind} {code!r} is there more than once"
            for code in _repeated([one.code for one in choices])
        ]
    if problems:
        raise KnowledgeError(problems)
    return Pack(
        name=name,
        reasons=tuple(reasons),
        usual=tuple(usual),
        outcomes=tuple(outcomes),
        breaks=tuple(breaks),
    )


def _choice(check: Check, where: str, table: Mapping[str, Any], *, settled: bool = False) -> Choice:
    code = table.get("code")
    if not isinstance(code, str) or not CODE.match(code):
        check.wrong(where, "code", code, "small letters, digits and _ beginning with a letter")
        code = ""
    labels = table.get("labels")
    if not isinstance(labels, dict):
        check.wrong(where, "labels", labels, f"a table with {', '.join(LANGUAGES)}")
        labels = {}
    else:
        check.keys(f"{where}, labels", labels, LANGUAGES)
    return Choice(
        code=code,
        labels={
            language: check.text(f"{where}, labels", labels, language) for language in LANGUAGES
        },
        settled=settled,
    )


def _repeated(codes: Sequence[str]) -> list[str]:
    return sorted({code for code in codes if code and codes.count(code) > 1})
