"""A car as data of the EV entity: descriptions, ranges, identity. Shapes as the reference sends.

Measurement and parameter ids: currents from 0, then powers, then energy, then state of charge;
limit ids: obligations from 0, then (ISO 15118) recommendations.
"""

from eebus.spine.addresses import EntityAddress
from eebus.spine.scaled import from_float
from eebus.spine.tree import READ, READ_WRITE, Entity
from eebus.spine.values import Item, Value
from eebus.usecases import names
from eebus.usecases.device import entity_of, server
from eebus.usecases.evse.planning import planning_features
from eebus.usecases.evse.profile import EvProfile

ELECTRICAL_ID = 0


def build_entity(address: EntityAddress, *, plans: bool = False) -> Entity:
    """Return an EV entity without data; the reference's features in the reference's order.

    plans: with what a car needs that plans its charging.
    """
    return entity_of(
        address,
        names.EV,
        server(
            address,
            1,
            names.LOAD_CONTROL,
            {names.LIMITS: READ_WRITE, names.LIMIT_DESCRIPTIONS: READ},
        ),
        server(
            address,
            2,
            names.ELECTRICAL,
            {names.CONNECTIONS: READ, names.PARAMETERS: READ, names.PERMITTED: READ},
        ),
        server(
            address,
            3,
            names.MEASUREMENT,
            {
                names.MEASUREMENT_DESCRIPTIONS: READ,
                names.MEASUREMENT_CONSTRAINTS: READ,
                names.MEASUREMENTS: READ,
            },
        ),
        server(
            address,
            4,
            names.CONFIGURATION,
            {names.SETTING_DESCRIPTIONS: READ, names.SETTINGS: READ},
        ),
        server(address, 5, names.CLASSIFICATION, {names.MANUFACTURER: READ}),
        server(address, 6, names.DIAGNOSIS, {names.STATE: READ}),
        server(address, 7, names.IDENTIFICATION, {names.IDENTIFICATIONS: READ}),
        *(planning_features(address, 8) if plans else ()),
    )


def describe(ev: EvProfile) -> dict[tuple[str, str], Item]:
    """Return all that is said of the car by (feature type, function), but values and limits."""
    return {
        (names.CONFIGURATION, names.SETTING_DESCRIPTIONS): _setting_descriptions(),
        (names.CONFIGURATION, names.SETTINGS): _settings(ev),
        (names.IDENTIFICATION, names.IDENTIFICATIONS): _identification(ev),
        (names.ELECTRICAL, names.CONNECTIONS): _connection(ev),
        (names.ELECTRICAL, names.PARAMETERS): _parameters(ev),
        (names.ELECTRICAL, names.PERMITTED): _permitted(ev),
        (names.MEASUREMENT, names.MEASUREMENT_DESCRIPTIONS): _measurements(ev),
        (names.LOAD_CONTROL, names.LIMIT_DESCRIPTIONS): _limit_descriptions(ev),
    }


def limit_kinds(ev: EvProfile) -> tuple[str, ...]:
    """Return the kinds of limits the car offers."""
    return ("opev", "oscev") if ev.is_iso15118 else ("opev",)


def limit_id(ev: EvProfile, kind: str, phase: int) -> int:
    """Return the id of the limit of a kind and conductor."""
    return limit_kinds(ev).index(kind) * ev.phases + phase


def current_id(phase: int) -> int:
    """Return the measurement id of a conductor's current."""
    return phase


def power_id(ev: EvProfile, phase: int) -> int:
    """Return the measurement id of a conductor's power."""
    return ev.phases + phase


def energy_id(ev: EvProfile) -> int:
    """Return the measurement id of the session's energy."""
    return 2 * ev.phases


def soc_id(ev: EvProfile) -> int:
    """Return the measurement id of the state of charge."""
    return 2 * ev.phases + 1


def _setting_descriptions() -> Item:
    return {
        "deviceConfigurationKeyValueDescriptionData": [
            {"keyId": 0, "keyName": names.COMMUNICATIONS_STANDARD, "valueType": "string"},
            {"keyId": 1, "keyName": names.ASYMMETRIC_CHARGING, "valueType": "boolean"},
        ]
    }


