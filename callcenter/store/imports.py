"""The database side of importing people: one chunk of a file and how far it got, in one commit.

It must not read files or check values: ``callcenter.people_import`` gives it lines that are right
in themselves; what is refused here is only what needs the other people to be seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy import insert as plain_insert

from .database import insert
from .surroundings import Told
from .tables import contact_points, imports, people
from .writer import Writer

_RANKS = {"phone": 0, "email": 1_000, "account": 2_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import got. ``records`` counts the file's records dealt with, good or bad."""

    id: str
    file: str
    records: int
    accepted: int
    rejected: int
    rejected_bytes: int
    """Size of the list of rejected lines that belongs to ``records``."""
    started: float
    finished: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedLine:
    """One person of the file. ``id`` is ``None`` where the file gives none."""

    line: int
    id: str | None
    columns: Mapping[str, Any]
    """Columns of ``people`` and their values; columns that are absent are left as they are."""
    points: Mapping[str, Sequence[tuple[str, str | None]]]
    """Kind of contact point to (value, label); kinds that are absent are left as they are."""
    happenings: Sequence[Mapping[str, Any]] = ()
    """Columns of ``happenings`` but the person; one of the same id is replaced, others stay."""
    pages: Sequence[Mapping[str, Any]] = ()
    """Columns of ``pages`` but the person; others stay."""


@dataclass(slots=True)
class _Known:
    """What the database holds about the people a chunk may be about."""

    origin: dict[str, tuple[str | None, int | None]]
    """Person to (import, line) that wrote it last."""
    owners: dict[str, set[str]] = field(default_factory=dict)
    """Account to persons."""
    held: dict[str, set[str]] = field(default_factory=dict)
    """Person to accounts, of those in ``owners``."""

    def owns(self, person: str, account: str) -> None:
        self.owners.setdefault(account, set()).add(person)
        self.held.setdefault(person, set()).add(account)

    def gives(self, person: str, accounts: Sequence[str]) -> None:
        """A line says which accounts the person has: these, and no other any more."""
        for account in self.held.pop(person, ()):
            self.owners[account].discard(person)
        for account in accounts:
            self.owns(person, account)


