"""Callbacks: the promises, their attempts, who may ask for one, and what visitors were shown.

Calls are found by number, to see who came back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text(
    "state IN ('dialling', 'due', 'requested', 'reserved', 'retry', 'scheduled', 'talking')"
)


def upgrade() -> None:
    op.create_table(
        "callback_attempts",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("number_dialled", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("how", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_callback_attempts")),
    )
    op.create_index("ix_callback_attempts_at", "callback_attempts", ["at"], unique=False)
    op.create_index(
        "ix_callback_attempts_callback", "callback_attempts", ["callback"], unique=False
    )
    op.create_index(
        "ix_callback_attempts_number_dialled_at",
        "callback_attempts",
        ["number_dialled", "at"],
        unique=False,
    )
    op.create_table(
        "callback_blocks",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_callback_blocks")),
    )
    op.create_table(
        "callback_dry_runs",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_callback_dry_runs")),
    )
    op.create_index("ix_callback_dry_runs_at", "callback_dry_runs", ["at"], unique=False)
    op.create_table(
        "callback_refusals",
        sa.Column("hour", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "why", "site", name=op.f("pk_callback_refusals")),
    )
    op.create_table(
        "callback_requests",
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("callback", name=op.f("pk_callback_requests")),
    )
    op.create_index("ix_callback_requests_at", "callback_requests", ["at"], unique=False)
    op.create_index(
        "ix_callback_requests_number_at", "callback_requests", ["number", "at"], unique=False
    )
    op.create_table(
        "callback_switches",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("accept", sa.Boolean(), nullable=False),
        sa.Column("serve", sa.Boolean(), nullable=False),
        sa.Column("show", sa.Boolean(), nullable=False),
        sa.Column("auto_stopped", sa.Double(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_callback_switches")),
    )
    op.create_table(
        "callback_tokens",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_callback_tokens")),
    )
    op.create_index("ix_callback_tokens_until", "callback_tokens", ["until"], unique=False)
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.Column("place", sa.Double(), nullable=False),
        sa.Column("opens", sa.Double(), nullable=False),
        sa.Column("closes", sa.Double(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("agent_until", sa.Double(), nullable=True),
        sa.Column("call", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("causes", sa.Text(), nullable=False),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Double(), nullable=True),
        sa.Column("reached", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("message_left", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("number_zone", sa.Text(), nullable=True),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
    )
    op.create_index("ix_callbacks_closes", "callbacks", ["closes"], unique=False)
    op.create_index("ix_callbacks_ended", "callbacks", ["ended"], unique=False)
    op.create_index("ix_callbacks_number_made", "callbacks", ["number", "made"], unique=False)
    op.create_index("ix_callbacks_person_made", "callbacks", ["person", "made"], unique=False)
    op.create_index("ix_callbacks_queue_opens", "callbacks", ["queue", "opens"], unique=False)
    op.create_index("ix_callbacks_state_due", "callbacks", ["state", "due"], unique=False)
    op.create_index(
        "uq_callbacks_open_number",
        "callbacks",
        ["number"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "uq_callbacks_open_person",
        "callbacks",
        ["person"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "deflections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("opened", sa.Text(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("booked", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deflections")),
    )
    op.create_index("ix_deflections_at", "deflections", ["at"], unique=False)
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_index(
        "ix_interactions_number_arrived", "interactions", ["number", "arrived"], unique=False
    )
