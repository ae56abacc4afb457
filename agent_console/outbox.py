"""What waits to be sent to one browser. Pure.

Frames of the user stream and replies keep their order and are bounded; a browser that lets them
pile up is too slow. Supervisors' rows wait apart, one per key: a newer value takes the place of the
older, so they are bounded by the number of rows and never push anything else out.
"""

from __future__ import annotations


class Outbox:
    """Frames are ASCII text, so their length is their size in bytes."""

    __slots__ = ("_bytes", "_frames", "_max_bytes", "_max_frames", "_rows")

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: list[str] = []
        self._bytes = 0
        self._rows: dict[str, str] | None = None  # only supervisors have rows

    def put(self, text: str) -> bool:
        """Queue a frame; false when that is too many. One frame alone always fits."""
        if self._frames and (
            len(self._frames) >= self._max_frames or self._bytes + len(text) > self._max_bytes
        ):
            return False
        self._frames.append(text)
        self._bytes += len(text)
        return True

    def put_row(self, key: str, text: str) -> None:
        if self._rows is None:
            self._rows = {}
        self._rows[key] = text

    def take(self) -> str | None:
        """The next text to send: frames first, then rows, oldest first."""
        if self._frames:
            text = self._frames.pop(0)
            self._bytes -= len(text)
            return text
        if self._rows:
            key = next(iter(self._rows))
            return self._rows.pop(key)
        self._rows = None
        return None

    def clear(self) -> None:
        self._frames.clear()
        self._bytes = 0
        self._rows = None

    def __len__(self) -> int:
        return len(self._frames) + len(self._rows or ())
