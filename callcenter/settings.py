"""The settings tree: TOML file, overridden by the environment, overridden by the command line.

Every value is typed and checked before anything starts; a mistake names the file, the line or the
variable, the key, and what is allowed. ``config/callcenter.toml`` lists every option. Secrets never
appear in ``repr`` or in a message.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

PREFIX = "CALLCENTER_"


class SettingsError(Exception):
    """The settings cannot be used; the message says which, where, and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Where browsers find the engine."""

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_origins: tuple[str, ...] = ()
    """Origins allowed besides the engine's own, such as ``https://console.example.org``."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded-* headers are believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    url: str = "sqlite:///var/callcenter.db"
    """An SQLAlchemy URL. SQLite paths are relative to where the engine is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """The Asterisk to listen to."""

    host: str = "127.0.0.1"
    port: int = 5038
    user: str = "callcenter"
    secret: str = field(default="", repr=False)
    tls: bool = False
    tls_ca: str | None = None
    """A PEM file to trust instead of the system's authorities."""
    auth: Literal["md5", "plain"] = "md5"
    control_members: bool = True
    """Pause and unpause queue members as agents become ready, take breaks and wrap up."""
    devices: tuple[str, ...] = ()
    """Shell patterns of the centre's own phones (``PJSIP/desk-*``), where they are not named like
    extensions (``PJSIP/1001``) and are members of no queue."""
    trunks: tuple[str, ...] = ()
    """Shell patterns of endpoints that lead outside though they are named like extensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSettings:
    region: str = "GB"
    """ISO 3166-1 code: how numbers without a country code are read."""
    time_zone: str = "Europe/London"
    """When today begins."""
    currency: str = "GBP"
    pack: str = "finance"
    """Reasons, outcomes, break reasons and knowledge of a trade: a file in ``config/packs``."""
    wrapup_seconds: float | None = 120.0
    """Wrap-up ends by itself after this long; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTargets:
    threshold: float = 20.0
    """Service-level threshold, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """auto: for people on a terminal, JSON otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    centre: CentreSettings = field(default_factory=CentreSettings)
    queues: dict[str, QueueTargets] = field(default_factory=dict)
    log: LogSettings = field(default_factory=LogSettings)


def config_folder() -> Path:
    """The folder with packs and knowledge: the checkout's, or the one inside the wheel."""
    here = Path(__file__).resolve().parent
    for folder in (here.parent / "config", here / "config"):
        if (folder / "packs").is_dir():
            return folder
    raise SettingsError(f"No configuration folder beside {here}; the installation is incomplete.")


