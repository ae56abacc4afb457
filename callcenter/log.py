"""Structured logs on standard output: event name plus keys, JSON unless a person is watching.

Names and numbers of people go only into keys that start with ``pii_``; ``keep_personal=False``
replaces their values, so that a log can be passed on.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

NOISY = ("uvicorn.access", "uvicorn.error", "twisted", "alembic", "asyncio")


def hide_personal(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """Replace the values of ``pii_*`` keys."""
    return {key: "***" if key.startswith("pii_") else value for key, value in entry.items()}


def start_logging(
    level: Literal["debug", "info", "warning", "error"],
    format: Literal["auto", "console", "json"],
    keep_personal: bool = True,
) -> None:
    """Set up structlog and the standard library's logging to write the same way."""
    console = format == "console" or (format == "auto" and sys.stdout.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        *([] if keep_personal else [hide_personal]),
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
