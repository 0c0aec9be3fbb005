"""Tariffs, planning settings and PV systems as messages and back."""

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
from volthus_wire.v1 import tariff_pb2


def tariff_of(message: tariff_pb2.Tariff, revision: int, *, has_token: bool) -> Tariff:
    """Return a tariff. has_token: whether one is kept beside it from now on."""
    bought, fed_in = message.bought, message.fed_in
    return Tariff(
        message.source.strip(),
        message.zone.strip(),
        has_token,
        message.currency.strip(),
        Bought(
            _rates_of(bought.energy) if bought.HasField("energy") else None,
            bought.markup_per_kwh,
            _rates_of(bought.grid_fee) if bought.HasField("grid_fee") else None,
            bought.levies_per_kwh,
            bought.tax_percent,
            bought.billed_minutes,
        ),
        FedIn(
            fed_in.fixed_per_kwh,
            fed_in.market_percent,
            fed_in.deduction_per_kwh,
            fed_in.nothing_when_negative,
        ),
        message.co2_source.strip(),
        message.co2_zone.strip(),
        revision,
    )


def tariff_message(tariff: Tariff) -> tariff_pb2.Tariff:
    """Return the message of a tariff; without its token, which nobody is ever answered."""
    bought, fed_in = tariff.bought, tariff.fed_in
    return tariff_pb2.Tariff(
        source=tariff.source,
        zone=tariff.zone,
        has_token=tariff.has_token,
        currency=tariff.currency,
        bought=tariff_pb2.ImportTariff(
            energy=_rates_message(bought.energy),
            markup_per_kwh=bought.markup_per_kwh,
            grid_fee=_rates_message(bought.grid_fee),
            levies_per_kwh=bought.levies_per_kwh,
            tax_percent=bought.tax_percent,
            billed_minutes=bought.billed_minutes,
        ),
        fed_in=tariff_pb2.FeedInTariff(
            fixed_per_kwh=fed_in.fixed_per_kwh,
            market_percent=fed_in.market_percent,
            deduction_per_kwh=fed_in.deduction_per_kwh,
            nothing_when_negative=fed_in.nothing_when_negative,
        ),
        co2_source=tariff.co2_source,
        co2_zone=tariff.co2_zone,
        revision=tariff.revision,
    )


def planning_of(message: tariff_pb2.PlanningSettings, revision: int) -> PlanningSettings:
    """Return planning settings. Raises ValueError for an objective there is not."""
    return PlanningSettings(
        message.latitude if message.HasField("latitude") else None,
        message.longitude if message.HasField("longitude") else None,
        message.time_zone.strip(),
        message.solar_threshold_w if message.HasField("solar_threshold_w") else None,
        Objective(message.objective or Objective.COST),
        message.weather_source.strip(),
        revision,
        message.car_before_battery,
    )


def planning_message(
    planning: PlanningSettings, time_zone: str | None = None
) -> tariff_pb2.PlanningSettings:
    """Return the message of planning settings. time_zone: instead of the one set."""
    return tariff_pb2.PlanningSettings(
        latitude=planning.latitude,
        longitude=planning.longitude,
        time_zone=planning.time_zone if time_zone is None else time_zone,
        solar_threshold_w=planning.solar_threshold_w,
        objective=planning.objective.value,
        weather_source=planning.weather_source,
        revision=planning.revision,
        car_before_battery=planning.car_before_battery,
    )


def pv_system_of(message: tariff_pb2.PvSystem, id_: str, revision: int) -> PvSystem:
    """Return a PV system."""
    return PvSystem(
        id_,
        message.name.strip(),
        message.peak_w,
        message.tilt_deg,
        message.azimuth_deg,
        message.inverter_w if message.HasField("inverter_w") else None,
        message.loss_percent,
        revision,
    )


def pv_system_message(system: PvSystem) -> tariff_pb2.PvSystem:
    """Return the message of a PV system."""
    return tariff_pb2.PvSystem(
        system=system.id,
        name=system.name,
        peak_w=system.peak_w,
        tilt_deg=system.tilt_deg,
        azimuth_deg=system.azimuth_deg,
        inverter_w=system.inverter_w,
        loss_percent=system.loss_percent,
        revision=system.revision,
    )


def _rates_of(message: tariff_pb2.Rates) -> Rates:
    windows = (
        Rate(
            rate.per_kwh,
            rate.from_minute,
            rate.until_minute,
            tuple(rate.months),
            tuple(rate.weekdays),
        )
        for rate in message.windows
    )
    return Rates(tuple(windows), message.otherwise if message.HasField("otherwise") else None)


def _rates_message(rates: Rates | None) -> tariff_pb2.Rates | None:
    if rates is None:
        return None
    windows = [
        tariff_pb2.Rate(
            per_kwh=rate.per_kwh,
            from_minute=rate.from_minute,
            until_minute=rate.until_minute,
            months=rate.months,
            weekdays=rate.weekdays,
        )
        for rate in rates.windows
    ]
    return tariff_pb2.Rates(windows=windows, otherwise=rates.otherwise)
