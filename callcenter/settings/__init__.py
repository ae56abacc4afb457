"""The settings: TOML file, overridden by the environment, overridden by the command line.

``tree`` has every option with its type and default, ``reading`` builds it from what the operator
wrote, ``rules`` checks what types cannot say; a mistake names the file, the line or the variable,
the key, and what is allowed, and nothing starts.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from .places import SettingsError
from .reading import read_settings
from .tree import (
    CallbackOptions,
    CallbacksSettings,
    CentreSettings,
    EngineSettings,
    ExchangeSettings,
    HttpSettings,
    IntakeSettings,
    LogSettings,
    PredictionSettings,
    QueueOptions,
    ReasonOptions,
    RoutingSettings,
    Settings,
    SiteOptions,
    StepOptions,
    StoreSettings,
    SupervisionSettings,
)

__all__ = [
    "CallbackOptions",
    "CallbacksSettings",
    "CentreSettings",
    "EngineSettings",
    "ExchangeSettings",
    "HttpSettings",
    "IntakeSettings",
    "LogSettings",
    "PredictionSettings",
    "QueueOptions",
    "ReasonOptions",
    "RoutingSettings",
    "Settings",
    "SettingsError",
    "SiteOptions",
    "StepOptions",
    "StoreSettings",
    "SupervisionSettings",
    "config_folder",
    "read_settings",
    "zone",
]


def config_folder() -> Path:
    """The folder with packs and knowledge: the checkout's, or the one inside the wheel."""
    here = Path(__file__).resolve().parent.parent
    for folder in (here.parent / "config", here / "config"):
        if (folder / "packs").is_dir():
            return folder
    raise SettingsError(f"No configuration folder beside {here}; the installation is incomplete.")


def zone(settings: Settings) -> ZoneInfo:
    """The centre's time zone."""
    return ZoneInfo(settings.centre.time_zone)
