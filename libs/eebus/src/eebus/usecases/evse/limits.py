"""The car's limits as the charger holds them: their data, and whether a write may stand."""

from eebus.events import PerPhase
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.scaled import from_float, to_float
from eebus.spine.values import Item, Value, flag, number, part, parts
from eebus.usecases.evse import car
from eebus.usecases.evse.profile import EvProfile

LIST = "loadControlLimitData"
NEAR_A = 0.01
NO_LIMITS: PerPhase = (None, None, None)


def initial(ev: EvProfile, held: dict[str, PerPhase]) -> Item:
    """Return the limits of a car; those held from before an update stay."""
    written: list[Value] = []
    for kind in car.limit_kinds(ev):
        values = held.get(kind, NO_LIMITS)
        for phase in range(ev.phases):
            value = values[phase]
            written.append(
                {
                    "limitId": car.limit_id(ev, kind, phase),
                    "isLimitChangeable": True,
                    "isLimitActive": value is not None,
                    "value": from_float(ev.max_a if value is None else min(value, ev.max_a)),
                }
            )
    return {LIST: written}


def held(ev: EvProfile, data: Item) -> dict[str, PerPhase]:
    """Return the active limits by kind, A per conductor; None = not active."""
    told = {number(each, "limitId"): each for each in parts(data, LIST)}
    return {kind: _per_phase(ev, kind, told) for kind in car.limit_kinds(ev)}


def check(ev: EvProfile, data: Item, written: set[int | None]) -> None:
    """Raise RefusedError if one of the limits `written` is a current the car cannot be set to.

    Allowed are the range and the pause value, and 0 A: an ISO 15118 car pays for that with its
    session, which is the CEM's mistake to make.
    """
    for each in parts(data, LIST):
        if number(each, "limitId") not in written or not flag(each, "isLimitActive"):
            continue
        value_a = to_float(part(each, "value"))
        if value_a is None:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "an active limit needs a value")
        if value_a == 0 or abs(value_a - ev.pause_a) < NEAR_A:
            continue
        if value_a < ev.min_a - NEAR_A:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "limit too low")
        if value_a > ev.max_a + NEAR_A:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "limit too high")


def _per_phase(ev: EvProfile, kind: str, told: dict[int | None, Item]) -> PerPhase:
    values: list[float | None] = [None, None, None]
    for phase in range(ev.phases):
        item = told.get(car.limit_id(ev, kind, phase), {})
        if flag(item, "isLimitActive"):
            values[phase] = to_float(part(item, "value"))
    return values[0], values[1], values[2]
