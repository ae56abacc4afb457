"""Reads packs (``config/packs/*.toml``): the reasons, outcomes and breaks of a trade, and how its
customers put them (``config/packs/<name>.asks.toml``, beside the pack). How to write one:
docs/packs.md.

Everything wrong is reported at once, with file, table, key and what is allowed. It reads files, so
it runs at the start and never on the way of a call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .checks import Check, KnowledgeError, read_toml
from .rules import Usual

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
PAGE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
LONGEST_ASK = 300

_CODE_ALLOWED = "1 to 40 small letters, digits and _ beginning with a letter"
_PAGE_ALLOWED = "1 to 40 small letters, digits and - beginning with a letter"

Said = Mapping[str, tuple[str, ...]]
"""Utterances for each language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A code with its label in each of ``LANGUAGES``: a reason, an outcome, a kind of event."""

    code: str
    labels: Mapping[str, str]
    settled: bool = False
    """Outcomes: the reason is done with, the person need not call again."""
    head: str | None = None
    """Reasons: the head it belongs to; ``None`` in a pack without heads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What a trade brings, everything in the order shown."""

    name: str
    reasons: tuple[Choice, ...]
    usual: tuple[Usual, ...]
    outcomes: tuple[Choice, ...]
    breaks: tuple[Choice, ...]
    heads: tuple[Choice, ...] = ()
    """The groups of reasons; in a pack without heads, the reasons themselves."""
    happenings: tuple[Choice, ...] = ()
    """Kinds of ``Happening``."""
    pages: tuple[Choice, ...] = ()
    """Pages of the website (``PageView.page``)."""
    conditions: tuple[Choice, ...] = ()
    """Kinds of ``Condition``."""
    asks: Mapping[str, Said] = field(default_factory=dict)
    """How people put a reason, by its code; a reason nobody wrote anything for is absent."""
    outside: Said = field(default_factory=dict)
    """What people say that is none of the trade's business."""
    head_of: Mapping[str, str] = field(init=False)
    """Every reason's head; in a pack without heads the reason itself."""

    def __post_init__(self) -> None:
        heads = {one.code: one.head or one.code for one in self.reasons}
        object.__setattr__(self, "head_of", MappingProxyType(heads))

    @property
    def reason_codes(self) -> tuple[str, ...]:
        return tuple(one.code for one in self.reasons)

    @property
    def settled(self) -> frozenset[str]:
        """Outcomes after which a reason is done with."""
        return frozenset(one.code for one in self.outcomes if one.settled)


def load_pack(path: Path) -> Pack:
    """Read a pack and, if there is one, the file of asks beside it. Raises ``KnowledgeError``."""
    problems: list[str] = []
    data = read_toml(path, problems)
    check = Check(path.name, problems)
    check.keys(
        "", data, {"name", "reason", "outcome", "break", "head", "happening", "page", "condition"}
    )
    heads = _choices(check, data, "head")
    reasons, usual = _reasons(check, data, [one.code for one in heads])
    outcomes = []
    for where, table in check.tables(data, "outcome"):
        check.keys(where, table, {"code", "labels", "settled"})
        settled = table.get("settled")
        if not isinstance(settled, bool):
            check.wrong(where, "settled", settled, "true or false")
        outcomes.append(_choice(check, where, table, settled=settled is True))
    breaks = _choices(check, data, "break", required=True)
    happenings = _choices(check, data, "happening")
    pages = _choices(check, data, "page", code=PAGE, allowed=_PAGE_ALLOWED)
    conditions = _choices(check, data, "condition")
    name = check.text("", data, "name")
    for kind, choices in (
        ("head", heads), ("reason", reasons), ("outcome", outcomes), ("break", breaks),
        ("happening", happenings), ("page", pages), ("condition", conditions),
    ):  # fmt: skip
        problems += [
            f"{path.name}: {kind} {code!r} is there more than once"
            for code in _repeated([one.code for one in choices])
        ]
    problems += [f"{path.name}: {problem}" for problem in _headless(heads, reasons)]
    asks, outside = _asks(
        path.with_name(f"{path.stem}.asks.toml"), {one.code for one in reasons}, problems
    )
    if problems:
        raise KnowledgeError(problems)
    return Pack(
        name=name,
        reasons=tuple(reasons),
        usual=tuple(usual),
        outcomes=tuple(outcomes),
        breaks=tuple(breaks),
        heads=tuple(heads or reasons),
        happenings=tuple(happenings),
        pages=tuple(pages),
        conditions=tuple(conditions),
        asks=asks,
        outside=outside,
    )


