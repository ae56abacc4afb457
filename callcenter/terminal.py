"""How the commands talk to the operator: one message for a mistake, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement

from intelligence.checks import KnowledgeError

from .app import AppError
from .settings import Settings, SettingsError, read_settings
from .store import StoreError

if TYPE_CHECKING:
    from rich.table import Table

out: Final = Console(highlight=False)
err: Final = Console(stderr=True, highlight=False)
UNLIMITED: Final = 10_000
"""Columns; no table is as wide."""

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; see config/callcenter.toml."),
]


@contextmanager
def words() -> Iterator[None]:
    """Turn what an operator can mend into a message."""
    try:
        yield
    except KnowledgeError as error:
        complain(f"The pack or its knowledge cannot be used:\n{error}")
        raise typer.Exit(2) from None
    except (AppError, SettingsError, StoreError) as error:
        complain(str(error))
        raise typer.Exit(2) from None


def complain(message: str) -> None:
    err.print(f"[red]{escape(message)}[/red]", soft_wrap=True)


def say(message: str) -> None:
    out.print(escape(message), soft_wrap=True)


def show(table: Table) -> None:
    """Whole: a name that was cut to the width of the terminal cannot be typed again."""
    table.width = Measurement.get(out, out.options.update(max_width=UNLIMITED), table).maximum
    out.print(table, crop=False)


def settings_from(
    config: Path | None,
    overrides: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
) -> Settings:
    """The file named, or ``callcenter.toml`` here if there is one."""
    here = Path("callcenter.toml")
    path = config or (here if here.exists() else None)
    settings = read_settings(path, os.environ, overrides, defaults)
    url = settings.store.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        make_folder(Path(url.removeprefix("sqlite:///")).parent)
    return settings


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(f"The folder {folder} cannot be made: {error.strerror}.") from None
