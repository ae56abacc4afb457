"""Retention: old reservations are found by when they were made."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reservations_made", "reservations", ["made"], unique=False)