def _reasons(
    check: Check, data: Mapping[str, Any], heads: Sequence[str]
) -> tuple[list[Choice], list[Usual]]:
    reasons, usual = [], []
    for where, table in check.tables(data, "reason"):
        check.keys(where, table, {"code", "labels", "share", "queue", "head"})
        head = table.get("head")
        if heads and head not in heads:
            check.wrong(where, "head", head, ", ".join(heads))
        elif not heads and head is not None:
            check.wrong(where, "head", head, "nothing, as the pack has no [[head]] tables")
        reasons.append(_choice(check, where, table, head=head if head in heads else None))
        share = table.get("share")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            check.wrong(where, "share", share, "a number above 0, at most 1 (its share of calls)")
            continue
        usual.append(Usual(str(table.get("code")), float(share), check.text(where, table, "queue")))
    return reasons, usual


def _headless(heads: Sequence[Choice], reasons: Sequence[Choice]) -> list[str]:
    used = {one.head for one in reasons}
    problems = [
        f"head {head.code!r} has no reasons; give it some or leave it out"
        for head in heads
        if head.code and head.code not in used
    ]
    # A callback's topic may be a head or a reason: one word must not mean two groups.
    codes = {head.code for head in heads}
    problems += [
        f"reason {one.code!r} has the code of a head but belongs to head {one.head!r}"
        for one in reasons
        if one.code in codes and one.head is not None and one.head != one.code
    ]
    return problems


def _choices(
    check: Check,
    data: Mapping[str, Any],
    kind: str,
    *,
    required: bool = False,
    code: re.Pattern[str] = CODE,
    allowed: str = _CODE_ALLOWED,
) -> list[Choice]:
    """The ``[[kind]]`` tables that have nothing but a code and labels."""
    if not required and kind not in data:
        return []
    choices = []
    for where, table in check.tables(data, kind):
        check.keys(where, table, {"code", "labels"})
        choices.append(_choice(check, where, table, pattern=code, allowed=allowed))
    return choices


def _choice(
    check: Check,
    where: str,
    table: Mapping[str, Any],
    *,
    settled: bool = False,
    head: str | None = None,
    pattern: re.Pattern[str] = CODE,
    allowed: str = _CODE_ALLOWED,
) -> Choice:
    code = table.get("code")
    if not isinstance(code, str) or not pattern.match(code):
        check.wrong(where, "code", code, allowed)
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
        head=head,
    )


def _asks(path: Path, codes: set[str], problems: list[str]) -> tuple[Mapping[str, Said], Said]:
    """What is in the file of asks; nothing when there is no such file."""
    if not path.exists():
        return {}, {}
    data = read_toml(path, problems)
    check = Check(path.name, problems)
    check.keys("", data, {"ask", "outside"})
    tables = data.get("ask", {})
    if not isinstance(tables, dict):
        check.wrong("", "ask", tables, "tables [ask.<reason>]")
        tables = {}
    for code in tables:
        if code not in codes:
            check.wrong(f"ask.{code}", "reason", code, "a reason code of the pack")
    asks = {
        code: check.said(f"ask.{code}", said, LANGUAGES, LONGEST_ASK)
        for code, said in tables.items()
    }
    outside = check.said("outside", data.get("outside", {}), LANGUAGES, LONGEST_ASK)
    first_seen: dict[str, str] = {}
    for place, said in [
        *((f"ask.{code}", said) for code, said in asks.items()),
        ("outside", outside),
    ]:
        for one in {text.casefold(): text for texts in said.values() for text in texts}.values():
            other = first_seen.setdefault(one.casefold(), place)
            if other != place:
                problems.append(
                    f"{path.name}: {place}: {one!r} is also under {other}; it can mean only one"
                )
    return asks, outside


def _repeated(codes: Sequence[str]) -> list[str]:
    return sorted({code for code in codes if code and codes.count(code) > 1})