def _settings(ev: EvProfile) -> Item:
    return {
        "deviceConfigurationKeyValueData": [
            {"keyId": 0, "value": {"string": ev.standard}, "isValueChangeable": False},
            {"keyId": 1, "value": {"boolean": ev.asymmetric}, "isValueChangeable": False},
        ]
    }


def _identification(ev: EvProfile) -> Item:
    if ev.ev_id is None:
        return {}
    known: Item = {
        "identificationId": 0,
        "identificationType": "eui48",
        "identificationValue": ev.ev_id,
    }
    return {"identificationData": [known]}


def _connection(ev: EvProfile) -> Item:
    return {
        "electricalConnectionDescriptionData": [
            {
                "electricalConnectionId": ELECTRICAL_ID,
                "powerSupplyType": "ac",
                "acConnectedPhases": ev.phases,
                "positiveEnergyDirection": "consume",
            }
        ]
    }


def _parameters(ev: EvProfile) -> Item:
    measured: list[Value] = [
        {
            "electricalConnectionId": ELECTRICAL_ID,
            "parameterId": number,
            "measurementId": number,
            "voltageType": "ac",
            "acMeasuredPhases": names.PHASES[number % ev.phases],
            "acMeasuredInReferenceTo": "neutral",
            "acMeasurementType": "real",
            "acMeasurementVariant": "rms",
        }
        for number in range(2 * ev.phases)
    ]
    total: Item = {
        "electricalConnectionId": ELECTRICAL_ID,
        "parameterId": _total_id(ev),
        "voltageType": "ac",
        "acMeasuredPhases": "".join(names.PHASES[: ev.phases]),
        "scopeType": "acPowerTotal",
    }
    return {"electricalConnectionParameterDescriptionData": [*measured, total]}


def _permitted(ev: EvProfile) -> Item:
    watts = names.NOMINAL_VOLTAGE_V * ev.phases
    sets: list[Value] = [
        _permitted_set(phase, ev.pause_a, ev.min_a, ev.max_a) for phase in range(ev.phases)
    ]
    sets.append(
        _permitted_set(_total_id(ev), ev.pause_a * watts, ev.min_a * watts, ev.max_a * watts)
    )
    return {"electricalConnectionPermittedValueSetData": sets}


def _permitted_set(parameter: int, pause: float, low: float, high: float) -> Item:
    return {
        "electricalConnectionId": ELECTRICAL_ID,
        "parameterId": parameter,
        "permittedValueSet": [
            {
                "value": [from_float(pause)],
                "range": [{"min": from_float(low), "max": from_float(high)}],
            }
        ],
    }


def _total_id(ev: EvProfile) -> int:
    return 2 * ev.phases


def _measurements(ev: EvProfile) -> Item:
    described: list[Value] = []
    for number in range(2 * ev.phases):
        is_current = number < ev.phases
        described.append(
            _measurement(number, "current", "A", "acCurrent")
            if is_current
            else _measurement(number, "power", "W", "acPower")
        )
    described.append(_measurement(energy_id(ev), "energy", "Wh", "charge"))
    if ev.soc_percent is not None:
        described.append(_measurement(soc_id(ev), "percentage", "pct", "stateOfCharge"))
    return {"measurementDescriptionData": described}


def _measurement(number: int, type_: str, unit: str, scope: str) -> Item:
    return {
        "measurementId": number,
        "measurementType": type_,
        "commodityType": "electricity",
        "unit": unit,
        "scopeType": scope,
    }


def _limit_descriptions(ev: EvProfile) -> Item:
    described: list[Value] = []
    for kind in limit_kinds(ev):
        category, scope = names.LIMIT_KINDS[kind]
        described.extend(
            {
                "limitId": limit_id(ev, kind, phase),
                "limitType": "maxValueLimit",
                "limitCategory": category,
                "measurementId": current_id(phase),
                "unit": "A",
                "scopeType": scope,
            }
            for phase in range(ev.phases)
        )
    return {"loadControlLimitDescriptionData": described}
