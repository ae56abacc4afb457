"""Builds the settings tree from a TOML file, the environment and the command line.

Every value is checked against the tree's types; a mistake names the place, the key, and what is
allowed. Secrets never appear in a message.
"""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .places import Places, SettingsError, lines
from .rules import check
from .tree import Settings

PREFIX = "CALLCENTER_"


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
    found: dict[str, str] = {}
    if path is not None:
        tree = _read_file(path)
        text = path.read_text(encoding="utf-8")
        found = {key: f"{path}, line {line}" for key, line in lines(text).items()}
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and (key := _environment_key(name)) is not None:
            _put(tree, key, value)
            found[key] = f"environment variable {name}"
    for key, value in (overrides or {}).items():
        if value is not None:
            _put(tree, key, value)
            found[key] = "command line"
    for key, value in (defaults or {}).items():
        section, _, name = key.partition(".")
        if isinstance(table := tree.setdefault(section, {}), dict):
            table.setdefault(name, value)
    places = Places(str(path) if path is not None else "settings", found)
    settings: Settings = _build(Settings, tree, "", places)
    check(settings, places)
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


def _build(kind: Any, tree: Any, at: str, places: Places) -> Any:
    if not isinstance(tree, dict):
        raise SettingsError(f"{places.of(at)}: [{at}] must be a table.")
    known: dict[str, Field[Any]] = {item.name: item for item in fields(kind)}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{at}.{key}" if at else key
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise SettingsError(
                f"{places.of(name)}: there is no setting {name!r}.{hint}"
                f" Allowed{f' in [{at}]' if at else ''}: {', '.join(sorted(known))}."
            )
        values[key] = _value(hints[key], value, name, places)
    missing = [
        item.name
        for item in known.values()
        if item.name not in values and item.default is MISSING and item.default_factory is MISSING
    ]
    if missing:
        raise SettingsError(f"{places.of(at)}: [{at}] needs {', '.join(missing)}.")
    return kind(**values)


def _value(hint: Any, value: Any, name: str, places: Places) -> Any:
    if is_dataclass(hint):
        return _build(hint, value, name, places)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is dict:
        if not isinstance(value, dict):
            raise places.wrong(name, value, "a table")
        return {
            key: _value(arguments[1], item, f"{name}.{key}", places) for key, item in value.items()
        }
    if origin in (Union, types.UnionType):
        if value in ("", None):
            return None
        return _value(arguments[0], value, name, places)
    if origin is Literal:
        if value not in arguments:
            raise places.wrong(name, value, " or ".join(map(repr, arguments)))
        return value
    if origin is tuple:
        return _list(arguments[0], value, name, places)
    return _plain(hint, value, name, places)


def _list(kind: Any, value: Any, name: str, places: Places) -> tuple[Any, ...]:
    if is_dataclass(kind):
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise places.wrong(name, value, "a list of tables")
        return tuple(
            _build(kind, item, f"{name}[{number}]", places) for number, item in enumerate(value)
        )
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise places.wrong(name, value, "a list of texts")
    return tuple(value)


def _plain(hint: Any, value: Any, name: str, places: Places) -> Any:
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    from_text = isinstance(value, str) and hint is not str
    if from_text and hint is bool and value.lower() in ("true", "false", "1", "0", "yes", "no"):
        return value.lower() in ("true", "1", "yes")
    if from_text and hint in (int, float):
        try:
            return hint(value)
        except ValueError:
            raise places.wrong(name, value, words[hint]) from None
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise places.wrong(name, value, words[hint])
    return value
