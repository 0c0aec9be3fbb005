"""A meter's side of MPC and MGCP: serves what it measures. Sans I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from eebus.events import MeterValues
from eebus.spine.addresses import EntityAddress
from eebus.spine.datagram import PARTIAL, cmd
from eebus.spine.durations import timestamp
from eebus.spine.local import Announcement, LocalDevice
from eebus.spine.merging import apply
from eebus.spine.scaled import from_float
from eebus.spine.tree import READ, Entity, Feature
from eebus.spine.values import Item, Value, parts
from eebus.usecases import names
from eebus.usecases.conversation import Follower
from eebus.usecases.device import server
from eebus.usecases.monitoring.quantities import MGCP, QUANTITIES, Quantity, values_of
from eebus.usecases.side import Reader

ELECTRICAL_ID: Final = 0
CURTAILMENT_KEY: Final = 0
MAX_VALUE: Final = 1e12  # beyond any physical meaning


@dataclass(frozen=True, slots=True)
class _Point:
    """One measurement: its id, what it is, its conductor (None = all of them together)."""

    measurement_id: int
    quantity: Quantity
    phase: int | None


def meter_features(address: EntityAddress, first: int, use_case: str) -> list[Feature]:
    """Return the features a meter needs at an entity, numbered from `first`."""
    features = [
        server(
            address,
            first,
            names.MEASUREMENT,
            {
                names.MEASUREMENT_DESCRIPTIONS: READ,
                names.MEASUREMENT_CONSTRAINTS: READ,
                names.MEASUREMENTS: READ,
            },
        ),
        server(
            address, first + 1, names.ELECTRICAL, {names.CONNECTIONS: READ, names.PARAMETERS: READ}
        ),
    ]
    if use_case == MGCP:
        functions = {names.SETTING_DESCRIPTIONS: READ, names.SETTINGS: READ}
        features.append(server(address, first + 2, names.CONFIGURATION, functions))
    return features


class Meter(Reader[Follower]):
    """The role of a meter at one entity of ours."""

    def __init__(
        self, local: LocalDevice, entity: Entity, use_case: str, *, phases: int = 3
    ) -> None:
        """Describe the meter in the features of `meter_features` at `entity`.

        use_case: "mpc" or "mgcp". phases: conductors with currents and voltages, 1 or 3.
        """
        super().__init__(lambda _: Follower())  # nobody has to be followed
        self._local = local
        self._entity = entity
        self._use_case = use_case
        self._phases = phases
        self._points = tuple(_points(use_case, phases))
        self._measurement = _known(entity, names.MEASUREMENT)
        self._measurement.contents[names.MEASUREMENT_DESCRIPTIONS] = self._descriptions()
        electrical = _known(entity, names.ELECTRICAL)
        electrical.contents[names.CONNECTIONS] = self._connection()
        electrical.contents[names.PARAMETERS] = self._parameters()

    def announcements(self) -> Sequence[Announcement]:
        """Return the one use case, with the scenarios that have measurements."""
        scenarios = {each.scenario for each in QUANTITIES[self._use_case]}
        if self._use_case == MGCP:
            actor, name = names.GRID_CONNECTION_ACTOR, names.MGCP
            if names.SETTINGS in _known(self._entity, names.CONFIGURATION).contents:
                scenarios.add(1)
        else:
            actor, name = names.MONITORED_UNIT, names.MPC
        numbers = tuple(sorted(scenarios))
        return (Announcement(self._entity.address, actor, name, numbers, version="1.0.0"),)

    def tell(self, values: MeterValues, at: datetime) -> None:
        """Tell who listens all values, unchanged ones too: a meter that is silent is doubted.

        A value known before and unknown now is told as an error, never as zero.
        """
        before = self._measurement.content(names.MEASUREMENTS)
        known = {str(each["measurementId"]) for each in parts(before, "measurementData")}
        part: list[Value] = []
        for point in self._points:
            value = values_of(values, point.quantity)[point.phase or 0]
            if value is not None and abs(value) < MAX_VALUE:
                part.append(_measured(point, value, at))
            elif str(point.measurement_id) in known:
                part.append(_unknown(point, at))
        if part:
            told: Item = {"measurementData": part}
            after = apply(cmd(names.MEASUREMENTS, told, PARTIAL), before)
            self._local.put(self._measurement, names.MEASUREMENTS, after, told)
        self._tell_curtailment(values.curtailment_factor)

    def _tell_curtailment(self, factor: float | None) -> None:
        feature = self._entity.server(names.CONFIGURATION)
        if self._use_case != MGCP or feature is None or factor is None:
            return
        key: Item = {
            "keyId": CURTAILMENT_KEY,
            "keyName": names.CURTAILMENT_FACTOR,
            "valueType": "scaledNumber",
        }
        described: Item = {"deviceConfigurationKeyValueDescriptionData": [key]}
        value: Item = {
            "keyId": CURTAILMENT_KEY,
            "value": {"scaledNumber": from_float(factor)},
            "isValueChangeable": False,
        }
        settings: Item = {"deviceConfigurationKeyValueData": [value]}
        for function, content in (
            (names.SETTING_DESCRIPTIONS, described),
            (names.SETTINGS, settings),
        ):
            if feature.content(function) != content:
                self._local.put(feature, function, content)

    def _descriptions(self) -> Item:
        return {
            "measurementDescriptionData": [
                {
                    "measurementId": each.measurement_id,
                    "measurementType": each.quantity.type,
                    "commodityType": "electricity",
                    "unit": each.quantity.unit,
                    "scopeType": each.quantity.scope,
                }
                for each in self._points
            ]
        }

    def _connection(self) -> Item:
        connection: Item = {
            "electricalConnectionId": ELECTRICAL_ID,
            "powerSupplyType": "ac",
            "acConnectedPhases": self._phases,
            "positiveEnergyDirection": "consume",
        }
        return {"electricalConnectionDescriptionData": [connection]}

    def _parameters(self) -> Item:
        return {
            "electricalConnectionParameterDescriptionData": [
                self._parameter(each) for each in self._points
            ]
        }

    def _parameter(self, point: _Point) -> Item:
        parameter: Item = {
            "electricalConnectionId": ELECTRICAL_ID,
            "parameterId": point.measurement_id,
            "measurementId": point.measurement_id,
            "voltageType": "ac",
        }
        if point.phase is not None or point.quantity.scope == "acPowerTotal":
            together = "".join(names.PHASES[: self._phases])
            at = together if point.phase is None else names.PHASES[point.phase]
            parameter |= {
                "acMeasuredPhases": at,
                "acMeasuredInReferenceTo": "neutral",
                "acMeasurementType": "real",
                "acMeasurementVariant": "rms",
            }
        return parameter


def _points(use_case: str, phases: int) -> Iterator[_Point]:
    number = 0
    for quantity in QUANTITIES[use_case]:
        for phase in range(phases) if quantity.per_phase else (None,):
            yield _Point(number, quantity, phase)
            number += 1


def _known(entity: Entity, type_: str) -> Feature:
    """Return a feature of ours. Raises ValueError when the entity was built without it."""
    feature = entity.server(type_)
    if feature is None:
        raise ValueError(f"entity {entity.address} has no {type_}; see meter_features")
    return feature


def _measured(point: _Point, value: float, at: datetime) -> Item:
    return {
        "measurementId": point.measurement_id,
        "valueType": "value",
        "timestamp": timestamp(at),
        "value": from_float(value),
        "valueSource": "measuredValue",
        "valueState": "normal",
    }


def _unknown(point: _Point, at: datetime) -> Item:
    return {
        "measurementId": point.measurement_id,
        "valueType": "value",
        "timestamp": timestamp(at),
        "valueState": "error",
    }
