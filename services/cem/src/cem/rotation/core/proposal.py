"""From what was seen to a setting: the charger's wiring, or else the meter's rotation. Pure.

One conductor that moves leaves two of the six rotations, one with a right-hand field and one with
a left-hand field. What is set already is kept if it fits; else the right-hand one is proposed,
which is how installers rotate chargers.
"""

from collections.abc import Callable, Collection

from electrical.phases import ALL_PHASES, Phase
from electrical.rotation import Rotation, conductor_on, house_phase


def wiring_for(moving: Collection[Phase], shown: Collection[Phase], now: Rotation) -> Rotation:
    """Return the charger's wiring, given that the meter is right.

    moving: conductors of the charger that changed. shown: phases of the house, as the meter tells
    them, that changed with them. now: the wiring that is set.
    """
    return _fitting(now, lambda wiring: {house_phase(wiring, c) for c in moving} == set(shown))


def rotation_for(moving: Collection[Phase], shown: Collection[Phase], now: Rotation) -> Rotation:
    """Return the meter's rotation, given that the charger is wired RST.

    now: the rotation that is set, through which the phases in `shown` were seen.
    """
    inputs = {conductor_on(now, phase) for phase in shown}
    return _fitting(now, lambda turned: {house_phase(turned, i) for i in inputs} == set(moving))


def _fitting(now: Rotation, fits: Callable[[Rotation], bool]) -> Rotation:
    """Return the first rotation that fits: the present one, then the right-hand ones."""
    choices: tuple[Rotation, ...] = (now, *Rotation)
    return next(rotation for rotation in choices if fits(rotation))


def by_conductor(wiring: Rotation, moving: Collection[Phase]) -> tuple[Phase, ...]:
    """Return the house phases of the conductors that moved, in the conductors' order."""
    return tuple(house_phase(wiring, conductor) for conductor in ALL_PHASES if conductor in moving)
