"""The small pieces: phases, instants, empty texts, enumerations."""

from datetime import datetime
from typing import TypeVar, cast, get_args

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from volthus_wire.convert import from_phases, from_timestamp
from volthus_wire.v1.electrical_pb2 import Phases
from web.models.common import AmperesByPhase, ByPhase

W = TypeVar("W", bound=str)


class NotUnderstoodError(Exception):
    """A message says something this version has no word for."""


def by_phase(message: Phases) -> ByPhase:
    """Return three values; what the message leaves out is null."""
    values = from_phases(message)
    return ByPhase(l1=values.l1, l2=values.l2, l3=values.l3)


def phases_in(message: Message, field: str) -> ByPhase | None:
    """Return the three values of a field, None where the field is absent."""
    return by_phase(getattr(message, field)) if message.HasField(field) else None


def to_phases(wanted: AmperesByPhase | None) -> Phases | None:
    """Return the message of three values, None for none."""
    return None if wanted is None else Phases(l1=wanted.l1, l2=wanted.l2, l3=wanted.l3)


def number_in(message: Message, field: str) -> float | None:
    """Return an optional number, None where it is absent."""
    return float(getattr(message, field)) if message.HasField(field) else None


def instant_in(message: Message, field: str) -> datetime | None:
    """Return an optional instant, None where it is absent."""
    if not message.HasField(field):
        return None
    stamp = cast("Timestamp", getattr(message, field))
    return from_timestamp(stamp)


def text(value: str) -> str | None:
    """Return a text, None for the empty one."""
    return value or None


def positive(value: int) -> int | None:
    """Return a number that counts from 1, None for 0."""
    return value or None


def word(value: str, words: object) -> str:
    """Return `value` where it is one of a Literal's words. Raises NotUnderstoodError."""
    if value not in get_args(words):
        raise NotUnderstoodError(f"{value!r} is none of {get_args(words)}")
    return value


def named(number: int, names: dict[int, W]) -> W:
    """Return the name of an enumeration's number. Raises NotUnderstoodError."""
    try:
        return names[number]
    except KeyError as unknown:
        raise NotUnderstoodError(f"{number} is none of {names}") from unknown