def read_settings(
    path: Path | None,
    environment: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from a file (optional), the environment and the command line.

    ``environment`` uses ``CALLCENTER_SECTION_KEY`` (``CALLCENTER_HTTP_PORT=8080``).
    ``overrides`` and ``defaults`` (a command's own, in place of those of the tree) are keyed
    ``"section.key"``; ``None`` values of ``overrides`` are ignored. Raises ``SettingsError``.
    """
    tree: dict[str, Any] = {}
    places: dict[str, str] = {}
    if path is not None:
        tree = _read_file(path)
        text = path.read_text(encoding="utf-8")
        places = {key: f"{path}, line {line}" for key, line in _lines(text).items()}
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and (key := _environment_key(name)) is not None:
            _put(tree, key, value)
            places[key] = f"environment variable {name}"
    for key, value in (overrides or {}).items():
        if value is not None:
            _put(tree, key, value)
            places[key] = "command line"
    for key, value in (defaults or {}).items():
        section, _, name = key.partition(".")
        if isinstance(table := tree.setdefault(section, {}), dict):
            table.setdefault(name, value)
    where = str(path) if path is not None else "settings"
    settings: Settings = _build(Settings, tree, "", places, where)
    _check(settings, places, where)
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"There is no file {path}.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None


def _lines(text: str) -> dict[str, int]:
    """Dotted key to line number, for messages; good enough for tables and plain keys."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[([^\]]+)\]", line):
            section = match[1].strip().replace('"', "")
            found.setdefault(section, number)
        elif match := re.match(r'\s*"?([A-Za-z0-9_.-]+)"?\s*=', line):
            key = f"{section}.{match[1]}" if section else match[1]
            found.setdefault(key, number)
    return found


def _environment_key(name: str) -> str | None:
    rest = name[len(PREFIX) :].lower()
    for section in fields(Settings):
        if section.name != "queues" and rest.startswith(section.name + "_"):
            return f"{section.name}.{rest[len(section.name) + 1 :]}"
    return None


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[last] = value


def _build(kind: Any, tree: Any, at: str, places: Mapping[str, str], where: str) -> Any:
    if not isinstance(tree, dict):
        raise SettingsError(f"{_place(at, places, where)}: [{at}] must be a table.")
    known: dict[str, Field[Any]] = {item.name: item for item in fields(kind)}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{at}.{key}" if at else key
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise SettingsError(
                f"{_place(name, places, where)}: there is no setting {name!r}.{hint}"
                f" Allowed{f' in [{at}]' if at else ''}: {', '.join(sorted(known))}."
            )
        values[key] = _value(hints[key], value, name, places, where)
    missing = [
        item.name
        for item in known.values()
        if item.name not in values and item.default is MISSING and item.default_factory is MISSING
    ]
    if missing:
        raise SettingsError(f"{_place(at, places, where)}: [{at}] needs {', '.join(missing)}.")
    return kind(**values)


def _value(hint: Any, value: Any, name: str, places: Mapping[str, str], where: str) -> Any:
    if is_dataclass(hint):
        return _build(hint, value, name, places, where)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(name, value, "a table", places, where)
        return {
            key: _value(arguments[1], item, f"{name}.{key}", places, where)
            for key, item in value.items()
        }
    if origin in (Union, types.UnionType):
        if value in ("", None):
            return None
        return _value(arguments[0], value, name, places, where)
    if origin is Literal:
        if value not in arguments:
            raise _wrong(name, value, " or ".join(map(repr, arguments)), places, where)
        return value
    if origin is tuple:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _wrong(name, value, "a list of texts", places, where)
        return tuple(value)
    return _plain(hint, value, name, places, where)


def _plain(hint: Any, value: Any, name: str, places: Mapping[str, str], where: str) -> Any:
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    from_text = isinstance(value, str) and hint is not str
    if from_text and hint is bool and value.lower() in ("true", "false", "1", "0", "yes", "no"):
        return value.lower() in ("true", "1", "yes")
    if from_text and hint in (int, float):
        try:
            return hint(value)
        except ValueError:
            raise _wrong(name, value, words[hint], places, where) from None
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise _wrong(name, value, words[hint], places, where)
    return value


def _place(name: str, places: Mapping[str, str], where: str) -> str:
    return places.get(name, where)


def _wrong(
    name: str, value: Any, allowed: str, places: Mapping[str, str], where: str
) -> SettingsError:
    shown = "a value" if name.endswith("secret") else repr(value)
    return SettingsError(f"{_place(name, places, where)}: {name} must be {allowed}, not {shown}.")


def _check(settings: Settings, places: Mapping[str, str], where: str) -> None:
    """What the types cannot say."""

    def need(good: bool, name: str, value: Any, allowed: str) -> None:
        if not good:
            raise _wrong(name, value, allowed, places, where)

    for name, port in (("http", settings.http.port), ("exchange", settings.exchange.port)):
        need(0 <= port <= 65535, f"{name}.port", port, "a port from 0 to 65535")
    centre = settings.centre
    need(
        bool(re.fullmatch(r"[A-Z]{2}", centre.region)),
        "centre.region", centre.region, "two capital letters such as 'GB' (ISO 3166-1)",
    )  # fmt: skip
    need(
        bool(re.fullmatch(r"[A-Z]{3}", centre.currency)),
        "centre.currency", centre.currency, "three capital letters such as 'EUR' (ISO 4217)",
    )  # fmt: skip
    need(
        centre.time_zone in available_timezones(),
        "centre.time_zone", centre.time_zone, "an IANA zone such as 'Europe/Berlin'",
    )  # fmt: skip
    need(
        centre.wrapup_seconds is None or centre.wrapup_seconds >= 0,
        "centre.wrapup_seconds", centre.wrapup_seconds, "0 or more",
    )  # fmt: skip
    for queue, targets in settings.queues.items():
        need(targets.threshold > 0, f"queues.{queue}.threshold", targets.threshold, "above 0")


def zone(settings: Settings) -> ZoneInfo:
    """The centre's time zone."""
    return ZoneInfo(settings.centre.time_zone)
