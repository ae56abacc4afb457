"""The tables, as one MetaData; those of callbacks are in ``callback_tables``.

What each is for and how long it is kept: docs/data.md.

Times are float seconds since the epoch, UTC. Money is an integer of minor units with its ISO 4217
code. Lists and the like are canonical JSON in text columns, so that no database needs a JSON type.
Only names that both SQLite and PostgreSQL understand; the one exception, ``sqlite_with_rowid``, is
read by SQLite alone: it keeps the rows of one person side by side on disk. A change here needs a
migration; a test compares the two.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
    true,
)

from callcenter.floor.orders import LIVE_RESERVATIONS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _of_person() -> Column[str]:
    """First column of the primary key of everything a person owns; goes when the person goes."""
    return Column("person", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)


def counted_up() -> Column[int]:
    """A key that the database counts up."""
    return Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),  # SQLite: INTEGER is the row's own key
        primary_key=True,
        autoincrement=True,
    )


def as_json(value: Any) -> str:
    """Canonical: equal values give equal text, so that rows can be grouped by it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


LIVE = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(LIVE_RESERVATIONS)))
"""A reservation that takes the agent's one place; part of an index, hence SQL."""

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text),
    Column("tier", Text),
    Column("since", Double),
    Column("birth", Text),
    Column("city", Text),
    Column("segment", Text),
    Column("products", Text, nullable=False, server_default="[]"),
    Column("lifetime_value", BigInteger),
    Column("currency", Text),
    Column("payment_days", Double),
    Column("preferred_channel", Text),
    Column("preferred_time", Text),
    Column("note", Text),
    Column("consent_marketing", Boolean),
    Column("consent_recording", Boolean),
    # The import that wrote the row last and the line it came from: shows where data came from,
    # and is how an import of any size finds duplicates in its own file without remembering it.
    Column("imported_by", Text),
    Column("imported_line", BigInteger),
    Column("predict", Boolean),  # nothing and true: yes
    sqlite_with_rowid=False,
)

contact_points = Table(
    "contact_points",
    metadata,
    _of_person(),
    Column("kind", Text, primary_key=True),  # phone (E.164), email, account
    Column("value", Text, primary_key=True),
    Column("label", Text),
    Column("rank", Integer, nullable=False),  # order on the card
    # Without rowid the index also carries the primary key: number to person is one look-up.
    Index("ix_contact_points_value", "value"),
    sqlite_with_rowid=False,
)

