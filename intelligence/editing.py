"""Knowledge entries as supervisors edit them: files and what was edited put together. Pure.

An edited entry stands instead of the file's of the same id, a retired one is left out. It knows no
store and no HTTP; ``callcenter.api.knowledge`` is given it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from callcenter.floor.card import Phrasing
from callcenter.ports import KnowledgeEdit, PersonRow

from .checks import KnowledgeError
from .entry import Entry
from .personal import facts_of
from .profile import profile
from .templates import render


@dataclass(frozen=True, slots=True)
class Merged:
    """``entries`` to be used; ``problems`` of edits that are no good (any more), by id: the file's
    entry stands for them, if there is one."""

    entries: tuple[Entry, ...]
    problems: Mapping[str, tuple[str, ...]]


class Editing:
    """Entries of the files, and how to read the text of one. Immutable."""

    def __init__(self, files: Sequence[Entry], load: Callable[[str], Entry], zone: tzinfo) -> None:
        """``load`` reads one entry's TOML and raises ``KnowledgeError``; ``zone``: in which times
        are written."""
        self._files = {entry.id: entry for entry in files}
        self._load = load
        self._zone = zone

    def filed(self) -> Mapping[str, Entry]:
        """By id, in the order of the files."""
        return self._files

    def read(self, text: str) -> Entry:
        """Raises ``KnowledgeError`` with all that is wrong."""
        return self._load(text)

    def text(self, entry: Entry) -> str:
        return as_toml(entry)

    def merged(self, edits: Sequence[KnowledgeEdit]) -> Merged:
        """Edited ones at the place of the file's, new ones after them in the order of ``edits``."""
        entries = dict(self._files)
        problems: dict[str, tuple[str, ...]] = {}
        for edit in edits:
            if edit.retired:
                entries.pop(edit.id, None)
                continue
            try:
                entry = self._load(edit.entry)
            except KnowledgeError as error:
                problems[edit.id] = error.problems
                continue
            if entry.id != edit.id:
                problems[edit.id] = (f"the text is of another entry, {entry.id!r}",)
                continue
            entries[edit.id] = entry
        return Merged(tuple(entries.values()), problems)

    def rendered(self, entry: Entry, person: PersonRow | None, at: float) -> tuple[Phrasing, ...]:
        """As an agent would see it for ``person`` (``None``: somebody unknown) at ``at``."""
        facts = facts_of(profile(person, at) if person is not None else None, (), at)
        return tuple(
            Phrasing(
                language=one.language,
                title=one.title,
                body=render(one.body, facts, one.language, self._zone),
            )
            for one in entry.phrasings
        )


def as_toml(entry: Entry) -> str:
    """The entry as its file would say it; reading that gives the same entry."""
    lines = [
        "[[entry]]",
        f"id = {_text(entry.id)}",
        f"reasons = {_texts(entry.reasons)}",
        f"source = {_text(entry.source)}",
        f"audience = {_text(entry.audience)}",
    ]
    for key, day in (("valid_from", entry.valid_from), ("valid_until", entry.valid_until)):
        if day is not None:
            lines.append(f"{key} = {day.isoformat()}")
    if entry.products:
        lines.append(f"products = {_texts(entry.products)}")
    if entry.asks:
        lines += ["", "[entry.asks]"]
        lines += [f"{language} = {_texts(texts)}" for language, texts in entry.asks.items()]
    for one in entry.phrasings:
        lines += [
            "",
            f"[entry.{one.language}]",
            f"title = {_text(one.title)}",
            f"body = {_text(one.body)}",
        ]
    return "\n".join(lines) + "\n"


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """A basic string of TOML: JSON's, and DEL escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
