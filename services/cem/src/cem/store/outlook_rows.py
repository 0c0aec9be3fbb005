"""Tariff, planning settings and PV systems to rows of their tables and back."""

import json
from dataclasses import asdict
from datetime import datetime

from cem.core.conduct import KeptSoc
from cem.core.tariff import (
    Bought,
    FedIn,
    Objective,
    PlanningSettings,
    PvSystem,
    Rate,
    Rates,
    Tariff,
)
from cem.store.tables import CarSocRow, PlanningRow, PvSystemRow, TariffRow


def tariff_row(tariff: Tariff) -> TariffRow:
    """Return the row of a tariff."""
    return TariffRow(
        source=tariff.source,
        zone=tariff.zone,
        has_token=tariff.has_token,
        currency=tariff.currency,
        bought=json.dumps(asdict(tariff.bought)),
        fed_in=json.dumps(asdict(tariff.fed_in)),
        co2_source=tariff.co2_source,
        co2_zone=tariff.co2_zone,
        revision=tariff.revision,
    )


def tariff_of(row: TariffRow) -> Tariff:
    """Return the tariff of its row."""
    bought = json.loads(row.bought)
    for name in ("energy", "grid_fee"):
        bought[name] = _rates(bought[name])
    return Tariff(
        row.source,
        row.zone,
        row.has_token,
        row.currency,
        Bought(**bought),
        FedIn(**json.loads(row.fed_in)),
        row.co2_source,
        row.co2_zone,
        row.revision,
    )


def planning_row(planning: PlanningSettings) -> PlanningRow:
    """Return the row of planning settings."""
    return PlanningRow(**asdict(planning) | {"objective": planning.objective.value})


def planning_of(row: PlanningRow) -> PlanningSettings:
    """Return the planning settings of their row."""
    return PlanningSettings(
        row.latitude,
        row.longitude,
        row.time_zone,
        row.solar_threshold_w,
        Objective(row.objective),
        row.weather_source,
        row.revision,
        row.car_before_battery,
    )


def pv_system_row(system: PvSystem) -> PvSystemRow:
    """Return the row of a PV system."""
    return PvSystemRow(**asdict(system))


def pv_system_of(row: PvSystemRow) -> PvSystem:
    """Return the PV system of its row."""
    return PvSystem(
        row.id,
        row.name,
        row.peak_w,
        row.tilt_deg,
        row.azimuth_deg,
        row.inverter_w,
        row.loss_percent,
        row.revision,
    )


def car_soc_row(car: str, word: KeptSoc) -> CarSocRow:
    """Return the row of what a car was told to hold."""
    return CarSocRow(
        car=car,
        percent=word.percent,
        told=word.told.isoformat(),
        source=word.source,
        uncertainty_percent=word.uncertainty_percent,
        delivered_wh=word.delivered_wh,
        left=None if word.left is None else word.left.isoformat(),
    )


def car_soc_of(row: CarSocRow) -> tuple[str, KeptSoc]:
    """Return a car and what it was told to hold."""
    left = None if row.left is None else datetime.fromisoformat(row.left)
    told = datetime.fromisoformat(row.told)
    word = KeptSoc(row.percent, told, row.source, row.uncertainty_percent, row.delivered_wh, left)
    return row.car, word


def _rates(found: dict[str, object] | None) -> Rates | None:
    if found is None:
        return None
    windows = tuple(_rate(window) for window in _list(found["windows"]))
    return Rates(windows, _number(found["otherwise"]))


def _rate(found: dict[str, object]) -> Rate:
    return Rate(
        _number(found["per_kwh"]) or 0.0,
        int(_number(found["from_minute"]) or 0),
        int(_number(found["until_minute"]) or 0),
        tuple(found["months"]),  # type: ignore[arg-type]  # lists of whole numbers, as written
        tuple(found["weekdays"]),  # type: ignore[arg-type]
    )


def _list(found: object) -> list[dict[str, object]]:
    return found if isinstance(found, list) else []


def _number(found: object) -> float | None:
    return float(found) if isinstance(found, int | float) else None
