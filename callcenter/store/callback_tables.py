"""The tables of callbacks, in the MetaData of all; how they are written says ``tables``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Table, Text, text

from callcenter.floor.callback import OPEN

from .tables import counted_up, metadata

OPEN_CALLBACK = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN)))
"""A callback that is not over, of which a number and a person have one at most."""

# Promises to call somebody. Lists are JSON. ``node`` holds it until ``lease``, with ``fence``.
callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("made", Double, nullable=False),
    Column("place", Double, nullable=False),
    Column("opens", Double, nullable=False),
    Column("closes", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("region", Text),
    Column("name", Text),
    Column("person", Text),
    Column("language", Text),
    Column("reason", Text),
    Column("words", Text, nullable=False),
    Column("site", Text),
    Column("case", Text),
    Column("agent", Text),
    Column("agent_until", Double),
    Column("call", Text),
    Column("attempts", Integer, nullable=False),
    Column("causes", Text, nullable=False),
    Column("tried", Text, nullable=False),
    Column("dialled", Double),
    Column("reached", Double),
    Column("ended", Double),
    Column("why", Text),
    Column("by", Text),
    Column("message_left", Boolean, nullable=False),
    Column("consent", Text, nullable=False),
    Column("number_zone", Text),
    Column("node", Text),
    Column("fence", Integer, nullable=False),
    Column("lease", Double),
    Index("ix_callbacks_state_due", "state", "due"),
    Index("ix_callbacks_queue_opens", "queue", "opens"),
    Index("ix_callbacks_closes", "closes"),
    Index("ix_callbacks_ended", "ended"),
    Index("ix_callbacks_number_made", "number", "made"),
    Index("ix_callbacks_person_made", "person", "made"),
    # However many engines and web servers there are: nobody waits for two calls from us.
    Index(
        "uq_callbacks_open_number",
        "number",
        unique=True,
        sqlite_where=text(OPEN_CALLBACK),
        postgresql_where=text(OPEN_CALLBACK),
    ),
    Index(
        "uq_callbacks_open_person",
        "person",
        unique=True,
        sqlite_where=text(OPEN_CALLBACK),
        postgresql_where=text(OPEN_CALLBACK),
    ),
)

# Each time a number was dialled for a callback, stored before it was.
callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("call", Text, primary_key=True),  # the Uniqueid: no call is made twice
    Column("callback", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("number_dialled", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("ended", Double),
    Column("how", Text),
    Index("ix_callback_attempts_callback", "callback"),
    Index("ix_callback_attempts_number_dialled_at", "number_dialled", "at"),
    Index("ix_callback_attempts_at", "at"),
)

# Accepted requests, of which the caps count, and how many were refused in each hour.
callback_requests = Table(
    "callback_requests",
    metadata,
    Column("callback", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("number", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("address", Text),
    Column("site", Text),
    Index("ix_callback_requests_number_at", "number", "at"),
    Index("ix_callback_requests_at", "at"),
)

callback_refusals = Table(
    "callback_refusals",
    metadata,
    Column("hour", Double, primary_key=True),  # its beginning
    Column("why", Text, primary_key=True),
    Column("site", Text, primary_key=True),  # empty: from no site
    Column("count", BigInteger, nullable=False),
)

# What customers agreed to: `hash` and `language` with a blank between are a callback's `consent`.
callback_consents = Table(
    "callback_consents",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("first_seen", Double, nullable=False),
)

callback_blocks = Table(
    "callback_blocks",
    metadata,
    Column("number", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Double),
)

callback_switches = Table(
    "callback_switches",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("accept", Boolean, nullable=False),
    Column("serve", Boolean, nullable=False),
    Column("show", Boolean, nullable=False),
    Column("auto_stopped", Double),
    Column("by", Text),
    Column("at", Double),
)

callback_dry_runs = Table(
    "callback_dry_runs",
    metadata,
    counted_up(),
    Column("at", Double, nullable=False),
    Column("site", Text),
    Column("why", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_callback_dry_runs_at", "at"),
)

# Tokens of forms that were used, until they would be refused anyhow.
callback_tokens = Table(
    "callback_tokens",
    metadata,
    Column("token", Text, primary_key=True),
    Column("until", Double, nullable=False),
    Index("ix_callback_tokens_until", "until"),
)

# Visitors who were shown answers before they asked for a callback. Lists are JSON.
deflections = Table(
    "deflections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("site", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("opened", Text, nullable=False),
    Column("solved", Boolean),
    Column("booked", Text),
    Column("number", Text),
    Column("person", Text),
    Index("ix_deflections_at", "at"),
)

# What signs links and forms, made with the database.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("secret", Text, nullable=False),  # hexadecimal
    Column("made", Double, nullable=False),
)
