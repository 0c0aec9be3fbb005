"""Place, roofs and forecasts both ways; what smart charging says it can do."""

from volthus_wire.v1 import tariff_pb2 as wire
from volthus_wire.v1.planning_pb2 import CatalogueReply, PreviewForecastReply
from web.messages.plain import number_in, text
from web.messages.series import series, slots
from web.messages.tariff import plan_input
from web.models.planning import (
    Planning,
    PlanningWanted,
    PvSystem,
    PvSystemWanted,
    SunForecast,
    SunSlot,
)
from web.models.service import Catalogue, PlannedFunction

HOUR_S = 3600.0


def catalogue(message: CatalogueReply) -> Catalogue:
    """Return the functions of smart charging."""
    return Catalogue(
        version=message.version,
        functions=[
            PlannedFunction(name=one.name, row=one.row, available=one.available)
            for one in message.functions
        ],
    )


def planning(message: wire.PlanningSettings) -> Planning:
    """Return where a site is and what its plans go for."""
    return Planning(
        latitude=number_in(message, "latitude"),
        longitude=number_in(message, "longitude"),
        time_zone=text(message.time_zone),
        solar_threshold_w=number_in(message, "solar_threshold_w"),
        car_before_battery=message.car_before_battery,
        objective=message.objective or "cost",
        weather_source=text(message.weather_source),
        revision=message.revision,
    )


def to_planning(wanted: PlanningWanted, revision: int) -> wire.PlanningSettings:
    """Return the message that asks for these settings in place of `revision` (0: of any)."""
    return wire.PlanningSettings(
        latitude=wanted.latitude,
        longitude=wanted.longitude,
        time_zone=wanted.time_zone or "",
        solar_threshold_w=wanted.solar_threshold_w,
        car_before_battery=wanted.car_before_battery,
        objective=wanted.objective,
        weather_source=wanted.weather_source or "",
        revision=revision,
    )


def pv_system(message: wire.PvSystem) -> PvSystem:
    """Return a roof."""
    return PvSystem(
        id=message.system,
        name=message.name,
        peak_w=message.peak_w,
        tilt_deg=message.tilt_deg,
        azimuth_deg=message.azimuth_deg,
        inverter_w=number_in(message, "inverter_w"),
        loss_percent=message.loss_percent,
        revision=message.revision,
    )


def to_pv_system(wanted: PvSystemWanted, system: str = "", revision: int = 0) -> wire.PvSystem:
    """Return the message that asks for a roof; without an id it is a new one."""
    return wire.PvSystem(
        system=system,
        name=wanted.name,
        peak_w=wanted.peak_w,
        tilt_deg=wanted.tilt_deg,
        azimuth_deg=wanted.azimuth_deg,
        inverter_w=wanted.inverter_w,
        loss_percent=wanted.loss_percent,
        revision=revision,
    )


def sun_forecast(message: PreviewForecastReply) -> SunForecast:
    """Return what roofs are expected to give. Raises NotUnderstoodError for impossible slots."""
    spans = slots(message.start, message.slot_s)
    middle, low = series(message.sun_w, len(spans)), series(message.sun_low_w, len(spans))
    return SunForecast(
        slots=[
            SunSlot(start=span.start, end=span.end, sun_w=sun_w, sun_low_w=sun_low_w)
            for span, sun_w, sun_low_w in zip(spans, middle, low, strict=True)
        ],
        energy_wh=sum(
            (sun_w or 0.0) * (span.end - span.start).total_seconds() / HOUR_S
            for span, sun_w in zip(spans, middle, strict=True)
        ),
        weather=plan_input(message.weather) if message.HasField("weather") else None,
    )
