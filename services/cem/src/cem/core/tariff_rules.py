"""Whether tariffs, planning settings and PV systems may be saved."""

import re
from collections.abc import Iterable

from cem.core.tariff import PlanningSettings, PvSystem, Rate, Rates, Tariff
from cem.core.validation import (
    ID,
    MOST_NAME,
    Objection,
    is_within,
    object_to_name,
    out_of_range,
    too_long,
)

MOST_PER_KWH = 1000.0
MOST_WINDOWS = 100
MOST_TOKEN = 2000
MOST_W = 100_000_000.0
MOST_PV_SYSTEMS = 50
DAY_MINUTES, GRID_MINUTES = 1440, 15
CURRENCY = re.compile(r"[A-Z]{3}")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,79}")  # names of sources and zones


def object_to_tariff(tariff: Tariff, token: str = "") -> Objection | None:
    """Return what is wrong with a tariff, None if nothing. token: the one that comes with it."""
    if CURRENCY.fullmatch(tariff.currency) is None:
        detail = f"{tariff.currency!r} is no currency; expected three letters such as EUR."
        return Objection("currency-unknown", detail, "/currency", {"currency": tariff.currency})
    if found := _to_words(tariff):
        return found
    return object_to_token(token) or _to_bought(tariff) or _to_fed_in(tariff)


def object_to_token(token: str) -> Objection | None:
    """Return what is wrong with a token, None if nothing."""
    if len(token) > MOST_TOKEN:
        return too_long("/token", token, MOST_TOKEN)
    if not (token.isascii() and token.isprintable()):
        return Objection("token-invalid", "A token has printable ASCII only.", "/token")
    return None


def object_to_planning(planning: PlanningSettings) -> Objection | None:
    """Return what is wrong with planning settings, None if nothing; the zone is checked outside."""
    if (planning.latitude is None) is not (planning.longitude is None):
        missing = "latitude" if planning.latitude is None else "longitude"
        detail = "A place has a latitude and a longitude, or neither."
        return Objection("place-incomplete", detail, f"/{missing}")
    for name, value, most in (
        ("latitude", planning.latitude, 90.0),
        ("longitude", planning.longitude, 180.0),
    ):
        if value is not None and not is_within(value, -most, most):
            return out_of_range(name, f"/{name}", value, -most, most)
    threshold_w = planning.solar_threshold_w
    if threshold_w is not None and not is_within(threshold_w, 0.0, MOST_W):
        return out_of_range("solar-threshold", "/solar_threshold_w", threshold_w, 0.0, MOST_W)
    return _to_word(planning.weather_source, "/weather_source")


def object_to_pv_system(system: PvSystem) -> Objection | None:
    """Return what is wrong with a roof, None if nothing."""
    if ID.fullmatch(system.id) is None:
        detail = f"{system.id!r} cannot name a PV system; expected small letters, digits, dashes."
        return Objection("pv-system-id-invalid", detail, "/system", {"system": system.id})
    if not system.name.strip():
        return Objection("name-missing", "A PV system needs a name.", "/name")
    if found := object_to_name(system.name, MOST_NAME):
        return found
    for name, value, least, most in (
        ("peak_w", system.peak_w, 10.0, MOST_W),
        ("tilt_deg", system.tilt_deg, 0.0, 90.0),
        ("azimuth_deg", system.azimuth_deg, 0.0, 360.0),
        ("inverter_w", system.inverter_w, 10.0, MOST_W),
        ("loss_percent", system.loss_percent, 0.0, 99.0),
    ):
        if value is not None and not is_within(value, least, most):
            return out_of_range(name.rpartition("_")[0], f"/{name}", value, least, most)
    return None


def object_to_outlook(
    tariff: Tariff, planning: PlanningSettings, systems: tuple[PvSystem, ...]
) -> Objection | None:
    """Return what is wrong with all three, with pointers into the site file, None if nothing."""
    checked: Iterable[tuple[str, Objection | None]] = (
        ("/tariff", object_to_tariff(tariff) if tariff.revision else None),
        ("/planning", object_to_planning(planning)),
        *((f"/pv_systems/{system.id}", object_to_pv_system(system)) for system in systems),
    )
    for at, found in checked:
        if found is not None:
            return Objection(found.code, found.detail, at + found.pointer, found.params)
    if len(systems) > MOST_PV_SYSTEMS:
        return out_of_range("pv-systems", "/pv_systems", len(systems), 0, MOST_PV_SYSTEMS)
    return None


