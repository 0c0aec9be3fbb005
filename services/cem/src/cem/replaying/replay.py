"""Plays a recording with the production's folding and deciding, and compares. Pure."""

from dataclasses import dataclass

from cem.core.decide import decide
from cem.core.folding import apply
from cem.replaying.codec import Json
from cem.replaying.reading import Decided, Heard, Recorded, played_at
from cem.replaying.recording import decision_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Where replay and recording part. place: path in the decision."""

    line: int
    now: float
    place: str
    recorded: Json
    replayed: Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a replay. difference: the first one, None = none."""

    events: int
    decisions: int
    difference: Difference | None


def replay(recorded: Recorded) -> Outcome:
    """Play until the first difference. Raises UnreadableError."""
    state, events, decisions = recorded.state, 0, 0
    for line in recorded.lines:
        match line:
            case Heard(number, now, event):
                with played_at(number):
                    state = apply(state, event, now)
                events += 1
            case Decided(number, now, then):
                with played_at(number):
                    decision = decide(state, now)
                    state = decision.state
                    found = differing(then, decision_of(decision))
                decisions += 1
                if found is not None:
                    place, one, other = found
                    difference = Difference(number, now, place, one, other)
                    return Outcome(events, decisions, difference)
    return Outcome(events, decisions, None)


def differing(one: Json, other: Json, place: str = "") -> tuple[str, Json, Json] | None:
    """Return the first place where two values differ, and both of them there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key not in one or key not in other:
                return f"{place}/{key}", one.get(key), other.get(key)
            if found := differing(one[key], other[key], f"{place}/{key}"):
                return found
        return None
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            if found := differing(left, right, f"{place}/{number}"):
                return found
        return None
    is_same = type(one) is type(other) and one == other
    return None if is_same else (place, one, other)
