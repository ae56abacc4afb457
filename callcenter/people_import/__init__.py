"""Imports people from a file, CSV or JSON Lines: ``import_people``. The formats: docs/data.md.

Good lines are kept whatever their neighbours are; rejected ones go to a list with line and reason.
A killed import goes on where its last commit was, and a file that was imported is not imported
again. Must not run on the event loop: it is a long, plain call that waits for the disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from callcenter.store import Store
from callcenter.store.imports import ImportedLine, Progress

from .cells import LineError, Normalise
from .columns import REJECTED_LINE, REJECTED_REASON, Header, PeopleFileError, read_header
from .lines import JsonLines, Record, Records, Rejected, fingerprint
from .objects import Objects

__all__ = ["ImportProgress", "ImportReport", "PeopleFileError", "import_people"]

JSON_LINES = (".jsonl", ".ndjson")
"""Endings of files that hold one JSON object a line; others are CSV."""
CHUNK = 1000
"""Records in one transaction: short enough that a running engine's writes are not held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """How far it is. ``accepted`` and ``rejected`` count from the beginning of the file."""

    bytes_done: int
    bytes_total: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of an import. Times are seconds since the epoch, UTC."""

    file: str
    accepted: int
    rejected: int
    rejected_file: str | None
    """The list of rejected lines with reasons; ``None`` when none was."""
    already: bool
    """The very file had been imported before; nothing was changed."""
    resumed_at: int
    """Records an earlier, interrupted run had dealt with."""
    started: float
    finished: float


def import_people(
    store: Store,
    path: str | Path,
    region: str,
    normalise: Normalise,
    on_progress: Callable[[ImportProgress], None] = lambda progress: None,
    *,
    encoding: str = "utf-8",
    rejected: str | Path | None = None,
    clock: Callable[[], float] = time.time,
) -> ImportReport:
    """Import the people of a CSV or JSON Lines file; returns when all is committed.

    ``region`` is the home region (ISO 3166-1 alpha-2) that ``normalise`` reads national numbers
    by: the same file read for another region is another import. ``normalise`` gives E.164 or
    raises ``ValueError``. ``rejected``: where to list rejected lines, by default beside the file
    (``people.rejected.csv``, or ``.jsonl``). Raises ``PeopleFileError`` before anything is stored
    when the file as a whole is wrong, and ``StoreError``; running it again then goes on where it
    stopped.
    """
    path = Path(path)
    objects = path.suffix.lower() in JSON_LINES
    ending = ".jsonl" if objects else ".csv"
    listed = path.parent / f"{path.stem}.rejected{ending}" if rejected is None else Path(rejected)
    try:
        " ".encode(encoding)  # refuses what is a codec and no text encoding, such as hex
        content = fingerprint(path, encoding)
        records = JsonLines(path, encoding) if objects else Records(path, encoding)
    except OSError as error:
        raise PeopleFileError(f"{path} cannot be read: {error.strerror}") from error
    except LookupError as error:
        raise PeopleFileError(f"there is no encoding {encoding!r}") from error
    try:
        reader: Header | Objects
        if isinstance(records, Records):
            reader = read_header(records.header())
            titles, kind = _titles(reader), ""
        else:
            reader, titles, kind = Objects(clock()), None, " objects"
        key = sha256(f"{content} {region} {encoding}{kind}".encode()).hexdigest()
        begun = store.imports.begin(key, path.name, clock())
        run = _Run(store, records, reader, Rejected(listed, titles), normalise)
        try:
            ended = begun if begun.finished else run.all(begun, path, on_progress, clock)
        finally:
            run.rejected.close()
    except PeopleFileError as error:
        raise PeopleFileError(f"{path}: {error}") from error
    except OSError as error:
        raise PeopleFileError(f"{error.filename or listed}: {error.strerror}") from error
    finally:
        records.close()
    return ImportReport(
        file=str(path),
        accepted=ended.accepted,
        rejected=ended.rejected,
        rejected_file=str(listed) if ended.rejected else None,
        already=begun.finished is not None,
        resumed_at=begun.records,
        started=ended.started,
        finished=ended.finished or clock(),
    )


def _titles(header: Header) -> list[str]:
    kept = [title for title, name in zip(header.titles, header.names, strict=True) if name]
    return [REJECTED_LINE, REJECTED_REASON, *kept]


@dataclass(slots=True)
class _Run:
    store: Store
    records: Records | JsonLines
    reader: Header | Objects
    rejected: Rejected
    normalise: Normalise

    def all(
        self,
        progress: Progress,
        path: Path,
        on_progress: Callable[[ImportProgress], None],
        clock: Callable[[], float],
    ) -> Progress:
        total = path.stat().st_size
        stream = iter(self.records)
        for _ in islice(stream, progress.records):
            pass  # an earlier run dealt with these
        while True:
            chunk = list(islice(stream, CHUNK))
            finished = clock() if len(chunk) < CHUNK else None
            progress = self._chunk(progress, chunk, finished)
            on_progress(
                ImportProgress(
                    bytes_done=total if finished else self.records.done,
                    bytes_total=total,
                    accepted=progress.accepted,
                    rejected=progress.rejected,
                )
            )
            if finished:
                return progress

    def _chunk(
        self, progress: Progress, chunk: Sequence[Record], finished: float | None
    ) -> Progress:
        good: list[ImportedLine] = []
        wrong: list[tuple[int, str, Sequence[str]]] = []
        for record in chunk:
            try:
                if record.wrong is not None:
                    raise LineError(record.wrong)
                good.append(self.reader.line(record.line, record.cells, self.normalise))
            except LineError as error:
                wrong.append((record.line, str(error), self.reader.kept(record.cells)))
        cells = {record.line: record.cells for record in chunk}

        def reject(refused: Sequence[tuple[int, str]]) -> tuple[int, int]:
            rows = [(line, reason, self.reader.kept(cells[line])) for line, reason in refused]
            size = self.rejected.write(progress.rejected_bytes, [*wrong, *rows])
            return len(wrong) + len(rows), size

        return self.store.imports.write(progress, len(chunk), good, reject, finished)
