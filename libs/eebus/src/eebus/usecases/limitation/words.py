"""LPC and LPP as data: limits, failsafe values, nominal powers (spine.md section 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from eebus.spine import durations
from eebus.spine.scaled import from_float, to_float
from eebus.spine.tree import Entity
from eebus.spine.values import Item, Value, flag, number, part, parts, text
from eebus.usecases import names
from eebus.usecases.cem.join import items
from eebus.usecases.limitation.machine import Failsafe

LIMITS: Final = "loadControlLimitData"
SETTINGS: Final = "deviceConfigurationKeyValueData"
NOMINAL: Final = {
    ("lpc", True): "contractualConsumptionNominalMax",
    ("lpc", False): "powerConsumptionNominalMax",
    ("lpp", True): "contractualProductionNominalMax",
    ("lpp", False): "powerProductionNominalMax",
}
KINDS: Final = tuple(names.POWER_KINDS)  # ids of limits are places in it
DURATION_KEY: Final = 1
FAILSAFE_KEYS: Final = {"lpc": 0, "lpp": 2}  # as the reference numbers them


@dataclass(frozen=True, slots=True)
class HeldLimit:
    """A power limit as data tell it. power_w: a magnitude. None = not told."""

    limit_id: int
    is_active: bool
    is_changeable: bool
    power_w: float | None
    duration_s: float | None


def describe_limits(kinds: Sequence[str]) -> Item:
    """Return the descriptions of the limits; some boxes need a measurementId."""
    described: list[Value] = [
        {
            "limitId": KINDS.index(kind),
            "limitType": "signDependentAbsValueLimit",
            "limitCategory": "obligation",
            "limitDirection": names.POWER_KINDS[kind][1],
            "measurementId": 0,
            "unit": "W",
            "scopeType": "activePowerLimit",
        }
        for kind in kinds
    ]
    return {"loadControlLimitDescriptionData": described}


def write_limit(
    limit_id: int, *, is_active: bool, value_w: float | None, duration_s: float | None = None
) -> Item:
    """Return a limit as a guard writes it. value_w carries the sign of its direction."""
    item: Item = {"limitId": limit_id, "isLimitActive": is_active}
    if duration_s is not None:
        item["timePeriod"] = {"endTime": durations.write(timedelta(seconds=duration_s))}
    if value_w is not None:
        item["value"] = from_float(value_w)
    return item


def read_limit(item: Item, at: datetime | None = None) -> HeldLimit | None:
    """Return a limit, None for an item without an id. at: now, for ends told as a date."""
    limit_id = number(item, "limitId")
    if limit_id is None:
        return None
    value = to_float(part(item, "value"))
    return HeldLimit(
        limit_id=limit_id,
        is_active=flag(item, "isLimitActive") is True,
        is_changeable=flag(item, "isLimitChangeable") is not False,
        power_w=None if value is None else abs(value),
        duration_s=durations.seconds_until(text(part(item, "timePeriod"), "endTime"), at),
    )


def limit_ids(entity: Entity) -> dict[str, int]:
    """Return the id of the limit of each kind, looked up by its description."""
    found: dict[str, int] = {}
    for each in items(entity, names.LOAD_CONTROL, names.LIMIT_DESCRIPTIONS):
        limit_id = number(each, "limitId")
        if limit_id is None or text(each, "scopeType") not in {"activePowerLimit", None}:
            continue
        for kind, (_, direction, _) in names.POWER_KINDS.items():
            if text(each, "limitDirection") == direction and text(each, "unit") in {"W", None}:
                found.setdefault(kind, limit_id)
    return found


def describe_settings(kinds: Sequence[str]) -> Item:
    """Return the descriptions of the failsafe values."""
    described: list[Item] = [
        {
            "keyId": FAILSAFE_KEYS[kind],
            "keyName": names.POWER_KINDS[kind][2],
            "valueType": "scaledNumber",
            "unit": "W",
        }
        for kind in kinds
    ]
    described.append(
        {"keyId": DURATION_KEY, "keyName": names.FAILSAFE_DURATION, "valueType": "duration"}
    )
    described.sort(key=lambda each: str(each["keyId"]))
    ordered: list[Value] = [*described]
    return {"deviceConfigurationKeyValueDescriptionData": ordered}


def write_settings(failsafe: dict[str, Failsafe]) -> Item:
    """Return the failsafe values; their duration is shared."""
    told: dict[int, Item] = {
        FAILSAFE_KEYS[kind]: {"scaledNumber": from_float(each.power_w)}
        for kind, each in failsafe.items()
    }
    longest = max(each.duration_s for each in failsafe.values())
    told[DURATION_KEY] = {"duration": durations.write(timedelta(seconds=longest))}
    settings: list[Value] = [
        {"keyId": key, "value": told[key], "isValueChangeable": True} for key in sorted(told)
    ]
    return {SETTINGS: settings}


def setting_keys(entity: Entity) -> dict[str, int]:
    """Return the key ids of an entity's settings by name."""
    return {
        name: key
        for each in items(entity, names.CONFIGURATION, names.SETTING_DESCRIPTIONS)
        if (name := text(each, "keyName")) and (key := number(each, "keyId")) is not None
    }


def setting_values(data: Item) -> dict[int, Item]:
    """Return the values of settings by key id."""
    return {
        key: part(each, "value")
        for each in parts(data, SETTINGS)
        if (key := number(each, "keyId")) is not None
    }


def nominal(kinds: dict[str, float], *, is_contractual: bool) -> Item:
    """Return the nominal powers, W; contractual for an energy management system."""
    told: list[Value] = [
        {
            "electricalConnectionId": 0,
            "parameterId": 0,
            "characteristicId": KINDS.index(kind),
            "characteristicContext": "entity",
            "characteristicType": NOMINAL[kind, is_contractual],
            "value": from_float(power_w),
            "unit": "W",
        }
        for kind, power_w in kinds.items()
    ]
    return {"electricalConnectionCharacteristicData": told}


def read_nominal(entity: Entity) -> dict[str, float]:
    """Return the nominal powers an entity tells, W by kind; whether contractual or its own."""
    told = {
        text(each, "characteristicType"): power_w
        for each in items(entity, names.ELECTRICAL, names.CHARACTERISTICS)
        if text(each, "unit") in {"W", None}
        and (power_w := to_float(part(each, "value"))) is not None
    }
    return {kind: abs(told[name]) for (kind, _), name in NOMINAL.items() if name in told}
