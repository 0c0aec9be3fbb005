"""Tariff, planning settings and PV systems in the site file: their shape, read and written.

The token of a tariff may stand in a file, and never comes out again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field

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
from cem.site_file.parts import Id, Part, Plain, Whole

LEAVES = ("windows", "otherwise")
Amount = Annotated[float, Field(strict=True)]


class RatePart(Part):
    """A price for some hours of some days."""

    per_kwh: Amount
    from_minute: Whole = 0
    until_minute: Whole = 0
    months: tuple[Whole, ...] = ()
    weekdays: tuple[Whole, ...] = ()


class RatesPart(Part):
    """Windows, the first that holds counts."""

    windows: tuple[RatePart, ...] = ()
    otherwise: Amount | None = None


class BoughtPart(Part):
    """What a kWh from the grid costs."""

    energy: RatesPart | None = None
    markup_per_kwh: Amount = 0.0
    grid_fee: RatesPart | None = None
    levies_per_kwh: Amount = 0.0
    tax_percent: Amount = 0.0
    billed_minutes: Whole = 0


class FedInPart(Part):
    """What a kWh into the grid earns."""

    fixed_per_kwh: Amount = 0.0
    market_percent: Amount = 0.0
    deduction_per_kwh: Amount = 0.0
    nothing_when_negative: bool = False


class TariffPart(Part):
    """What the site pays; its parts `bought` and `fed_in` are replaced as a whole."""

    source: str = ""
    zone: str = ""
    token: str = ""
    currency: str = ""
    bought: BoughtPart = BoughtPart()
    fed_in: FedInPart = FedInPart()
    co2_source: str = ""
    co2_zone: str = ""


class PlanningPart(Part):
    """Where the site is and what its plans go for."""

    latitude: Amount | None = None
    longitude: Amount | None = None
    time_zone: str = ""
    solar_threshold_w: Amount | None = None
    objective: Objective = Objective.COST
    weather_source: str = ""
    car_before_battery: bool = False


class PvSystemPart(Part):
    """A roof."""

    name: str = ""
    peak_w: Amount = 0.0
    tilt_deg: Amount = 30.0
    azimuth_deg: Amount = 180.0
    inverter_w: Amount | None = None
    loss_percent: Amount = 14.0


def tariff_of(part: TariffPart, before: Tariff, *, is_token_new: bool) -> Tariff:
    """Return what the file makes of a tariff. is_token_new: its token is not the one held."""
    told = part.model_fields_set
    plain = {name: getattr(part, name) for name in told - {"token", "bought", "fed_in"}}
    after = replace(before, **plain)
    if "bought" in told:
        after = replace(after, bought=_bought(part.bought))
    if "fed_in" in told:
        after = replace(after, fed_in=FedIn(**part.fed_in.model_dump()))
    if "token" in told:
        after = replace(after, has_token=bool(part.token))
    is_same = after == before and not is_token_new
    return before if is_same else replace(after, revision=before.revision + 1)


def planning_of(part: PlanningPart, before: PlanningSettings) -> PlanningSettings:
    """Return what the file makes of planning settings."""
    after = replace(before, **{name: getattr(part, name) for name in part.model_fields_set})
    return before if after == before else replace(after, revision=before.revision + 1)


def pv_systems_of(
    parts: Mapping[Id, PvSystemPart], before: tuple[PvSystem, ...]
) -> tuple[PvSystem, ...]:
    """Return the roofs that a file names; others are gone."""
    here = {system.id: system for system in before}
    found = []
    for id_, part in sorted(parts.items()):
        then = here.get(id_, PvSystem(id_))
        told = {name: getattr(part, name) for name in part.model_fields_set}
        after = replace(then, **told)
        found.append(then if after == then else replace(after, revision=then.revision + 1))
    return tuple(found)


def leaves_of_whole(part: BoughtPart | FedInPart) -> tuple[str, ...]:
    """Return the pointers of all that a part replaced as a whole can hold, from itself on."""
    found = ["", *(f"/{name}" for name in type(part).model_fields)]
    if isinstance(part, BoughtPart):
        found += [f"/{rates}/{leaf}" for rates in ("energy", "grid_fee") for leaf in LEAVES]
    return tuple(found)


def of_tariff(tariff: Tariff) -> Plain:
    """Return a tariff without its token."""
    bought, fed_in = tariff.bought, tariff.fed_in
    return {
        "source": tariff.source,
        "zone": tariff.zone,
        "currency": tariff.currency,
        "bought": {
            "energy": _of_rates(bought.energy),
            "markup_per_kwh": bought.markup_per_kwh,
            "grid_fee": _of_rates(bought.grid_fee),
            "levies_per_kwh": bought.levies_per_kwh,
            "tax_percent": bought.tax_percent,
            "billed_minutes": bought.billed_minutes,
        },
        "fed_in": {
            "fixed_per_kwh": fed_in.fixed_per_kwh,
            "market_percent": fed_in.market_percent,
            "deduction_per_kwh": fed_in.deduction_per_kwh,
            "nothing_when_negative": fed_in.nothing_when_negative,
        },
        "co2_source": tariff.co2_source,
        "co2_zone": tariff.co2_zone,
    }


def of_planning(planning: PlanningSettings) -> Plain:
    """Return planning settings."""
    return {
        "latitude": planning.latitude,
        "longitude": planning.longitude,
        "time_zone": planning.time_zone,
        "solar_threshold_w": planning.solar_threshold_w,
        "objective": planning.objective.value,
        "weather_source": planning.weather_source,
        "car_before_battery": planning.car_before_battery,
    }


def of_pv_system(system: PvSystem) -> Plain:
    """Return a roof without its id."""
    return {
        "name": system.name,
        "peak_w": system.peak_w,
        "tilt_deg": system.tilt_deg,
        "azimuth_deg": system.azimuth_deg,
        "inverter_w": system.inverter_w,
        "loss_percent": system.loss_percent,
    }


def _bought(part: BoughtPart) -> Bought:
    return Bought(
        _rates(part.energy),
        part.markup_per_kwh,
        _rates(part.grid_fee),
        part.levies_per_kwh,
        part.tax_percent,
        part.billed_minutes,
    )


def _rates(part: RatesPart | None) -> Rates | None:
    if part is None:
        return None
    windows = (Rate(w.per_kwh, w.from_minute, w.until_minute, w.months, w.weekdays)
               for w in part.windows)  # fmt: skip
    return Rates(tuple(windows), part.otherwise)


def _of_rates(rates: Rates | None) -> Plain | None:
    if rates is None:
        return None
    return {
        "windows": [
            {
                "per_kwh": rate.per_kwh,
                "from_minute": rate.from_minute,
                "until_minute": rate.until_minute,
                "months": list(rate.months),
                "weekdays": list(rate.weekdays),
            }
            for rate in rates.windows
        ],
        "otherwise": rates.otherwise,
    }
