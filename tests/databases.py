"""What a test needs that runs once in each kind of database: an address, and a look past the store.

The fixture ``address`` gives the address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
"""To be the ``params`` of a fixture."""


def address_of(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """The address of a store of the test's own; a file in ``folder`` where the kind has files."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'store.db'}"
    return str(request.getfixturevalue("postgresql"))


def run_sql(address: str, *statements: str) -> list[tuple[Any, ...]]:
    """In one transaction of a connection of its own; the rows of the last statement."""
    with create_engine(address, poolclass=NullPool).begin() as connection:
        if address.startswith("sqlite"):
            connection.execute(text("PRAGMA foreign_keys = ON"))
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            result = connection.execute(text(statement))
            found = [tuple(row) for row in result] if result.returns_rows else []
        return found
