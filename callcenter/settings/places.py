"""Where the operator wrote a setting, for messages. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_QUOTES = str.maketrans("", "", "\"'")


class SettingsError(Exception):
    """The settings cannot be used; the message says which, where, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Places:
    """``found``: dotted key (``queues.service.steps[1].want``) to file and line, or variable."""

    where: str
    """What all settings came from, for what stands nowhere."""
    found: Mapping[str, str]

    def of(self, name: str) -> str:
        """Where it stands, or else the nearest thing around it."""
        while name:
            if name in self.found:
                return self.found[name]
            # ``steps[1].want`` is in ``steps[1]`` is in ``steps`` is in its table.
            name = name[: max(name.rfind("."), name.rfind("["), 0)]
        return self.where

    def wrong(self, name: str, value: Any, allowed: str) -> SettingsError:
        """``allowed`` says what the setting must be."""
        shown = "a value" if name.endswith("secret") else repr(value)
        return SettingsError(f"{self.of(name)}: {name} must be {allowed}, not {shown}.")

    def error(self, name: str, message: str) -> SettingsError:
        """``message`` goes on after the name of the setting."""
        return SettingsError(f"{self.of(name)}: {name} {message}")


def lines(text: str) -> dict[str, int]:
    """Dotted key to line number; good enough for tables, plain keys and lists of tables."""
    found: dict[str, int] = {}
    section, key = "", ""
    tables: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[\[([^\]]+)\]\]", line):
            name = match[1].strip().translate(_QUOTES)
            section = f"{name}[{tables[name]}]"
            tables[name] += 1
            found.setdefault(name, number)
            found.setdefault(section, number)
        elif match := re.match(r"\s*\[([^\]]+)\]", line):
            section = match[1].strip().translate(_QUOTES)
            found.setdefault(section, number)
        elif match := re.match(r"""\s*["']?([A-Za-z0-9_.-]+)["']?\s*=""", line):
            key = f"{section}.{match[1]}" if section else match[1]
            found.setdefault(key, number)
            tables[key] = 0
        if (
            key
            and (match := re.match(r"[^#{]*\[?\s*\{", line))
            and not line.lstrip().startswith("#")
        ):
            for _ in range(line.count("{")):
                found.setdefault(f"{key}[{tables[key]}]", number)
                tables[key] += 1
    return found
