"""Which conductor of a device sits on which phase of the house.

R, S, T are the house phases L1, L2, L3. The letter at position k names the house phase that the
device's conductor k is wired to. One rotation serves meters and chargers alike; a meter's and a
charger's are independent of each other.
"""

from enum import StrEnum
from functools import cache
from typing import TypeVar

from electrical.phases import ALL_PHASES, Phase, Phases

T = TypeVar("T")


class RotaryField(StrEnum):
    """The direction in which a motor behind this wiring would turn."""

    RIGHT = "right"
    LEFT = "left"


class Rotation(StrEnum):
    """The six ways to connect three conductors; the three right-hand ones first."""

    RST = "RST"
    STR = "STR"
    TRS = "TRS"
    RTS = "RTS"
    SRT = "SRT"
    TSR = "TSR"

    @property
    def field(self) -> RotaryField:
        """Return the rotary field the device sees when the house has a right-hand one."""
        return RotaryField.RIGHT if self in RIGHT_HAND else RotaryField.LEFT


RIGHT_HAND = frozenset({Rotation.RST, Rotation.STR, Rotation.TRS})
_HOUSE_PHASE = {"R": Phase.L1, "S": Phase.L2, "T": Phase.L3}


def house_phase(rotation: Rotation, conductor: Phase) -> Phase:
    """Return the house phase that the device's conductor is wired to."""
    return _HOUSE_PHASE[rotation.value[ALL_PHASES.index(conductor)]]


def conductor_on(rotation: Rotation, phase: Phase) -> Phase:
    """Return the device's conductor that is wired to a house phase."""
    return next(c for c in ALL_PHASES if house_phase(rotation, c) is phase)


@cache
def _house_phases(rotation: Rotation) -> tuple[Phase, ...]:
    return tuple(house_phase(rotation, conductor) for conductor in ALL_PHASES)


@cache
def _conductors(rotation: Rotation) -> tuple[Phase, ...]:
    return tuple(conductor_on(rotation, phase) for phase in ALL_PHASES)


def to_house(rotation: Rotation, device: Phases[T]) -> Phases[T]:
    """Turn values by conductor of the device into values by phase of the house."""
    l1, l2, l3 = _conductors(rotation)
    return Phases(device[l1], device[l2], device[l3])


def to_device(rotation: Rotation, house: Phases[T]) -> Phases[T]:
    """Turn values by phase of the house into values by conductor of the device."""
    first, second, third = _house_phases(rotation)
    return Phases(house[first], house[second], house[third])


def inverse(rotation: Rotation) -> Rotation:
    """Return the rotation that undoes this one (STR and TRS are each other's)."""
    letters = (("R", "S", "T")[ALL_PHASES.index(conductor_on(rotation, p))] for p in ALL_PHASES)
    return Rotation("".join(letters))
