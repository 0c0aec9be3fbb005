"""Settings to rows of their tables and back. Knows the tables, opens no database."""

import json
from datetime import UTC, datetime
from typing import assert_never

from sqlmodel import SQLModel

from cem.core.circuits import CircuitSettings
from cem.core.driving import Car, ChargingMode, Goal, Mode, SmartSwitches, WeeklyDeparture
from cem.core.operating import ApplianceChoice, LimitState, OperatorLimit, OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection, PhaseSwitching
from cem.core.tariff import PlanningSettings, PvSystem, Tariff, Token
from cem.store.changes import Setting
from cem.store.outlook_rows import planning_row, pv_system_row, tariff_row
from cem.store.tables import (
    CarRow,
    ChargerRow,
    CircuitRow,
    EnergyManagementRow,
    GoalRow,
    GridConnectionRow,
    ModeRow,
    OperatorLimitRow,
    OperatorRow,
    TokenRow,
)
from electrical.phases import Phases
from electrical.rotation import Rotation


def row_of(setting: Setting, id_: str) -> SQLModel:  # noqa: PLR0911, PLR0912 - one for each
    """Return the row of a setting. id_: of the charger a mode belongs to."""
    match setting:
        case GridConnection():
            return _grid_row(setting)
        case EnergyManagement():
            return EnergyManagementRow(
                on=setting.on,
                confirmed_no_other=setting.confirmed_no_other,
                revision=setting.revision,
            )
        case CircuitSettings():
            return _circuit_row(setting)
        case ChargerSettings():
            return _charger_row(setting)
        case ChargingMode():
            return _mode_row(setting, id_)
        case Car():
            return _car_row(setting)
        case Goal():
            return _goal_row(setting)
        case OperatorSettings():
            return _operator_row(setting)
        case OperatorLimit():
            return operator_limit_row(setting)
        case Tariff():
            return tariff_row(setting)
        case Token(secret):
            return TokenRow(secret=secret)
        case PlanningSettings():
            return planning_row(setting)
        case PvSystem():
            return pv_system_row(setting)
        case _:
            assert_never(setting)


def grid_of(row: GridConnectionRow) -> GridConnection:
    """Return the grid connection of its row."""
    return GridConnection(
        Phases(row.fuse_l1_a, row.fuse_l2_a, row.fuse_l3_a),
        row.phases,
        row.margin_a,
        Phases(row.base_load_l1_a, row.base_load_l2_a, row.base_load_l3_a),
        Phases(row.static_share_l1_a, row.static_share_l2_a, row.static_share_l3_a),
        row.revision,
        unbalance_a=row.unbalance_a,
    )


def _grid_row(grid: GridConnection) -> GridConnectionRow:
    return GridConnectionRow(
        phases=grid.phases,
        fuse_l1_a=grid.fuse_a.l1,
        fuse_l2_a=grid.fuse_a.l2,
        fuse_l3_a=grid.fuse_a.l3,
        margin_a=grid.margin_a,
        base_load_l1_a=grid.base_load_a.l1,
        base_load_l2_a=grid.base_load_a.l2,
        base_load_l3_a=grid.base_load_a.l3,
        static_share_l1_a=grid.static_share_a.l1,
        static_share_l2_a=grid.static_share_a.l2,
        static_share_l3_a=grid.static_share_a.l3,
        revision=grid.revision,
        unbalance_a=grid.unbalance_a,
    )


def energy_management_of(row: EnergyManagementRow) -> EnergyManagement:
    """Return the switch of its row."""
    return EnergyManagement(row.on, row.confirmed_no_other, row.revision)


def circuit_of(row: CircuitRow) -> CircuitSettings:
    """Return the circuit of its row."""
    return CircuitSettings(
        row.id,
        Phases(row.fuse_l1_a, row.fuse_l2_a, row.fuse_l3_a),
        row.name,
        row.parent,
        row.margin_a,
        row.meter,
        row.revision,
    )


def _circuit_row(circuit: CircuitSettings) -> CircuitRow:
    return CircuitRow(
        id=circuit.id,
        name=circuit.name,
        parent=circuit.parent,
        fuse_l1_a=circuit.fuse_a.l1,
        fuse_l2_a=circuit.fuse_a.l2,
        fuse_l3_a=circuit.fuse_a.l3,
        margin_a=circuit.margin_a,
        meter=circuit.meter,
        revision=circuit.revision,
    )


def charger_of(row: ChargerRow) -> ChargerSettings:
    """Return the charger's settings of their row."""
    return ChargerSettings(
        ski=row.ski,
        min_a=row.min_a,
        max_a=row.max_a,
        phases=row.phases,
        wiring=Rotation(row.wiring),
        failsafe_a=row.failsafe_a,
        priority=row.priority,
        weight=row.weight,
        circuit=row.circuit,
        start_a=row.start_a,
        revision=row.revision,
        phase_switching=PhaseSwitching(row.phase_switching),
        phase_switching_url=row.phase_switching_url,
        is_phase_switching_confirmed=row.phase_switching_confirmed,
        guaranteed_a=row.guaranteed_a,
    )


