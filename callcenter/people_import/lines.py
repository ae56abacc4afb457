"""The file itself: is it text, which records does it hold, and the list of those rejected.

Reads one record at a time, whatever the size of the file; one broken record costs itself, not its
neighbours. Must not know what columns mean.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from .cells import LineError
from .columns import REJECTED_LINE, REJECTED_REASON, PeopleFileError

_BLOCK = 1 << 20
_LONGEST_LINE = 100_000
"""Characters; a longer line is rejected without being read whole."""
_LONGEST_OBJECT = 1_000_000
"""Characters of a line of JSON Lines, which may carry a thousand happenings."""
_MOST_LINES = 50
"""Lines one record may span (a note with line breaks); more means a quote was never closed."""


def fingerprint(path: Path, encoding: str) -> str:
    """A digest of the content, after making sure that all of it is text.

    Raises ``PeopleFileError`` naming line and byte that are not, and how to convert the file.
    """
    digest, line, at = hashlib.sha256(), 1, 0
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                wrong = at - kept + error.start
                line += block[: max(0, error.start - kept)].count(b"\n")
                raise PeopleFileError(_not_text(path, encoding, line, wrong)) from error
            if not block:
                return digest.hexdigest()
            digest.update(block)
            line += block.count(b"\n")
            at += len(block)


def _not_text(path: Path, encoding: str, line: int, wrong: int) -> str:
    with path.open("rb") as file:
        start = file.read(65_536)
        file.seek(wrong)
        near = file.read(65_536)
    guess = _guess(start, near)
    convert = f"iconv -f {guess.upper()} -t UTF-8 {path.name} > {path.stem}.utf8.csv"
    what = f"byte {wrong} (0x{near[:1].hex().upper()})"
    return (
        f"{path}: line {line}, {what} is not {encoding.upper()}; "
        f"it looks like {guess.upper()}. Convert it ({convert}) or give --encoding {guess}"
    )


def _guess(start: bytes, near: bytes) -> str:
    """The likeliest encoding of what is not UTF-8."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    # Chinese in GB18030 is pairs of high bytes; accents in Western text mostly stand alone.
    runs = re.findall(rb"[\x81-\xfe]+", near)
    pairs = sum(len(run) for run in runs if len(run) % 2 == 0)
    if pairs > 0.7 * sum(map(len, runs)):
        return "gb18030"
    return "windows-1252"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it begins, its cells, and what is wrong with it if it could not be read."""

    line: int
    cells: Sequence[str]
    wrong: str | None


class Records:
    """The records of a file, the header included. ``done`` is bytes read, for progress."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._bytes = path.open("rb")
        self._text = io.TextIOWrapper(self._bytes, encoding=encoding, newline="")
        self._again: deque[str] = deque()
        self._delimiter = ","
        self._line = 0

    @property
    def done(self) -> int:
        return self._bytes.tell()

    def close(self) -> None:
        self._text.close()

    def header(self) -> Sequence[str]:
        """The first record; finds out what separates the columns. Raises ``PeopleFileError``."""
        first = self._text.readline(_LONGEST_LINE)
        if not first.strip("\ufeff\r\n "):
            raise PeopleFileError("the first line is empty: it must name the columns")
        first = first.removeprefix("\ufeff")
        self._delimiter = max(",;\t", key=first.count)
        self._again.append(first)
        record = next(iter(self))
        if record.wrong is not None:
            raise PeopleFileError(f"the first line cannot be read: {record.wrong}")
        return record.cells

    def __iter__(self) -> Iterator[Record]:
        while True:
            taken: list[str] = []
            try:
                cells = next(csv.reader(self._lines(taken), delimiter=self._delimiter, strict=True))
            except StopIteration:
                return
            except (csv.Error, LineError) as error:
                # Only its first line is given up; what a lost quote swallowed is read again.
                self._again.extendleft(reversed(taken[1:]))
                start, text = self._line + 1, taken[0]
                self._line = start
                yield Record(start, (text.rstrip("\r\n")[:500],), _reason(error, len(taken)))
                continue
            start = self._line + 1
            self._line += len(taken)
            if cells:  # a blank line is no record
                wrong = "contains a NUL character" if any("\0" in cell for cell in cells) else None
                yield Record(start, cells, wrong)

    def _lines(self, taken: list[str]) -> Iterator[str]:
        """Lines for one record, also put into ``taken``."""
        while line := self._again.popleft() if self._again else self._text.readline(_LONGEST_LINE):
            taken.append(line)
            if len(line) >= _LONGEST_LINE and not line.endswith("\n"):
                while (rest := self._text.readline(_LONGEST_LINE)) and not rest.endswith("\n"):
                    continue
                taken[-1] += "\n"  # its rest is gone: should it be read again, it is complete
                raise LineError(f"the line is longer than {_LONGEST_LINE} characters")
            if len(taken) > _MOST_LINES:
                raise LineError(_UNCLOSED)
            yield line


