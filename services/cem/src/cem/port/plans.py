"""Reads `cem-port/1`: the site of an `init` message as our settings. Knows JSON values, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cem.core.circuits import MAIN, CircuitSettings
from cem.core.events import (
    ChargerSet,
    ChargersPaired,
    CircuitsSet,
    EnergyManagementSet,
    Event,
    GridConnectionSet,
    GridMeterNamed,
    OperatorSet,
)
from cem.core.operating import OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from electrical.phases import PhaseCurrents, Phases, on_every_phase
from electrical.rotation import Rotation

METER = "grid"
FORMAT = "cem-port/1"

Json = Mapping[str, "Value"]
Value = str | float | bool | None | Sequence["Value"] | Json


class MessageError(ValueError):
    """A line is no message of this port; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one `init` says: the site, its chargers, and how long messages take (s).

    settings: by charger, as the electrician would have set them.
    """

    grid: GridConnection
    circuits: tuple[CircuitSettings, ...]
    operator: OperatorSettings
    settings: Mapping[str, ChargerSettings]
    voltage_v: float
    meter_period_s: float
    command_latency_s: float
    measurement_latency_s: float
    failsafe_after_s: float

    def events(self) -> tuple[Event, ...]:
        """Return what makes an empty state this site."""
        return (
            GridConnectionSet(self.grid),
            CircuitsSet(self.circuits),
            OperatorSet(self.operator),
            EnergyManagementSet(EnergyManagement(on=True, confirmed_no_other=True)),
            GridMeterNamed(METER),
            *(ChargerSet(settings) for settings in self.settings.values()),
            ChargersPaired(tuple(self.settings)),
        )


def plan_of(init: Json) -> Plan:
    """Return the plan of an `init` message. Raises MessageError where a field is not as agreed."""
    if init.get("format") != FORMAT:
        raise MessageError(f"format is {init.get('format')!r}; expected {FORMAT!r}")
    site, link = record(init, "site"), record(init, "link")
    root = record(site, "root")
    chargers = [_charger(evse, text(root, "id")) for evse in records(init, "evses")]
    share_a = site.get("static_limit_a")
    grid = GridConnection(
        _fuses(root),
        static_share_a=on_every_phase(None if share_a is None else number(site, "static_limit_a")),
        revision=1,
        unbalance_a=None if site.get("asymmetry_a") is None else number(site, "asymmetry_a"),
    )
    return Plan(
        grid,
        _circuits(root, MAIN),
        _operator(record(site, "operator")),
        {charger.ski: charger for charger in chargers},
        number(site, "voltage_v"),
        number(record(init, "meter"), "period_s"),
        number(link, "cmd_latency_s"),
        number(link, "meas_latency_s"),
        number(link, "failsafe_after_s"),
    )


def _charger(evse: Json, root_id: str) -> ChargerSettings:
    wiring = "".join("RST"[int(phase) - 1] for phase in numbers(evse, "wiring"))
    node = text(evse, "node")
    return ChargerSettings(
        text(evse, "id"),
        min_a=number(evse, "min_a"),
        max_a=number(evse, "max_a"),
        wiring=Rotation(wiring),
        failsafe_a=number(evse, "failsafe_a"),
        circuit=MAIN if node == root_id else node,
        phase_switching=_phase_switching(evse),
        is_phase_switching_confirmed=True,
        guaranteed_a=None if evse.get("guaranteed_a") is None else number(evse, "guaranteed_a"),
    )


def _phase_switching(evse: Json) -> PhaseSwitching:
    if evse.get("phase_switching") is not None:
        return PhaseSwitching(text(evse, "phase_switching"))
    return PhaseSwitching.LOCAL_API if evse.get("phase_switch") else PhaseSwitching.NONE


def _circuits(node: Json, parent: str) -> tuple[CircuitSettings, ...]:
    """Return the circuits below a node, each before those below it."""
    found: list[CircuitSettings] = []
    for child in records(node, "children"):
        name = text(child, "id")
        meter = name if child.get("meter") else ""
        found.append(CircuitSettings(name, _fuses(child), parent=parent, meter=meter))
        found += _circuits(child, name)
    return tuple(found)


def _operator(fields: Json) -> OperatorSettings:
    """Return how the site obeys the operator; an optional field, strict when it is absent."""
    contract_w = fields.get("contract_w")
    others_w = fields.get("other_devices_w") or []
    if isinstance(others_w, str) or not isinstance(others_w, Sequence):
        raise MessageError(f"other_devices_w is {others_w!r}; expected a list")
    return OperatorSettings(
        bool(fields.get("credits_sun")),
        tuple(number({"w": value}, "w") for value in others_w),
        None if contract_w is None else number(fields, "contract_w"),
    )


def _fuses(node: Json) -> PhaseCurrents:
    l1, l2, l3 = numbers(node, "fuse_a")
    return Phases(l1, l2, l3)


# --- fields --------------------------------------------------------------------------------------


def record(message: Json, name: str) -> Json:
    """Return a field that is an object; an absent one is empty."""
    value = message.get(name, {})
    if not isinstance(value, Mapping):
        raise MessageError(f"{name} is {value!r}; expected an object")
    return value


def records(message: Json, name: str) -> list[Json]:
    """Return a field that is a list of objects; an absent one is empty."""
    value = message.get(name) or []
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise MessageError(f"{name} is {value!r}; expected a list")
    found = [item for item in value if isinstance(item, Mapping)]
    if len(found) != len(value):
        raise MessageError(f"{name} holds something that is no object")
    return found


def numbers(message: Json, name: str) -> tuple[float, float, float]:
    """Return a field that is a list of three numbers."""
    value = message.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 3:
        raise MessageError(f"{name} is {value!r}; expected three numbers")
    first, second, third = (number({name: item}, name) for item in value)
    return first, second, third


def number(message: Json, name: str) -> float:
    """Return a field that is a number."""
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MessageError(f"{name} is {value!r}; expected a number")
    return float(value)


def text(message: Json, name: str) -> str:
    """Return a field that is a text."""
    value = message.get(name)
    if not isinstance(value, str):
        raise MessageError(f"{name} is {value!r}; expected a text")
    return value