def _to_words(tariff: Tariff) -> Objection | None:
    for name in ("source", "zone", "co2_source", "co2_zone"):
        if found := _to_word(getattr(tariff, name), f"/{name}"):
            return found
    if not tariff.source and tariff.bought.energy is None:
        detail = "A tariff without a market needs its own rates for energy."
        return Objection("energy-missing", detail, "/bought/energy")
    return None


def _to_word(word: str, pointer: str) -> Objection | None:
    if not word or WORD.fullmatch(word):
        return None
    return Objection("name-invalid", f"{word[:80]!r} can name nothing here.", pointer)


def _to_bought(tariff: Tariff) -> Objection | None:
    bought = tariff.bought
    for name, value, least, most in (
        ("markup_per_kwh", bought.markup_per_kwh, -MOST_PER_KWH, MOST_PER_KWH),
        ("levies_per_kwh", bought.levies_per_kwh, -MOST_PER_KWH, MOST_PER_KWH),
        ("tax_percent", bought.tax_percent, 0.0, 100.0),
    ):
        if not is_within(value, least, most):
            return out_of_range("price", f"/bought/{name}", value, least, most)
    if bought.billed_minutes not in (0, 15, 30, 60):
        at = "/bought/billed_minutes"
        return out_of_range("billed-minutes", at, bought.billed_minutes, 0, 60)
    return _to_rates(bought.energy, "/bought/energy") or _to_rates(
        bought.grid_fee, "/bought/grid_fee"
    )


def _to_fed_in(tariff: Tariff) -> Objection | None:
    fed_in = tariff.fed_in
    for name, value, least, most in (
        ("fixed_per_kwh", fed_in.fixed_per_kwh, -MOST_PER_KWH, MOST_PER_KWH),
        ("market_percent", fed_in.market_percent, 0.0, 200.0),
        ("deduction_per_kwh", fed_in.deduction_per_kwh, -MOST_PER_KWH, MOST_PER_KWH),
    ):
        if not is_within(value, least, most):
            return out_of_range("price", f"/fed_in/{name}", value, least, most)
    return None


def _to_rates(rates: Rates | None, at: str) -> Objection | None:
    if rates is None:
        return None
    if rates.otherwise is not None and not is_within(rates.otherwise, -MOST_PER_KWH, MOST_PER_KWH):
        pointer = f"{at}/otherwise"
        return out_of_range("price", pointer, rates.otherwise, -MOST_PER_KWH, MOST_PER_KWH)
    if len(rates.windows) > MOST_WINDOWS:
        return out_of_range("windows", f"{at}/windows", len(rates.windows), 0, MOST_WINDOWS)
    if rates.otherwise is None and not rates.windows:
        return Objection("rates-missing", f"{at} says no price at all.", at)
    for number, rate in enumerate(rates.windows):
        if found := _to_rate(rate, f"{at}/windows/{number}"):
            return found
    return None


def _to_rate(rate: Rate, at: str) -> Objection | None:
    if not is_within(rate.per_kwh, -MOST_PER_KWH, MOST_PER_KWH):
        pointer = f"{at}/per_kwh"
        return out_of_range("price", pointer, rate.per_kwh, -MOST_PER_KWH, MOST_PER_KWH)
    for name, minute in (("from_minute", rate.from_minute), ("until_minute", rate.until_minute)):
        if not 0 <= minute <= DAY_MINUTES or minute % GRID_MINUTES:
            detail = f"{at}/{name} is {minute}; expected a multiple of 15 from 0 to 1440."
            return Objection("minute-out-of-range", detail, f"{at}/{name}")
    for name, values, most in (("months", rate.months, 12), ("weekdays", rate.weekdays, 7)):
        for value in values:
            if not 1 <= value <= most:
                return out_of_range(name, f"{at}/{name}", value, 1, most)
    return None