orders = Table(
    "orders",
    metadata,
    _of_person(),
    Column("id", Text, primary_key=True),
    Column("placed", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("due", Double),
    sqlite_with_rowid=False,
)

bills = Table(
    "bills",
    metadata,
    _of_person(),
    Column("id", Text, primary_key=True),
    Column("issued", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("paid", Double),
    sqlite_with_rowid=False,
)

cases = Table(
    "cases",
    metadata,
    _of_person(),
    Column("id", Text, primary_key=True),
    Column("opened", Double, nullable=False),
    Column("closed", Double),
    Column("reason", Text),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,
)

promises = Table(
    "promises",
    metadata,
    _of_person(),
    Column("id", Text, primary_key=True),
    Column("made", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("text", Text, nullable=False),
    Column("kept", Boolean),
    sqlite_with_rowid=False,
)

# What the house's other systems tell of a person. Found by person, deleted by age.
happenings = Table(
    "happenings",
    metadata,
    _of_person(),
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("topic", Text),
    Index("ix_happenings_at", "at"),
    sqlite_with_rowid=False,
)

pages = Table(
    "pages",
    metadata,
    _of_person(),
    Column("at", Double, primary_key=True),
    Column("page", Text, primary_key=True),
    Index("ix_pages_at", "at"),
    sqlite_with_rowid=False,
)

# What concerns everybody for a time.
conditions = Table(
    "conditions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double),  # nothing: until further notice
    Column("title", Text, nullable=False),
    Column("product", Text),  # nothing: concerns all
)

# One row per call that ended. No foreign key to people: what happened is kept whoever is erased,
# and a call must be recordable whatever the state of the people table.
interactions = Table(
    "interactions",
    metadata,
    Column("call", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("number", Text),
    Column("caller_name", Text),
    Column("dialled", Text),
    Column("person", Text),
    Column("queue", Text),
    Column("agent", Text),
    Column("arrived", Double, nullable=False),
    Column("answered", Double),
    Column("ended", Double, nullable=False),
    Column("wait", Double, nullable=False),
    Column("talk", Double, nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("predicted", Text, nullable=False),
    Column("model", Text),
    Column("context", Text, nullable=False),
    Index("ix_interactions_person_arrived", "person", "arrived"),
    Index("ix_interactions_arrived", "arrived"),
    Index("ix_interactions_number_arrived", "number", "arrived"),
)

# One row per call, the note with the latest ``at``; the journal keeps all of them.
outcomes = Table(
    "outcomes",
    metadata,
    Column("call", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("agent", Text, nullable=False),
    Column("person", Text),
    Column("reason", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("queue", Text),
    Column("context", Text, nullable=False),
    Index("ix_outcomes_at", "at"),
)

# What was predicted, from what, and what the agent was shown and did: what models learn from.
# Lists are JSON. Of one call the highest ``ask`` counts; the reason as handled is in ``outcomes``.
predictions = Table(
    "predictions",
    metadata,
    Column("call", Text, primary_key=True),
    Column("ask", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("person", Text),
    Column("tier", Text),
    Column("language", Text),
    Column("queue", Text),
    Column("context", Text, nullable=False),
    Column("features", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("not_ours", Boolean, nullable=False),
    Column("challengers", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("agent", Text),
    Column("seen", Double),
    Column("marks", Text, nullable=False),
    Index("ix_predictions_at_call", "at", "call"),
)

# What became of suggested answers, and what was missing.
marks = Table(
    "marks",
    metadata,
    counted_up(),
    Column("at", Double, nullable=False),
    Column("call", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("answer", Text),
    Column("mark", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text),
    Column("words", Text, nullable=False),
    Index("ix_marks_call", "call"),
    Index("ix_marks_at", "at"),
)

# Knowledge entries as edited on the screen, each version one row, never changed.
knowledge = Table(
    "knowledge",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("entry", Text, nullable=False),  # TOML of one entry
    Column("retired", Boolean, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("reason", Text),
    Column("outcome", Text),
    Column("notes", Text, nullable=False),
    Column("saved", Double, nullable=False),
    sqlite_with_rowid=False,
)

users = Table(
    "users",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("device", Text),
    Column("password_hash", Text, nullable=False),
    Column("language", Text),
    Column("active", Boolean, nullable=False, server_default=true()),
)

account_skills = Table(
    "account_skills",
    metadata,
    Column("agent", ForeignKey("users.agent", ondelete="CASCADE"), primary_key=True),
    Column("skill", Text, primary_key=True),
    Column("level", Integer, nullable=False),  # 0 to 5
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("agent", ForeignKey("users.agent", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False, index=True),
    Column("seen", Double, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column(
        "position",
        BigInteger().with_variant(Integer, "sqlite"),  # SQLite: INTEGER is the row's own key
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
)

reservations = Table(
    "reservations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("node", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("queue", Text),
    Column("state", Text, nullable=False),
    Column("made", Double, nullable=False),
    Column("deadline", Double),
    Column("changed", Double, nullable=False),
    Column("why", Text),
    Column("detail", Text, nullable=False),
    Index("ix_reservations_agent_made", "agent", "made"),
    Index("ix_reservations_made", "made"),
    # No two engines, and no defect of one, can ever give an agent two calls at once.
    Index(
        "uq_reservations_live",
        "agent",
        unique=True,
        sqlite_where=text(LIVE),
        postgresql_where=text(LIVE),
    ),
)

decisions = Table(
    "decisions",
    metadata,
    counted_up(),
    Column("at", Double, nullable=False),
    Column("call", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("agent", Text),
    Column("rule", Text, nullable=False),
    Column("body", Text, nullable=False),  # the whole decision with its trace, JSON
    Index("ix_decisions_call", "call"),
    Index("ix_decisions_at", "at"),
)

# Waits that were told to callers ("promises" above are those made to people).
told_waits = Table(
    "told_waits",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("told", Double, nullable=False),
    Column("position", Integer, nullable=False),
    Column("p50", Double),
    Column("p90", Double),
    Column("waited", Double),
    Column("answered", Boolean),
    Index("ix_told_waits_told", "told"),
)

audit = Table(
    "audit",
    metadata,
    counted_up(),
    Column("at", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("agent", Text),
    Column("call", Text),
    Column("reason", Text, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_at", "at"),
)

imports = Table(
    "imports",
    metadata,
    Column("id", Text, primary_key=True),  # digest of content and of what it was read with
    Column("file", Text, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("rejected_bytes", BigInteger, nullable=False),
    Column("started", Double, nullable=False),
    Column("finished", Double),
)

OWNED_BY_PERSON = (contact_points, orders, bills, cases, promises, happenings, pages)
