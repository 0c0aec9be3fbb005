"""What a site's meter and chargers read at a moment. Pure."""

import math
from dataclasses import dataclass

from fleet_sim.core.chance import between
from fleet_sim.core.houses import PHASES, House, Wallbox
from fleet_sim.core.stays import DAY_S, VOLT, Stay, stay_at

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Charging:
    """One charger now. state: as the CEM words it."""

    box: Wallbox
    stay: Stay | None
    state: str
    power_w: float
    current_a: float


@dataclass(frozen=True, slots=True)
class Look:
    """A site now; currents by phase in A, import positive."""

    at_s: float
    chargers: tuple[Charging, ...]
    sun_w: float
    other_a: tuple[float, float, float]
    grid_a: tuple[float, float, float]
    grid_w: float
    charging_w: float


@dataclass(frozen=True, slots=True)
class Minute:
    """Energy of one minute, Wh; charging: by SKI."""

    start_s: int
    import_wh: float
    export_wh: float
    sun_wh: float
    charging: dict[str, float]


def look(house: House, at_s: float) -> Look:
    """Return what the site shows at a moment."""
    chargers = tuple(_charging(box, stay_at(house, box, at_s), at_s) for box in house.wallboxes)
    sun_w = sun(house, at_s)
    load_w = base(house, at_s)
    other_a = tuple(
        round((load_w - sun_w) / 3 / VOLT + between(-0.4, 0.4, house.site, phase, int(at_s)), 2)
        for phase in PHASES
    )
    grid_a = tuple(
        round(amperes + sum(c.current_a for c in chargers if phase in c.box.phases), 2)
        for phase, amperes in zip(PHASES, other_a, strict=True)
    )
    return Look(
        at_s=at_s,
        chargers=chargers,
        sun_w=round(sun_w, 1),
        other_a=(other_a[0], other_a[1], other_a[2]),
        grid_a=(grid_a[0], grid_a[1], grid_a[2]),
        grid_w=round(VOLT * sum(grid_a), 1),
        charging_w=round(sum(one.power_w for one in chargers), 1),
    )


def minute(house: House, start_s: int) -> Minute:
    """Return the energy of the minute that begins then."""
    charging = {
        box.ski: _charged_wh(house, box, start_s, start_s + MINUTE_S) for box in house.wallboxes
    }
    middle_s = start_s + MINUTE_S / 2
    sun_wh = sun(house, middle_s) / 60
    net_wh = base(house, middle_s) / 60 + sum(charging.values()) - sun_wh
    return Minute(start_s, max(0.0, net_wh), max(0.0, -net_wh), sun_wh, charging)


def base(house: House, at_s: float) -> float:
    """Return what the household draws, W: more in the evening, never nothing."""
    hour = at_s % DAY_S / 3600
    evening = math.exp(-(((hour - 18.5) / 2.2) ** 2)) + 0.5 * math.exp(-(((hour - 6.5) / 1.2) ** 2))
    flicker = between(0.85, 1.15, house.site, "load", int(at_s // 30))
    return house.base_w * (1 + 2.2 * evening) * flicker


def sun(house: House, at_s: float) -> float:
    """Return what the roof makes, W: a clear day with passing clouds, by local solar time."""
    if not house.peak_w:
        return 0.0
    hour = (at_s / 3600 + house.longitude / 15) % 24
    height = math.sin(math.pi * (hour - 7) / 10) if 7 < hour < 17 else 0.0
    clouds = between(0.35, 1.0, house.town, "clouds", int(at_s // 600))
    return house.peak_w * 0.8 * height * clouds


def _charging(box: Wallbox, stay: Stay | None, at_s: float) -> Charging:
    if stay is None:
        return Charging(box, None, "no_car", 0.0, 0.0)
    if stay.is_charging(at_s):
        current_a = round(stay.power_w / VOLT / len(box.phases), 2)
        return Charging(box, stay, "charging", stay.power_w, current_a)
    return Charging(box, stay, "waiting" if at_s < stay.starts_s else "finished", 0.0, 0.0)


def _charged_wh(house: House, box: Wallbox, from_s: int, to_s: int) -> float:
    # A stay may begin or end within the minute: both of its ends are asked.
    stays = {
        stay.session: stay
        for at_s in (from_s, to_s - 1)
        if (stay := stay_at(house, box, at_s)) is not None
    }
    return sum(stay.charged_wh(to_s) - stay.charged_wh(from_s) for stay in stays.values())
