"""From the meter's own view to the house's: phases, direction, counters. Applied once, here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from electrical.phases import ALL_PHASES, Phase
from electrical.rotation import Rotation, conductor_on
from meter_profiles.quantity import Quantity

Values = Mapping[Quantity, float | None]

ONE_WAY = frozenset({Quantity.POWER_TOTAL_IMPORT, Quantity.POWER_TOTAL_EXPORT})
_NAMES = frozenset(quantity.value for quantity in Quantity)


@dataclass(frozen=True, slots=True)
class Mounting:
    """How the meter sits in the house.

    phases: how many the meter's model has. phase: for a one-phase meter the house phase it sits
    on (L1 when None); for a three-phase meter in a one-phase house the meter's input that
    measures the house (None: all three count). signs_power_factor: whether the model gives its
    power factor a direction, which then turns with the power.
    """

    phases: int
    rotation: Rotation = Rotation.RST
    invert: bool = False
    phase: Phase | None = None
    signs_power_factor: bool = True
    is_straight: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note whether there is anything to turn: nearly always there is not."""
        is_turned = self.rotation is not Rotation.RST or self.invert or self.phase is not None
        object.__setattr__(self, "is_straight", self.phases == 3 and not is_turned)


def seen_from_house(values: Values, mounting: Mounting) -> Values:
    """Return the same quantities as the house sees them; unknown stays unknown.

    A phase the meter does not measure is unknown, not zero. With `invert`, power and power factor
    change their sign and the counters for import and export change places. Currents stay as the
    meter reports them. Where there is nothing to turn, `values` itself comes back.
    """
    if mounting.is_straight:
        return values
    turned = _inverted(values, mounting) if mounting.invert else dict(values)
    if mounting.phases == 1:
        return _one_phase(turned, Phase.L1, mounting.phase or Phase.L1)
    if mounting.phase is not None:
        return _one_phase(_totals_of(turned, mounting.phase), mounting.phase, Phase.L1)
    return {quantity: turned.get(_measured_by(quantity, mounting.rotation)) for quantity in turned}


@cache  # 30 quantities in 6 rotations, asked for in every poll
def _measured_by(quantity: Quantity, rotation: Rotation) -> Quantity:
    """Return which quantity of the meter is this one of the house."""
    if quantity.phase is None:
        return quantity
    return quantity.on(conductor_on(rotation, quantity.phase))


def _inverted(values: Values, mounting: Mounting) -> dict[Quantity, float | None]:
    swapped = {quantity: _get(values, _opposite(quantity)) for quantity in values}
    return {
        quantity: -value + 0.0 if value is not None and _turns(quantity, mounting) else value
        for quantity, value in swapped.items()
    }


def _turns(quantity: Quantity, mounting: Mounting) -> bool:
    """Return whether a value has a direction of its own; one-way powers change places instead."""
    if quantity in ONE_WAY:
        return False
    return quantity.unit == "W" or (quantity.unit == "1" and mounting.signs_power_factor)


def _opposite(quantity: Quantity) -> str:
    """Return the counterpart that counts the other direction; itself if it counts none."""
    if "import" in quantity:
        return quantity.replace("import", "export")
    return quantity.replace("export", "import")


def _get(values: Values, name: str) -> float | None:
    """Return a value by its name; what the meter does not measure is unknown."""
    return values.get(Quantity(name)) if name in _NAMES else None


def _one_phase(values: Values, conductor: Phase, phase: Phase) -> dict[Quantity, float | None]:
    """Return the values of one conductor on one house phase, the other phases unknown."""
    seen = {quantity: value for quantity, value in values.items() if quantity.phase is None}
    for quantity in values:
        if quantity.phase is conductor and _exists(quantity, phase):
            seen |= {quantity.on(p): None for p in ALL_PHASES if _exists(quantity, p)}
            seen[quantity.on(phase)] = values[quantity]
    return seen


def _exists(quantity: Quantity, phase: Phase) -> bool:
    return f"{quantity.value[:-3]}_{phase.lower()}" in _NAMES


def _totals_of(values: Values, conductor: Phase) -> dict[Quantity, float | None]:
    """Let the one conductor that counts also make the totals."""
    totals = dict(values)
    totals[Quantity.POWER_TOTAL] = values.get(Quantity.POWER_L1.on(conductor))
    for total in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT):
        if total in totals:
            totals[total] = values.get(Quantity(f"{total.value}_{conductor.lower()}"))
    return totals
