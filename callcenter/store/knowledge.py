"""Knowledge entries as edited on the screen, and what agents said of suggested answers.

Versions and marks are added, never changed. It must not read the entries: they are somebody's TOML.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, exists, select
from sqlalchemy import insert as plain_insert

from callcenter.codec import from_plain, to_plain
from callcenter.floor.orders import RecordMark
from callcenter.ports import KnowledgeEdit

from .reader import Reader
from .retention import Sweep
from .tables import as_json, knowledge, marks
from .writer import Writer

_k, _m = knowledge.c, marks.c


class KnowledgeTable:
    """Implements ``callcenter.ports.Knowledge``. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def edits(self) -> tuple[KnowledgeEdit, ...]:
        """The latest of each entry, by id."""
        rows = await self._reader.read(lambda connection: connection.execute(_LATEST).all())
        return tuple(from_plain(KnowledgeEdit, dict(row._mapping)) for row in rows)

    async def edit(self, edit: KnowledgeEdit) -> bool:
        """Store the version; ``False``: this one or a later one is there, look at it first."""
        newer = select(_k.version).where(_k.id == edit.id, _k.version >= edit.version).limit(1)
        row = to_plain(edit)

        def work(connection: Connection) -> bool:
            taken = connection.execute(newer).first() is not None
            if not taken:
                connection.execute(plain_insert(knowledge), row)
            return not taken

        return await self._writer.write(work)

    async def marks(self, since: float, until: float) -> tuple[RecordMark, ...]:
        """Those of [``since``, ``until``), oldest first."""
        query = (
            select(
                _m.at, _m.call, _m.agent, _m.answer, _m.mark, _m.text, _m.reason, _m.words
            )
            .where(_m.at >= since, _m.at < until)
            .order_by(_m.at, _m.number)
        )  # fmt: skip
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(
            from_plain(RecordMark, {**row._mapping, "words": json.loads(row.words)}) for row in rows
        )


class MarksTable:
    """``keep_days``: how long marks are kept. Raises ``StoreError``."""

    def __init__(self, writer: Writer, keep_days: float) -> None:
        self._writer = writer
        self._sweep = Sweep(_m.at, _m.number, keep_days)

    async def record(self, order: RecordMark) -> None:
        """Store it; the very same one again changes nothing."""
        row = to_plain(order)
        row["words"] = as_json(row["words"])
        # SQLAlchemy makes IS NULL of an equality with nothing.
        same = select(_m.number).where(*(_m[name] == row[name] for name in _SAME)).limit(1)

        def work(connection: Connection) -> None:
            if connection.execute(same).first() is None:
                connection.execute(plain_insert(marks), row)
                self._sweep.after(connection, order.at)

        await self._writer.write(work)


_SAME = ("call", "at", "agent", "answer", "mark")
_later = knowledge.alias("later")
_LATEST = (
    select(_k.id, _k.version, _k.at, _k.by, _k.entry, _k.retired)
    .where(~exists().where(_later.c.id == _k.id, _later.c.version > _k.version))
    .order_by(_k.id)
)
