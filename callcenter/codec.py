"""Events, orders and cards as JSON, and back.

Works from the classes' type hints, compiled once per class, so that a new event needs no code
here. The output is canonical: fields in the order of declaration, no blanks, ASCII only (a lone
surrogate from the network survives), floats always written as floats; equal events give equal
bytes. Reading ignores fields it does not know, so that an older program reads a newer journal as
far as it can, and fills absent ones from their defaults. It must not hold state or do I/O.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from operator import attrgetter
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .floor.events import EVENTS, Event
from .floor.orders import ORDERS, Order

T = TypeVar("T")
Plain = dict[str, Any]
_Convert = Callable[[Any], Any]
_SCALARS = (str, int, float, bool)

_to_json = json.JSONEncoder(
    ensure_ascii=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


class CodecError(ValueError):
    """The data cannot be written as JSON, or the JSON is not what was asked for."""


# --- writing ----------------------------------------------------------------------------------


def encode_text(thing: Event | Order) -> str:
    """The event or order as canonical JSON with its class name under ``type``. ASCII only.

    Raises ``CodecError`` when a value is not JSON (NaN, infinity, a wrong type).
    """
    kind = type(thing)
    try:
        return _to_json({"type": kind.__name__, **_writer(kind)(thing)})
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise CodecError(f"{kind.__name__} cannot be written as JSON: {error}") from error


def encode(thing: Event | Order) -> bytes:
    """``encode_text`` as bytes."""
    return encode_text(thing).encode("ascii")


def to_plain(thing: object) -> Plain:
    """Any of our dataclasses as plain dicts, lists and scalars, without a ``type``: for screens.

    Raises ``TypeError`` for something that is not a dataclass instance.
    """
    return _writer(type(thing))(thing)


_writers: dict[type, Callable[[Any], Plain]] = {}


def _writer(cls: type) -> Callable[[Any], Plain]:
    write = _writers.get(cls)
    if write is None:
        write = _writers[cls] = _compile_writer(cls)
    return write


def _compile_writer(cls: type) -> Callable[[Any], Plain]:
    if not is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is not a dataclass")
    hints = get_type_hints(cls)
    names = tuple(field.name for field in fields(cls))
    values = _getter(names)
    found = ((name, _write_as(hints[name], f"{cls.__name__}.{name}")) for name in names)
    converts = tuple((name, convert) for name, convert in found if convert is not None)

    def write(thing: Any) -> Plain:
        plain = dict(zip(names, values(thing), strict=True))
        for name, convert in converts:
            value = plain[name]
            if value is not None:
                plain[name] = convert(value)
        return plain

    return write


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    get = attrgetter(*names)
    if len(names) == 1:  # attrgetter gives the bare value then, not a tuple
        return lambda thing: (get(thing),)
    return cast("Callable[[Any], tuple[Any, ...]]", get)


def _write_as(hint: Any, where: str) -> _Convert | None:
    """How to turn a value of this type into plain data; ``None``: it is plain already."""
    if hint is float:
        # An int in a float's place becomes a float and -0.0 becomes 0.0: equal values, equal bytes.
        return _as_float
    if hint in _SCALARS or hint is type(None) or get_origin(hint) is Literal:
        return None
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        if len(options) == 1:
            return _write_as(options[0], where)
        if all(option in _SCALARS for option in options):
            return None
    if get_origin(hint) is tuple and get_args(hint)[1:] == (...,):
        item = _write_as(get_args(hint)[0], where)
        if item is None:
            return list
        return lambda many: [item(one) for one in many]
    if get_origin(hint) is tuple:
        return _write_row([_write_as(part, where) for part in get_args(hint)])
    if is_dataclass(hint) and isinstance(hint, type):
        return _writer(hint)
    raise TypeError(f"{where}: the codec has no JSON form for {hint}")


def _write_row(parts: list[_Convert | None]) -> _Convert:
    """A tuple of fixed length becomes a list."""
    if all(part is None for part in parts):
        return list
    return lambda row: [
        value if part is None or value is None else part(value)
        for part, value in zip(parts, row, strict=True)
    ]


def _as_float(value: float) -> float:
    return value + 0.0


# --- reading ----------------------------------------------------------------------------------


def decode_event(data: str | bytes) -> Event:
    """Read what ``encode`` wrote. Raises ``CodecError`` naming what is wrong."""
    return cast("Event", _decode(data, _EVENTS, "event"))


def decode_order(data: str | bytes) -> Order:
    """Read what ``encode`` wrote. Raises ``CodecError`` naming what is wrong."""
    return cast("Order", _decode(data, _ORDERS, "order"))


def from_plain(cls: type[T], plain: Mapping[str, Any]) -> T:
    """Build ``cls`` from what ``to_plain`` made. Raises ``CodecError`` naming class and field."""
    return cast("T", _reader(cls)(plain))


_EVENTS: dict[str, type] = {cls.__name__: cls for cls in EVENTS}
_ORDERS: dict[str, type] = {cls.__name__: cls for cls in ORDERS}


def _decode(data: str | bytes, known: Mapping[str, type], noun: str) -> object:
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"this {noun} is not JSON: {error}") from error
    if not isinstance(plain, dict):
        raise CodecError(f"an {noun} is a JSON object, this is {_called(plain)}")
    name = plain.get("type")
    cls = known.get(name) if isinstance(name, str) else None
    if cls is None:
        raise CodecError(f"unknown type of {noun}: {name!r}")
    return _reader(cls)(plain)


_readers: dict[type, _Convert] = {}


def _reader(cls: type) -> _Convert:
    read = _readers.get(cls)
    if read is None:
        read = _readers[cls] = _compile_reader(cls)
    return read


def _compile_reader(cls: type) -> _Convert:
    if not is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is not a dataclass")
    hints = get_type_hints(cls)
    plan = tuple(
        (
            field.name,
            _read_as(hints[field.name], f"{cls.__name__}.{field.name}"),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(cls)
    )

    def read(plain: Any) -> Any:
        if not isinstance(plain, Mapping):
            raise CodecError(f"{cls.__name__}: expected an object, got {_called(plain)}")
        values = {}
        for name, convert, required in plan:
            if name in plain:
                values[name] = convert(plain[name])
            elif required:
                raise CodecError(f"{cls.__name__}.{name} is missing")
        return cls(**values)

    return read


def _read_as(hint: Any, where: str) -> _Convert:
    """A function that checks a JSON value against the type and converts it."""
    if hint is float:
        return lambda value: _number(value, where)
    if get_origin(hint) is Literal:
        return _one_of(get_args(hint), where)
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        if len(options) == 1:
            inner = _read_as(options[0], where)
            return lambda value: None if value is None else inner(value)
        return _scalar(tuple(get_args(hint)), where)
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if kinds[1:] == (...,):
            return _tuple_of(_read_as(kinds[0], where), where)
        return _row_of([_read_as(kind, where) for kind in kinds], where)
    if hint in _SCALARS:
        return _scalar((hint,), where)
    return _reader(hint)


def _number(value: Any, where: str) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise CodecError(f"{where}: the number is too large") from None
    raise CodecError(f"{where}: expected a number, got {_called(value)}")


def _one_of(allowed: tuple[Any, ...], where: str) -> _Convert:
    def read(value: Any) -> Any:
        # Compared in order, not hashed: JSON may hold a list here.
        if value not in allowed:
            raise CodecError(f"{where}: {value!r} is not one of {', '.join(map(repr, allowed))}")
        return value

    return read


def _scalar(allowed: tuple[type, ...], where: str) -> _Convert:
    names = " or ".join(cls.__name__ for cls in allowed)

    def read(value: Any) -> Any:
        # Exact types: JSON true is not the number 1.
        if type(value) not in allowed:
            raise CodecError(f"{where}: expected {names}, got {_called(value)}")
        return value

    return read


def _tuple_of(item: _Convert, where: str) -> _Convert:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise CodecError(f"{where}: expected a list, got {_called(value)}")
        return tuple([item(one) for one in value])

    return read


def _row_of(parts: list[_Convert], where: str) -> _Convert:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or len(value) != len(parts):
            raise CodecError(f"{where}: expected a list of {len(parts)}, got {_called(value)}")
        return tuple([part(one) for part, one in zip(parts, value, strict=True)])

    return read


def _called(value: object) -> str:
    """The JSON word for a value's type, for messages."""
    words = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    if value is None:
        return "null"
    return words.get(type(value), "a number")