_UNCLOSED = "a quotation mark is opened and not closed"


def _reason(error: Exception, lines: int) -> str:
    if isinstance(error, LineError):
        return str(error)
    if lines > 1 or "unexpected end of data" in str(error):
        return _UNCLOSED
    return f"wrong quotation marks ({error})"


class JsonLines:
    """The records of a JSON Lines file: each line is one, its text the one cell. No header."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._bytes = path.open("rb")
        self._text = io.TextIOWrapper(self._bytes, encoding=encoding, newline="\n")

    @property
    def done(self) -> int:
        return self._bytes.tell()

    def close(self) -> None:
        self._text.close()

    def __iter__(self) -> Iterator[Record]:
        number = 0
        while line := self._text.readline(_LONGEST_OBJECT):
            number += 1
            wrong = None
            if len(line) >= _LONGEST_OBJECT and not line.endswith("\n"):
                while (rest := self._text.readline(_LONGEST_LINE)) and not rest.endswith("\n"):
                    continue
                line, wrong = line[:500], f"the line is longer than {_LONGEST_OBJECT} characters"
            text = (line.removeprefix("\ufeff") if number == 1 else line).strip()
            if text:  # a blank line is no record
                yield Record(number, (text,), wrong)


class Rejected:
    """The list of rejected lines: line, reason, and the cells as they were.

    ``header``: of a CSV list; without one it is JSON Lines, and a cell is the text of a line.

    It can be corrected and imported as it is. Made when the first line is rejected, for its owner
    alone, since it holds personal data.
    """

    def __init__(self, path: Path, header: Sequence[str] | None) -> None:
        self.path = path
        self._header = header
        self._file: TextIO | None = None

    def write(self, size: int, rows: Sequence[tuple[int, str, Sequence[str]]]) -> int:
        """Cut the list to ``size`` bytes, add rows, have it on disk; returns its size then."""
        if not rows and size == 0:
            return 0
        if self._file is None:
            handle = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            self._file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        file = self._file
        # Shorter than it should be: somebody took it away. It begins anew.
        size = size if os.fstat(file.fileno()).st_size >= size else 0
        file.truncate(size)
        file.seek(size)
        ordered = sorted(rows, key=lambda row: row[0])
        if self._header is None:
            file.writelines(_as_object(line, reason, cells[0]) for line, reason, cells in ordered)
        else:
            out = csv.writer(file)
            if size == 0:
                out.writerow(self._header)
            out.writerows((line, reason, *cells) for line, reason, cells in ordered)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


_SAID_BEFORE = re.compile(
    rf'^\{{"{REJECTED_LINE}": \d+, "{REJECTED_REASON}": "(?:[^"\\]|\\.)*"(?:, |(?=\}}))'
)


def _as_object(line: int, reason: str, text: str) -> str:
    """The line with number and reason in front of its own keys; what is no object as text."""
    try:
        whole = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        whole = False
    about = {REJECTED_LINE: line, REJECTED_REASON: reason}
    if not whole:
        return json.dumps({**about, "rejected_text": text}, ensure_ascii=False) + "\n"
    begin = json.dumps(about, ensure_ascii=False)[:-1]
    # As it was: reading and writing would change its numbers. But for what such a list said of it.
    rest = _SAID_BEFORE.sub("{", text, count=1)[1:].lstrip()
    return f"{begin}{'' if rest == '}' else ', '}{rest}\n"
