"""Reads a recording line by line. Raises UnreadableError for what is none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from cem.core.events import Event
from cem.core.state import State
from cem.replaying.codec import Json, UnreadableError, decoded
from cem.replaying.recording import FORMAT

LAST_S = 1e12  # no clock runs as long


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and when it was folded (monotonic s)."""

    number: int
    now: float
    event: Event


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided then, as JSON."""

    number: int
    now: float
    decision: Json


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording: where it begins, and what followed."""

    version: str
    now: float
    state: State
    lines: Iterator[Heard | Decided]


def read(path: Path) -> Recorded:
    """Open a recording; its lines are read while they are played."""
    lines = _lines(path)
    number, head = next(lines, (1, None))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise UnreadableError(f"{path} is no recording: its first line is no {FORMAT!r}")
    state = decoded(head.get("state"))
    if not isinstance(state, State):
        raise UnreadableError(f"line {number}: holds no state")
    return Recorded(str(head.get("version")), _now(number, head), state, _rest(lines))


@contextmanager
def played_at(number: int) -> Iterator[None]:
    """Say which line it was when what it holds cannot be played: a field of the wrong kind."""
    try:
        yield
    except UnreadableError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UnreadableError(f"line {number} cannot be played: {what}") from error


def _lines(path: Path) -> Iterator[tuple[int, Json]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # the writer was stopped in mid line
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UnreadableError(f"line {number} is no JSON: {error}") from error


def _rest(lines: Iterator[tuple[int, Json]]) -> Iterator[Heard | Decided]:
    for number, line in lines:
        if not isinstance(line, dict) or not line.keys() & {"event", "decision"}:
            raise UnreadableError(f"line {number} is neither event nor decision")
        now = _now(number, line)
        if "event" in line:
            event = decoded(line["event"])
            if not isinstance(event, get_args(Event)):
                raise UnreadableError(f"line {number} holds no event")
            yield Heard(number, now, cast("Event", event))
        else:
            yield Decided(number, now, line["decision"])


def _now(number: int, line: dict[str, Json]) -> float:
    now = line.get("now")
    if isinstance(now, bool) or not isinstance(now, int | float) or not abs(now) < LAST_S:
        raise UnreadableError(f"line {number} has no time")
    return float(now)