class ImportsTable:
    """Plain calls that wait. All raise ``StoreError``."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def begin(self, id: str, file: str, now: float) -> Progress:
        """Where the import with this id stands; a new one if there is none."""
        return self._writer.submit(lambda connection: _begin(connection, id, file, now)).result()

    def write(
        self,
        progress: Progress,
        records: int,
        lines: Sequence[ImportedLine],
        reject: Callable[[Sequence[tuple[int, str]]], tuple[int, int]],
        finished: float | None,
    ) -> Progress:
        """Store a chunk of ``records`` records, of which ``lines`` are good in themselves.

        ``reject`` is given (line, reason) of those refused here, writes the list of rejected
        lines and returns how many there are in this chunk, and the size of the list then; it may
        be called again for the same chunk. People are found by id, else by account, else they are
        new, with an id made of what the line says, so that the same line is the same person.
        """

        def work(connection: Connection) -> Progress:
            refused = _store(connection, progress.id, lines)
            rejected, size = reject(refused)
            changed = Progress(
                id=progress.id,
                file=progress.file,
                records=progress.records + records,
                accepted=progress.accepted + len(lines) - len(refused),
                rejected=progress.rejected + rejected,
                rejected_bytes=size,
                started=progress.started,
                finished=finished,
            )
            connection.execute(
                update(imports)
                .where(imports.c.id == progress.id)
                .values(
                    records=changed.records,
                    accepted=changed.accepted,
                    rejected=changed.rejected,
                    rejected_bytes=changed.rejected_bytes,
                    finished=changed.finished,
                )
            )
            return changed

        return self._writer.submit(work).result()


def _begin(connection: Connection, id: str, file: str, now: float) -> Progress:
    row = connection.execute(select(imports).where(imports.c.id == id)).first()
    if row is not None:
        return Progress(**row._mapping)
    values: dict[str, Any] = {"id": id, "file": file, "started": now, "finished": None}
    values.update(records=0, accepted=0, rejected=0, rejected_bytes=0)
    connection.execute(plain_insert(imports).values(values))
    return Progress(**values)


def _store(
    connection: Connection, import_id: str, lines: Sequence[ImportedLine]
) -> list[tuple[int, str]]:
    known = _look_up(connection, lines)
    refused: list[tuple[int, str]] = []
    rows: list[dict[str, Any]] = []
    stale: dict[str, list[str]] = {}
    points: list[dict[str, Any]] = []
    happened: list[dict[str, Any]] = []
    viewed: list[dict[str, Any]] = []
    for line in lines:
        found = _who(line, known)
        if found is None:
            refused.append((line.line, _ambiguous(line, known)))
            continue
        who, by = found
        origin, origin_line = known.origin.get(who, (None, None))
        if origin == import_id:
            refused.append((line.line, f"{by} is on line {origin_line} already"))
            continue
        stored = who in known.origin
        known.origin[who] = (import_id, line.line)
        rows.append({**line.columns, "id": who, "imported_by": import_id})
        rows[-1]["imported_line"] = line.line
        for kind, values in line.points.items():
            if stored:
                stale.setdefault(kind, []).append(who)
            points.extend(
                {"person": who, "kind": kind, "value": value, "label": label, "rank": rank}
                for rank, (value, label) in enumerate(values, _RANKS[kind])
            )
        if "account" in line.points:
            known.gives(who, [account for account, _ in line.points["account"]])
        happened.extend({"person": who, **one} for one in line.happenings)
        viewed.extend({"person": who, **one} for one in line.pages)
    _write(connection, rows, stale, points)
    told = Told(connection.dialect)
    told.happenings(connection, happened)
    told.pages(connection, viewed)
    return refused


def _write(
    connection: Connection,
    rows: list[dict[str, Any]],
    stale: Mapping[str, list[str]],
    points: list[dict[str, Any]],
) -> None:
    # Lines of a CSV file all have the same columns, JSON objects those they name.
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(sorted(row)), []).append(row)
    for columns, some in alike.items():
        statement = insert(connection.dialect, people)
        changed = {name: statement.excluded[name] for name in columns if name != "id"}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=changed), some
        )
    p = contact_points.c
    for kind, persons in stale.items():
        old = delete(contact_points).where(p.person == bindparam("who"), p.kind == kind)
        connection.execute(old, [{"who": person} for person in persons])
    if points:
        connection.execute(plain_insert(contact_points), points)


def _look_up(connection: Connection, lines: Sequence[ImportedLine]) -> _Known:
    unnamed = [line for line in lines if line.id is None]
    accounts = {account for line in unnamed for account, _ in line.points.get("account", ())}
    p = contact_points.c
    known = _Known({})
    query = select(p.value, p.person).where(p.kind == "account")
    for some in _in_portions(accounts):
        for account, person in connection.execute(query.where(p.value.in_(some))):
            known.owns(person, account)
    ids = {line.id for line in lines if line.id is not None}
    ids.update(made_id(line) for line in unnamed)
    ids.update(known.held)
    origins = select(people.c.id, people.c.imported_by, people.c.imported_line)
    for some in _in_portions(ids):
        for person, origin, line in connection.execute(origins.where(people.c.id.in_(some))):
            known.origin[person] = (origin, line)
    return known


def _in_portions(values: Collection[str]) -> list[list[str]]:
    """Databases limit how many values one statement may hold."""
    ordered = sorted(values)
    return [ordered[at : at + 500] for at in range(0, len(ordered), 500)]


def _who(line: ImportedLine, known: _Known) -> tuple[str, str] | None:
    """The person a line is about and how that was found; ``None`` if it may be several."""
    if line.id is not None:
        return line.id, f"the person with id {line.id}"
    for account, _ in line.points.get("account", ()):
        owners = known.owners.get(account, set())
        if len(owners) > 1:
            return None
        for owner in owners:
            return owner, f"the person with account {account}"
    return made_id(line), "the same person"


def _ambiguous(line: ImportedLine, known: _Known) -> str:
    accounts = [account for account, _ in line.points.get("account", ())]
    shared = next(account for account in accounts if len(known.owners.get(account, ())) > 1)
    return f"account {shared} belongs to {len(known.owners[shared])} people: give an id"


def made_id(line: ImportedLine) -> str:
    """An id for a line without one: the same name and contact points give the same id."""
    points = sorted((kind, value) for kind, many in line.points.items() for value, _ in many)
    text = json.dumps([line.columns["name"], points])
    return "p-" + blake2b(text.encode(), digest_size=8).hexdigest()
