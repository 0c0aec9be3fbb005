"""The values of the core as JSON and back, exactly. Pure.

Numbers, texts, truths and None stand for themselves. A list is a tuple. Objects with one of these
names say what they are:

    {"_": "events.GridRead", ...}   a dataclass of the core by module and name; a field that has
                                    its default is left out
    {"!": "driving.Mode", "v": x}   a member of an enumeration
    {"%": [[key, value], ...]}      a mapping, in its order
    {"&": [...]}                    a set, sorted
    {"@": "2026-...", "z": "Europe/Berlin"}   an aware time; z: its zone, where it has a name
    {"~": 3.5}                      a span of time in seconds
    {"#": "inf"}                    inf, -inf or nan
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from math import isfinite
from types import ModuleType
from zoneinfo import ZoneInfo

import cem.core
import electrical

TAGS = ("_", "!", "%", "&", "@", "~", "#")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class UnreadableError(ValueError):
    """A recording says something that this version does not know."""


def encoded(value: object) -> Json:
    """Return a value of the core as JSON. Raises TypeError for one that has no form."""
    if isinstance(value, Enum):
        return {"!": _name(type(value)), "v": encoded(value.value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else {"#": repr(value)}
    return _tagged(value) if isinstance(value, datetime | timedelta) else _structured(value)


def _tagged(value: datetime | timedelta) -> Json:
    if isinstance(value, timedelta):
        return {"~": value.total_seconds()}
    zone = getattr(value.tzinfo, "key", None)
    return {"@": value.isoformat()} | ({"z": zone} if zone else {})


def _structured(value: object) -> Json:
    match value:
        case Mapping():
            return {"%": [[encoded(key), encoded(one)] for key, one in value.items()]}
        case frozenset() | set():
            return {"&": [encoded(one) for one in sorted(value)]}
        case Sequence():
            return [encoded(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value)
    raise TypeError(f"{type(value).__name__} has no form in a recording")


def decoded(found: Json) -> object:
    """Return the value that JSON stands for. Raises UnreadableError."""
    if isinstance(found, list):
        return tuple(decoded(one) for one in found)
    if not isinstance(found, dict):
        return found
    try:
        return _read(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(f"{str(found)[:120]} cannot be read: {error}") from error


def _object(value: object) -> Json:
    kind = type(value)
    made: dict[str, Json] = {"_": _name(kind)}
    for field, default in _fields(_name(kind)):
        one = getattr(value, field)
        if default is MISSING or (one is not default and one != default):
            made[field] = encoded(one)
    return made


def _read(found: dict[str, Json]) -> object:
    tag = next((tag for tag in TAGS if tag in found), "")
    value = found[tag]
    if tag in ("_", "!"):
        kind = _classes()[str(value)]
        if tag == "!":
            member: object = kind(decoded(found["v"]))
            return member
        made: object = kind(**{key: decoded(one) for key, one in found.items() if key != "_"})
        return made
    if tag in ("%", "&"):
        return _collection(tag, value)
    return _moment(found) if tag == "@" else _number(tag, value)


def _collection(tag: str, value: Json) -> object:
    if not isinstance(value, list):
        raise TypeError("a mapping or set is a list")
    if tag == "&":
        return frozenset(decoded(one) for one in value)
    made = {}
    for pair in value:
        if not isinstance(pair, list):
            raise TypeError("a mapping is a list of pairs")
        key, one = pair
        made[decoded(key)] = decoded(one)
    return made


def _moment(found: dict[str, Json]) -> datetime:
    moment = datetime.fromisoformat(str(found["@"]))
    zone = found.get("z")
    return moment.astimezone(ZoneInfo(str(zone))) if zone else moment


def _number(tag: str, value: Json) -> object:
    number = float(str(value))
    return timedelta(seconds=number) if tag == "~" else number


@cache
def _fields(name: str) -> tuple[tuple[str, object], ...]:
    """Return the fields of a dataclass of the core with their defaults."""
    return tuple((field.name, _default(field)) for field in fields(_classes()[name]))


def _default(field: "Field[object]") -> object:
    if field.default is not MISSING:
        return field.default
    return MISSING if field.default_factory is MISSING else field.default_factory()


def _name(kind: type) -> str:
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__qualname__}"


@cache
def _classes() -> dict[str, type]:
    """Return every dataclass and enumeration of the core by its name."""
    found: dict[str, type] = {}
    for module in _modules():
        for value in vars(module).values():
            is_ours = isinstance(value, type) and value.__module__ == module.__name__
            if is_ours and (is_dataclass(value) or issubclass(value, Enum)):
                found[_name(value)] = value
    return found


def _modules() -> list[ModuleType]:
    names = [
        found.name
        for package in (cem.core, electrical)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    return [importlib.import_module(name) for name in names]
