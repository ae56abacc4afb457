"""Alembic runs this; ``callcenter.store.schema`` gives the connection, inside a transaction."""

from __future__ import annotations

from alembic import context

from callcenter.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can change little of a table in place; Alembic then copies it.
    render_as_batch=True,
)
context.run_migrations()
