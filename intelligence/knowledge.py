"""Reads knowledge entries (``config/knowledge/**/*.toml``). How to write them: docs/knowledge.md.

Everything wrong in all files is reported at once, each with file, entry, key and what is allowed.
``load_knowledge`` reads files, so it runs at the start and never on the way of a call;
``load_entry`` reads one entry that somebody edited on a screen, with the same checks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

from callcenter.floor.card import Phrasing

from .checks import Check, KnowledgeError, parse_toml, read_toml
from .entry import Audience, Entry
from .pack import LANGUAGES, LONGEST_ASK
from .templates import check as check_template
from .templates import check_plain

ENTRY_ID = re.compile(r"[a-z][a-z0-9_.]{0,79}\Z")
LONGEST_TITLE = 120
LONGEST_BODY = 1500


def load_knowledge(
    folder: Path, reasons: Collection[str], products: Collection[str] | None = None
) -> tuple[Entry, ...]:
    """All entries under ``folder``, files by name, entries as they stand. Raises KnowledgeError.

    ``reasons``: the codes an entry may answer. ``products``: names an entry may be limited to;
    ``None`` allows any.
    """
    problems: list[str] = []
    entries: list[Entry] = []
    first_seen: dict[str, str] = {}
    if not folder.is_dir():
        raise KnowledgeError([f"{folder.name}: there is no such folder of knowledge entries"])
    for path in sorted(folder.rglob("*.toml")):
        file = path.relative_to(folder).as_posix()
        data = read_toml(path, problems, file)
        check = Check(file, problems)
        check.keys("", data, {"entry"})
        for where, table in check.tables(data, "entry"):
            entry = _entry(check, where, table, reasons, products)
            if entry.id in first_seen:
                problems.append(
                    f"{file}: {where}: id {entry.id!r} is taken by an entry in "
                    f"{first_seen[entry.id]}; ids must differ"
                )
            first_seen.setdefault(entry.id, file)
            entries.append(entry)
    if problems:
        raise KnowledgeError(problems)
    return tuple(entries)


def load_entry(
    text: str,
    reasons: Collection[str],
    products: Collection[str] | None = None,
    name: str = "entry",
) -> Entry:
    """The one entry in ``text``, TOML as in the files. Raises KnowledgeError.

    ``name`` is what the messages call the text, as they name the file for files.
    """
    problems: list[str] = []
    data = parse_toml(text.encode("utf-8", "surrogatepass"), problems, name)
    check = Check(name, problems)
    check.keys("", data, {"entry"})
    entries = [
        _entry(check, where, table, reasons, products)
        for where, table in check.tables(data, "entry")
    ]
    if len(entries) > 1:
        check.wrong("", "entry", f"{len(entries)} tables", "one [[entry]] table")
    if problems or not entries:
        raise KnowledgeError(problems or [f"{name}: is empty; allowed: one [[entry]] table"])
    return entries[0]


_ENTRY_KEYS = {
    "id", "reasons", "source", "audience", "valid_from", "valid_until", "products", "asks",
    *LANGUAGES,
}  # fmt: skip


def _entry(
    check: Check,
    where: str,
    table: Mapping[str, Any],
    reasons: Collection[str],
    products: Collection[str] | None,
) -> Entry:
    entry = table.get("id")
    if isinstance(entry, str) and ENTRY_ID.match(entry):
        where = f"entry {entry!r}"
    else:
        check.wrong(where, "id", entry, "small letters, digits, _ and . beginning with a letter")
    check.keys(where, table, _ENTRY_KEYS)
    audience = table.get("audience", "everyone")
    if audience not in get_args(Audience):
        check.wrong(where, "audience", audience, " or ".join(map(repr, get_args(Audience))))
    phrasings = []
    for language in LANGUAGES:
        phrased = table.get(language)
        if not isinstance(phrased, dict):
            check.wrong(where, language, phrased, "a table with title and body")
            continue
        inside = f"{where}, {language}"
        check.keys(inside, phrased, {"title", "body"})
        title = check.text(inside, phrased, "title", LONGEST_TITLE)
        body = check.text(inside, phrased, "body", LONGEST_BODY)
        check.says(inside, "title", check_plain(title))
        check.says(inside, "body", check_template(body) if body else [])
        phrasings.append(Phrasing(language=language, title=title, body=body))
    days = {key: check.day(where, table, key) for key in ("valid_from", "valid_until")}
    if days["valid_from"] and days["valid_until"] and days["valid_until"] < days["valid_from"]:
        check.wrong(where, "valid_until", days["valid_until"], "a day not before valid_from")
    named = check.texts(where, table, "reasons", reasons)
    if not named:
        check.wrong(where, "reasons", table.get("reasons"), "a list of at least one reason code")
    return Entry(
        id=str(entry),
        reasons=named,
        source=check.text(where, table, "source", LONGEST_TITLE),
        audience="agents" if audience == "agents" else "everyone",
        valid_from=days["valid_from"],
        valid_until=days["valid_until"],
        products=check.texts(where, table, "products", products),
        phrasings=tuple(phrasings),
        asks=check.said("asks", table.get("asks", {}), LANGUAGES, LONGEST_ASK, within=where),
    )
