"""Law packs: when numbers of a region may be called, and how often. TOML files of ``config/law``.

A pack is a list of ``[[rule]]`` with ``region``, ``hours`` and, where needed, ``holidays`` and
``attempts``. It is checked whole before anything starts; a mistake names the file and the rule.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from callcenter.floor.callback import LawRules
from callcenter.floor.hours import BadHours, parse_hours

KEYS: Final = frozenset({"region", "hours", "holidays", "attempts"})
REGION: Final = re.compile(r"[A-Z]{2}|\*", re.ASCII)
MOST_BYTES: Final = 1_000_000
"""A pack is a few pages; anything longer is another file."""


class BadLaw(ValueError):  # noqa: N818  # reads as the reason it is
    """A law pack that cannot be used, with the place and what was expected."""


def load_law(path: Path) -> tuple[LawRules, ...]:
    """The rules of a pack, in its order. Raises :class:`BadLaw`."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadLaw(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > MOST_BYTES:
        raise BadLaw(f"{path} is longer than {MOST_BYTES:,} bytes: no law pack")
    try:
        tree = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadLaw(f"{path} is not UTF-8 (byte {error.start})") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadLaw(f"{path} is not valid TOML: {error}") from error
    rules = tree.get("rule")
    if set(tree) != {"rule"} or not isinstance(rules, list) or not rules:
        raise BadLaw(f"{path}: a law pack is a list of [[rule]] and nothing else")
    found: list[LawRules] = []
    for number, rule in enumerate(rules, 1):
        try:
            found.append(_rule(rule))
        except (BadLaw, BadHours) as error:
            raise BadLaw(f"{path}, rule {number}: {error}") from error
        if any(one.region == found[-1].region for one in found[:-1]):
            raise BadLaw(f"{path}, rule {number}: {found[-1].region} has a rule already")
    return tuple(found)


def _rule(rule: object) -> LawRules:
    if not isinstance(rule, dict):
        raise BadLaw("a rule is a table, written as [[rule]]")
    for key in rule:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BadLaw(f"there is no {key!r} in a rule{hint}")
    region = rule.get("region")
    if not isinstance(region, str) or REGION.fullmatch(region) is None:
        raise BadLaw(f"region is an ISO 3166-1 code such as 'FR', or '*', not {region!r}")
    attempts = rule.get("attempts", 3)
    if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
        raise BadLaw(f"attempts is a whole number from 1 on, not {attempts!r}")
    hours = _texts(rule, "hours")
    if not hours:
        raise BadLaw(f"{region} needs hours, such as ['mon-sun 08:00-21:00']")
    read = parse_hours(hours, _texts(rule, "holidays"))
    weekly = tuple(piece for span in read.weekly for piece in _within_a_day(*span))
    return LawRules(
        region=region, weekly=tuple(sorted(weekly)), holidays=read.holidays, attempts=attempts
    )


def _within_a_day(day: int, first: int, last: int) -> tuple[tuple[int, int, int], ...]:
    """A span over midnight as one until midnight and one of the next day: a rule's minutes are
    those of one day."""
    if first < last:
        return ((day, first, last),)
    rest = ((day % 7 + 1, 0, last),) if last else ()
    return ((day, first, 24 * 60), *rest)


def _texts(rule: dict[str, Any], key: str) -> list[str]:
    texts = rule.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadLaw(f"{key} is a list of texts, not {texts!r}")
    return texts
