"""What the store says when it cannot: ``StoreError``, in words an operator understands."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError


class StoreError(Exception):
    """The store could not do it; the message says why and what helps. Nothing was written.

    ``passing``: the whole store is in trouble (full disk, lock, lost connection) and the same may
    succeed later; otherwise it is this piece of data that cannot be stored.
    """

    def __init__(self, message: str, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class DiskFullError(StoreError):
    """No space is left for what was to be written; something smaller may still fit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, passing=True)


# SQLite result codes (https://sqlite.org/rescode.html), by the name Python gives the primary code.
_SQLITE_TROUBLE = {
    "SQLITE_BUSY": "{where} is locked by another program: end it or let it finish",
    "SQLITE_LOCKED": "{where} is locked by another program: end it or let it finish",
    "SQLITE_READONLY": "{where} cannot be written: check the owner and the rights of the file, "
    "of those beside it (-wal, -shm) and of the directory",
    "SQLITE_CANTOPEN": "{where} cannot be opened: check that the directory exists and the rights",
    "SQLITE_IOERR": "reading or writing {where} failed ({detail}): check the disk",
    "SQLITE_NOTADB": "{where} is not a database of ours: check the path",
    "SQLITE_CORRUPT": "{where} is damaged ({detail}): restore it from a backup",
}

# Classes of PostgreSQL's codes (Appendix A of its manual): no resources, an operator's doing, and
# trouble of the machine. What is wrong with one piece of data has others.
_SERVER_TROUBLE = ("53", "57", "58")
_SERVER_DISK_FULL = "53100"


def explain(error: Exception, where: str) -> StoreError:
    """Put a driver's error into words. ``where`` is the database as the operator knows it.

    Only the first line of what the driver says: PostgreSQL puts the values into the next ones, and
    they may be personal data.
    """
    if isinstance(error, StoreError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    name = getattr(cause, "sqlite_errorname", "")
    said = next(iter(str(cause).splitlines()), type(cause).__name__)
    code = getattr(cause, "sqlstate", None) or ""
    if name == "SQLITE_FULL" or code == _SERVER_DISK_FULL:
        return DiskFullError(
            f"the disk that holds {where} is full: free some space, no restart is needed"
        )
    for trouble, words in _SQLITE_TROUBLE.items():
        if name == trouble or name.startswith(trouble + "_"):
            return StoreError(words.format(where=where, detail=f"{said}, {name}"), passing=True)
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return StoreError(f"{where} refused the data: {said}")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return StoreError(f"the connection to {where} was lost: {said}", passing=True)
    if code.startswith(_SERVER_TROUBLE):
        return StoreError(f"{where} is in trouble: {said}", passing=True)
    if isinstance(error, SQLAlchemyError | sqlite3.Error):
        return StoreError(f"{where}: {type(cause).__name__}: {said}")
    return StoreError(f"{where}: the data cannot be stored: {type(error).__name__}: {said}")