def _charger_row(charger: ChargerSettings) -> ChargerRow:
    return ChargerRow(
        ski=charger.ski,
        min_a=charger.min_a,
        max_a=charger.max_a,
        phases=charger.phases,
        wiring=charger.wiring.value,
        failsafe_a=charger.failsafe_a,
        priority=charger.priority,
        revision=charger.revision,
        circuit=charger.circuit,
        start_a=charger.start_a,
        weight=charger.weight,
        guaranteed_a=charger.guaranteed_a,
        phase_switching=charger.phase_switching.value,
        phase_switching_url=charger.phase_switching_url,
        phase_switching_confirmed=charger.is_phase_switching_confirmed,
    )


def mode_of(row: ModeRow) -> ChargingMode:
    """Return the mode of its row."""
    switches = SmartSwitches(row.forecast, row.surplus, row.price)
    return ChargingMode(Mode(row.mode), switches, row.revision)


def _mode_row(mode: ChargingMode, ski: str) -> ModeRow:
    return ModeRow(
        ski=ski,
        mode=mode.mode.value,
        forecast=mode.smart.forecast,
        surplus=mode.smart.surplus,
        price=mode.smart.price,
        revision=mode.revision,
    )


def car_of(row: CarRow) -> Car:
    """Return the car of its row."""
    return Car(
        row.id,
        row.name,
        row.battery_wh,
        row.max_a,
        row.phases,
        row.min_soc_percent,
        row.ev_id,
        row.charger,
        row.revision,
    )


def _car_row(car: Car) -> CarRow:
    return CarRow(
        id=car.id,
        name=car.name,
        battery_wh=car.battery_wh,
        max_a=car.max_a,
        phases=car.phases,
        min_soc_percent=car.min_soc_percent,
        ev_id=car.ev_id,
        charger=car.charger,
        revision=car.revision,
    )


def goal_of(row: GoalRow) -> Goal:
    """Return the goal of its row."""
    weekly = tuple(WeeklyDeparture(day, minute) for day, minute in json.loads(row.weekly))
    departure = instant(row.departure)
    return Goal(row.ski, row.soc_percent, row.energy_wh, departure, weekly, row.car, row.revision)


def _goal_row(goal: Goal) -> GoalRow:
    return GoalRow(
        ski=goal.ski,
        soc_percent=goal.soc_percent,
        energy_wh=goal.energy_wh,
        departure=_told(goal.departure),
        weekly=json.dumps([[at.weekday, at.minute] for at in goal.weekly]),
        car=goal.car,
        revision=goal.revision,
    )


def operator_of(row: OperatorRow) -> OperatorSettings:
    """Return how the site obeys, of its row."""
    return OperatorSettings(
        row.credits_sun,
        tuple(json.loads(row.other_devices_w)),
        row.contract_w,
        row.failsafe_w,
        row.failsafe_s,
        row.revision,
        tuple(ApplianceChoice(*pair) for pair in json.loads(row.appliances)),
    )


def _operator_row(operator: OperatorSettings) -> OperatorRow:
    return OperatorRow(
        credits_sun=operator.credits_sun,
        other_devices_w=json.dumps(list(operator.other_devices_w)),
        contract_w=operator.contract_w,
        failsafe_w=operator.failsafe_w,
        failsafe_s=operator.failsafe_s,
        revision=operator.revision,
        appliances=json.dumps([[each.ski, each.is_limited] for each in operator.appliances]),
    )


def operator_limit_of(row: OperatorLimitRow) -> OperatorLimit:
    """Return a limit of its row; a source that is not the API is silent until heard again."""
    is_by_api = row.source == "api"
    return OperatorLimit(
        kind=row.kind,
        source=row.source,
        ski=row.ski,
        state=LimitState(row.state),
        limit_w=row.limit_w,
        until=instant(row.until),
        failsafe_w=row.failsafe_w,
        failsafe_s=row.failsafe_s,
        is_connected=is_by_api,
        since=instant(row.since),
        heard=instant(row.since) if is_by_api else None,
        name=row.name,
        reference=row.reference,
    )


def operator_limit_row(limit: OperatorLimit) -> OperatorLimitRow:
    """Return the row of a limit."""
    return OperatorLimitRow(
        source=limit.source,
        ski=limit.ski,
        kind=limit.kind,
        state=limit.state.value,
        limit_w=limit.limit_w,
        until=_told(limit.until),
        failsafe_w=limit.failsafe_w,
        failsafe_s=limit.failsafe_s,
        since=_told(limit.since),
        name=limit.name,
        reference=limit.reference,
    )


def instant(told: str | None) -> datetime | None:
    """Return the instant of its text, aware, in UTC."""
    return None if told is None else datetime.fromisoformat(told).astimezone(UTC)


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
