"""Predictions as they were made and shown, and the lessons they become once the reason is known.

The lists of a prediction are JSON. It must not judge or change what was predicted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Dialect,
    Integer,
    RowMapping,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from callcenter.codec import from_plain, to_plain
from callcenter.floor.card import Scored, Words
from callcenter.floor.orders import RecordPrediction
from callcenter.ports import Lesson

from .database import insert
from .reader import Reader
from .retention import Sweep
from .tables import as_json, interactions, outcomes, predictions
from .writer import LINGER, Writer

PIECE = 500
"""Calls read at once: a lesson holds some kilobytes."""

_p, _o = predictions.c, outcomes.c


def prediction_row(order: RecordPrediction) -> dict[str, Any]:
    """The order as a row of ``predictions``."""
    return {
        "call": order.call,
        "ask": order.ask,
        "version": order.version,
        "at": order.at,
        "person": order.person,
        "tier": order.tier,
        "language": order.language,
        "queue": order.queue,
        "context": as_json(order.context),
        "features": as_json(order.features),
        "words": as_json([to_plain(one) for one in order.words]),
        "model": order.model,
        "reasons": as_json([to_plain(one) for one in order.reasons]),
        "not_ours": order.not_ours,
        "challengers": as_json([to_plain(one) for one in order.challengers]),
        "answers": as_json(order.answers),
        "agent": order.agent,
        "seen": order.seen,
        "marks": as_json(order.marks),
    }


class PredictionsTable:
    """``keep_days``: how long a prediction is kept. Raises ``StoreError``."""

    def __init__(self, writer: Writer, dialect: Dialect, keep_days: float) -> None:
        self._writer = writer
        self._sweep = Sweep(_p.at, (_p.call, _p.ask), keep_days)
        new = insert(dialect, predictions)
        changed = [name for name in predictions.columns.keys() if name not in ("call", "ask")]  # noqa: SIM118
        self._put = new.on_conflict_do_update(
            index_elements=["call", "ask"],
            set_={name: new.excluded[name] for name in changed},
            where=_p.version < new.excluded.version,
        )

    async def record(self, order: RecordPrediction) -> None:
        """Store it unless this version or a newer one is there; in any order, however often."""
        row = prediction_row(order)

        def work(connection: Connection) -> None:
            connection.execute(self._put, row)
            self._sweep.after(connection, order.at)

        await self._writer.write(work, LINGER)  # nobody acts on it


class LessonsTable:
    """Implements ``callcenter.ports.Lessons``: plain calls that wait. Raises ``StoreError``."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        """Calls in [``since``, ``until``) whose reason was confirmed, oldest first.

        ``at`` is when the last prediction of the call was made. Calls without any (older ones,
        imported ones) are there too, with their context and no features, as of when their outcome
        was noted.
        """
        told = (_predicted(row) for row in self._rows(_PREDICTED, since, until))
        plain = (_unpredicted(row) for row in self._rows(_UNPREDICTED, since, until))
        return merge(told, plain, key=lambda lesson: (lesson.at, lesson.call))

    def calls(self, since: float, until: float) -> int:
        """How many calls arrived in [``since``, ``until``) and are over, with or without anything
        predicted; a plain call that waits."""
        arrived = interactions.c.arrived
        query = (
            select(func.count())
            .select_from(interactions)
            .where(arrived >= since, arrived < until, interactions.c.direction != "internal")
        )
        return int(self._reader.read_now(lambda connection: connection.execute(query).scalar_one()))

    def confirmed_since(self, since: float) -> int:
        query = select(func.count()).select_from(outcomes).where(_o.at >= since)
        return int(self._reader.read_now(lambda connection: connection.execute(query).scalar_one()))

    def _rows(self, query: Select[Any], since: float, until: float) -> Iterator[RowMapping]:
        """Rows in order of time and call, read in pieces, each beginning after the last."""
        at, call = since, ""
        while True:
            after = {"at": at, "call": call, "until": until, "piece": PIECE}
            rows = self._reader.read_now(lambda c, after=after: _read(c, query, after))  # type: ignore[misc]
            yield from rows
            if len(rows) < PIECE:
                return
            at, call = rows[-1]["at"], rows[-1]["call"]


def _read(
    connection: Connection, query: Select[Any], after: dict[str, Any]
) -> Sequence[RowMapping]:
    return connection.execute(query, after).mappings().all()


def _ordered(query: Select[Any], at: Any, call: Any) -> Select[Any]:
    """A piece of ``query``, after the one named. A call has a name, so that "" is before all."""
    start: BindParameter[float] = bindparam("at")
    last: BindParameter[str] = bindparam("call")
    # The range of times stands by itself so that the index is used for it.
    return (
        query.where(
            at >= start, at < bindparam("until"), or_(at > start, and_(at == start, call > last))
        )
        .order_by(at, call)
        .limit(bindparam("piece", type_=Integer))
    )


_later = predictions.alias("later")
_PREDICTED = _ordered(
    select(
        _p.call, _p.at, func.coalesce(_o.person, _p.person).label("person"), _p.tier, _p.language,
        _p.queue, _p.context, _p.features, _p.words, _o.reason, _o.outcome, _o.notes, _p.model,
        _p.reasons, _p.challengers, _p.answers, _p.marks,
    )
    .select_from(predictions.join(outcomes, _o.call == _p.call))
    .where(~exists().where(_later.c.call == _p.call, _later.c.ask > _p.ask)),
    _p.at,
    _p.call,
)  # fmt: skip
_UNPREDICTED = _ordered(
    select(_o.call, _o.at, _o.person, _o.queue, _o.context, _o.reason, _o.outcome, _o.notes).where(
        ~exists().where(_p.call == _o.call)
    ),
    _o.at,
    _o.call,
)


def _predicted(row: RowMapping) -> Lesson:
    return Lesson(
        call=row["call"],
        at=row["at"],
        person=row["person"],
        tier=row["tier"],
        language=row["language"],
        queue=row["queue"],
        context=tuple(json.loads(row["context"])),
        features=_pairs(row["features"]),
        words=tuple(from_plain(Words, one) for one in json.loads(row["words"])),
        reason=row["reason"],
        outcome=row["outcome"],
        notes=row["notes"],
        model=row["model"] or None,
        shown=tuple((one["code"], one["probability"]) for one in json.loads(row["reasons"])),
        challengers=tuple(from_plain(Scored, one) for one in json.loads(row["challengers"])),
        answers=tuple(json.loads(row["answers"])),
        marks=_pairs(row["marks"]),
    )


def _unpredicted(row: RowMapping) -> Lesson:
    return Lesson(
        call=row["call"],
        at=row["at"],
        person=row["person"],
        tier=None,
        language=None,
        queue=row["queue"],
        context=tuple(json.loads(row["context"])),
        features=(),
        words=(),
        reason=row["reason"],
        outcome=row["outcome"],
        notes=row["notes"],
        model=None,
        shown=(),
        challengers=(),
    )


def _pairs(text: str) -> Any:
    return tuple(map(tuple, json.loads(text)))
