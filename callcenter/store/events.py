"""The journal's rows: the list of all events, by position. Written by ``callcenter.journal``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, insert, select

from callcenter.codec import CodecError, decode_event, encode_text
from callcenter.floor.events import Event, FloorOpened

from .errors import StoreError
from .reader import Reader
from .tables import journal

_PAGE = 1000


class JournalTable:
    """Reading the journal, for replays and reports: plain calls that wait."""

    def __init__(self, reader: Reader, where: str) -> None:
        self._reader = reader
        self._where = where

    def last(self) -> int:
        """The position of the newest event; 0 when there is none. Raises ``StoreError``."""
        query = select(func.coalesce(func.max(journal.c.position), 0))
        return self._reader.read_now(lambda connection: int(connection.execute(query).scalar_one()))

    def read(
        self, start: int = 1, to: int | None = None, holes: bool = False
    ) -> Iterator[tuple[int, Event]]:
        """Events from position ``start`` to ``to``, both included, or to the end.

        A position without an event, but for a missing beginning (retention), means that events
        were lost: raises ``StoreError`` naming it unless ``holes`` are allowed. Raises it too for
        an event this program cannot read.
        """
        expected: int | None = None
        while to is None or start <= to:
            rows = self._page(start, to)
            for position, body in rows:
                if expected not in (None, position) and not holes:
                    raise StoreError(
                        f"{self._where}: events are missing from the journal, "
                        f"positions {expected} to {position - 1}"
                    )
                try:
                    yield position, decode_event(body)
                except CodecError as error:
                    raise StoreError(
                        f"{self._where}: the event at position {position} cannot be read: {error}"
                    ) from error
                expected = position + 1
            if len(rows) < _PAGE:
                return
            start = rows[-1][0] + 1

    def last_run(
        self, kinds: Sequence[type[Event]], whole: type[Event], within: float
    ) -> tuple[float | None, list[Event]]:
        """Events of these kinds since the last run began that had got as far as ``whole``, and when
        the journal ends.

        Runs after it that were ended while they started have repeated only a part of what they
        took over. A run that began more than ``within`` seconds after all before took over nothing.
        """
        j = journal.c
        end = select(j.at).order_by(j.position.desc()).limit(1)

        def work(connection: Connection) -> tuple[float | None, list[str]]:
            query = (
                select(j.body)
                .where(
                    j.position > _began(connection, whole, within),
                    j.kind.in_([kind.__name__ for kind in kinds]),
                )
                .order_by(j.position)
            )
            last = connection.execute(end).scalar()
            return last, [row[0] for row in connection.execute(query)]

        last, bodies = self._reader.read_now(work)
        return last, [decode_event(body) for body in bodies]

    def end_of_run(self, seconds: float) -> list[Event]:
        """The last ``seconds`` of the run that is in the journal last, from its opening at most."""
        found: list[str] = []
        before, since = self.last() + 1, None
        while True:
            rows = self._page_before(before)
            for position, at, kind, body in rows:
                since = at - seconds if since is None else since
                if at >= since:
                    found.append(body)
                if at < since or kind == FloorOpened.__name__:
                    return [decode_event(body) for body in reversed(found)]
                before = position
            if len(rows) < _PAGE:
                return [decode_event(body) for body in reversed(found)]

    def _page_before(self, before: int) -> Sequence[tuple[int, float, str, str]]:
        j = journal.c
        query = (
            select(j.position, j.at, j.kind, j.body)
            .where(j.position < before)
            .order_by(j.position.desc())
            .limit(_PAGE)
        )
        return self._reader.read_now(
            lambda connection: [(r[0], r[1], r[2], r[3]) for r in connection.execute(query)]
        )

    def _page(self, start: int, to: int | None) -> Sequence[tuple[int, str]]:
        j = journal.c
        query = select(j.position, j.body).where(j.position >= start)
        if to is not None:
            query = query.where(j.position <= to)
        query = query.order_by(j.position).limit(_PAGE)
        return self._reader.read_now(
            lambda connection: [(row[0], row[1]) for row in connection.execute(query)]
        )


def journal_row(position: int, event: Event) -> dict[str, object]:
    """Raises ``CodecError``."""
    return {
        "position": position,
        "at": event.at,
        "kind": type(event).__name__,
        "body": encode_text(event),
    }


def write_rows(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """A position that is taken is an error: two engines must not write one journal."""
    connection.execute(insert(journal), rows)


def stored_body(connection: Connection, position: int) -> str | None:
    query = select(journal.c.body).where(journal.c.position == position)
    return connection.execute(query).scalar()


def _began(connection: Connection, whole: type[Event], within: float) -> int:
    """The position at which the run began that ``last_run`` is about."""
    j = journal.c
    newest = select(j.position).order_by(j.position.desc()).limit(1)
    got_so_far = connection.execute(newest.where(j.kind == whole.__name__)).scalar() or 0
    before = select(j.at).order_by(j.position.desc()).limit(1)
    opened = (
        select(j.position, j.at)
        .where(j.kind == FloorOpened.__name__)
        .order_by(j.position.desc())
        .limit(1)
    )
    began = 0
    run = connection.execute(opened).first()
    while run is not None:
        began = run.position
        ended = connection.execute(before.where(j.position < began)).scalar()
        if began < got_so_far or ended is None or run.at - ended > within:
            break
        run = connection.execute(opened.where(j.position < began)).first()
    return began
