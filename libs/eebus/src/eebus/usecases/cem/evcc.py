"""EVCC and EVSOC: is a car there, who is it, what can it do (usecases.md)."""

from eebus.events import Ev
from eebus.spine.scaled import to_float
from eebus.spine.tree import Entity
from eebus.spine.values import flag, number, part, text
from eebus.usecases.cem.join import Permitted, content, items, wires
from eebus.usecases.names import (
    ASYMMETRIC_CHARGING,
    COMMUNICATIONS_STANDARD,
    CONFIGURATION,
    CONNECTIONS,
    DIAGNOSIS,
    ELECTRICAL,
    IDENTIFICATION,
    IDENTIFICATIONS,
    LIMIT_DESCRIPTIONS,
    LOAD_CONTROL,
    MEASUREMENT,
    MEASUREMENT_DESCRIPTIONS,
    MEASUREMENTS,
    SETTING_DESCRIPTIONS,
    SETTINGS,
    STATE,
)

MAX_IDS = 8
MAX_ID_CHARS = 64


def read_ev(entity: Entity, *, has_opev: bool, has_oscev: bool) -> Ev:
    """Return all that is known of the car at this entity. Unknown stays None."""
    permitted = _permitted_current(entity)
    settings = _settings(entity)
    asymmetric = settings.get(ASYMMETRIC_CHARGING)
    standard = settings.get(COMMUNICATIONS_STANDARD)
    return Ev(
        communication=standard if isinstance(standard, str) else None,
        asymmetric=asymmetric if isinstance(asymmetric, bool) else None,
        phases=_connected_phases(entity),
        min_a=permitted.min_a,
        max_a=permitted.max_a,
        pause_a=permitted.pause_a,
        operating_state=text(content(entity, DIAGNOSIS, STATE), "operatingState"),
        soc_percent=soc_percent(entity),
        ids=_ids(entity),
        has_opev=has_opev,
        has_oscev=has_oscev,
    )


def communication(entity: Entity) -> str | None:
    """Return the communication standard between charger and car, None while unknown."""
    standard = _settings(entity).get(COMMUNICATIONS_STANDARD)
    return standard if isinstance(standard, str) else None


def is_asymmetric(entity: Entity) -> bool:
    """Whether the car announced that its phases may get different limits."""
    return _settings(entity).get(ASYMMETRIC_CHARGING) is True


def soc_percent(entity: Entity) -> float | None:
    """Return the state of charge (EVSOC 1), None when the car does not tell."""
    ids = {
        number(each, "measurementId")
        for each in items(entity, MEASUREMENT, MEASUREMENT_DESCRIPTIONS)
        if text(each, "scopeType") == "stateOfCharge"
    }
    for each in items(entity, MEASUREMENT, MEASUREMENTS):
        if number(each, "measurementId") in ids:
            return to_float(part(each, "value"))
    return None


def _settings(entity: Entity) -> dict[str, str | bool]:
    """Return the car's settings by name: text and booleans only, others are of no use here."""
    names = {
        number(each, "keyId"): text(each, "keyName")
        for each in items(entity, CONFIGURATION, SETTING_DESCRIPTIONS)
    }
    found: dict[str, str | bool] = {}
    for each in items(entity, CONFIGURATION, SETTINGS):
        name = names.get(number(each, "keyId"))
        written = part(each, "value")
        value = text(written, "string") or flag(written, "boolean")
        if name is not None and value is not None:
            found[name] = value
    return found


def _connected_phases(entity: Entity) -> int | None:
    counts = (number(each, "acConnectedPhases") for each in items(entity, ELECTRICAL, CONNECTIONS))
    return next((count for count in counts if count in {1, 2, 3}), None)


def _permitted_current(entity: Entity) -> Permitted:
    """Return the range of the first phase that has one, through its limit or its current."""
    joined = wires(entity)
    measured = [
        number(each, "measurementId")
        for each in items(entity, LOAD_CONTROL, LIMIT_DESCRIPTIONS)
        if text(each, "unit") in {"A", None}
    ] + [
        number(each, "measurementId")
        for each in items(entity, MEASUREMENT, MEASUREMENT_DESCRIPTIONS)
        if text(each, "scopeType") == "acCurrent"
    ]
    found = [joined[each] for each in measured if each is not None and each in joined]
    found.sort(key=lambda wire: wire.phase if wire.phase is not None else 3)
    ranges = (wire.permitted for wire in found if wire.permitted.min_a is not None)
    return next(ranges, Permitted())


def _ids(entity: Entity) -> tuple[str, ...]:
    values = (
        text(each, "identificationValue")
        for each in items(entity, IDENTIFICATION, IDENTIFICATIONS)[:MAX_IDS]
    )
    return tuple(value[:MAX_ID_CHARS] for value in values if value)
