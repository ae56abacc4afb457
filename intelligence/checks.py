"""Reads a TOML file and says what is wrong in it, all at once, in words a person can act on."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

LONGEST_LINE = 120
LARGEST_FILE = 1_000_000
MOST_NAMED = 40


class KnowledgeError(ValueError):
    """What is wrong, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Check:
    """Collects what is wrong in one file; each method answers something usable all the same."""

    def __init__(self, file: str, problems: list[str]) -> None:
        self._file = file
        self._problems = problems

    def wrong(self, where: str, key: str, value: object, allowed: str) -> None:
        found = "is missing" if value is None else f"is {_brief(value)}"
        place = f"{self._file}: {where}: " if where else f"{self._file}: "
        self._problems.append(f"{place}{key} {found}; allowed: {allowed}")

    def says(self, where: str, key: str, found: Sequence[str]) -> None:
        """What another check found in the text of ``key``."""
        self._problems += [f"{self._file}: {where}: {key}: {one}" for one in found]

    def keys(self, where: str, table: Mapping[str, Any], allowed: Collection[str]) -> None:
        for key in table:
            if key not in allowed:
                place = f"{self._file}: {where}: " if where else f"{self._file}: "
                known = ", ".join(sorted(allowed))
                self._problems.append(f"{place}unknown key {_brief(key)}; allowed: {known}")

    def tables(self, data: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The ``[[key]]`` tables, each with words for where it is."""
        found = data.get(key)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            if data:
                self.wrong("", key, found, f"one or more [[{key}]] tables")
            return []
        return [(f"{key} {number}", table) for number, table in enumerate(found, start=1)]

    def text(
        self, where: str, table: Mapping[str, Any], key: str, longest: int = LONGEST_LINE
    ) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip() or len(value.strip()) > longest:
            if table:
                self.wrong(where, key, value, f"a text of 1 to {longest} characters")
            return ""
        return value.strip()

    def texts(
        self,
        where: str,
        table: Mapping[str, Any],
        key: str,
        allowed: Collection[str] | None,
    ) -> tuple[str, ...]:
        values = table.get(key, [])
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            self.wrong(where, key, values, "a list of texts")
            return ()
        for value in values:
            if allowed is not None and value not in allowed:
                self.wrong(where, key, value, _named(value, allowed))
        return tuple(values)

    def said(
        self,
        key: str,
        table: object,
        languages: Collection[str],
        longest: int,
        within: str = "",
    ) -> dict[str, tuple[str, ...]]:
        """Lists of texts, one for each of some ``languages``: how people put something.

        ``key`` is where the table stands, ``within`` the one around it.
        """
        if not isinstance(table, dict):
            self.wrong(within, key, table, f"a table with lists for {', '.join(languages)}")
            return {}
        where = f"{within}, {key}" if within else key
        self.keys(where, table, languages)
        said = {}
        for language in languages:
            if language not in table:
                continue
            texts = self.texts(where, table, language, None)
            for text in texts:
                if not text.strip() or len(text.strip()) > longest:
                    self.wrong(where, language, text, f"texts of 1 to {longest} characters")
            said[language] = tuple(text.strip() for text in texts)
        return said

    def day(self, where: str, table: Mapping[str, Any], key: str) -> date | None:
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            self.wrong(where, key, value, "a date such as 2026-01-31, without quotes")
            return None
        return value


def read_toml(path: Path, problems: list[str], name: str | None = None) -> Mapping[str, Any]:
    name = name or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(f"{name}: cannot be read ({error.strerror})")
        return {}
    return parse_toml(raw, problems, name)


def parse_toml(raw: bytes, problems: list[str], name: str) -> Mapping[str, Any]:
    if len(raw) > LARGEST_FILE:
        problems.append(f"{name}: is larger than {LARGEST_FILE} bytes; split it")
        return {}
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        problems.append(f"{name}: is not UTF-8 (byte {error.start}); save it as UTF-8")
    except ValueError as error:  # a number too long for Python is one without being a TOML error
        problems.append(f"{name}: is not TOML: {error}")
    except RecursionError:
        problems.append(f"{name}: is not TOML that can be read: tables within tables without end")
    return {}


def _named(value: str, allowed: Collection[str]) -> str:
    """All that is allowed, or of too many the ones most like ``value``."""
    if len(allowed) <= MOST_NAMED:
        return ", ".join(sorted(allowed))
    close = get_close_matches(value[:LONGEST_LINE], allowed, n=5)
    return f"one of {len(allowed)}" + (f", such as {', '.join(close)}" if close else "")


def _brief(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
