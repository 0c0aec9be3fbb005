"""A car's evenings: when it is plugged, when it leaves, what it charges between. Pure.

Everything follows from the clock, so nothing is kept and a past minute can be told again at any
time: energy is exact, the sum of all minutes of a stay is what its session tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fleet_sim.core.chance import between, share
from fleet_sim.core.houses import House, Wallbox

DAY_S = 86_400
VOLT = 230.0
COMES = 0.75  # share of evenings on which the car comes home


@dataclass(frozen=True, slots=True)
class Stay:
    """From plug to unplug, Unix seconds. It charges `power_w` from `starts_s` until `full_s`."""

    session: str
    ski: str
    car: str
    plugged_s: int
    starts_s: int
    full_s: int
    leaves_s: int
    power_w: float
    wanted_wh: float

    def charged_wh(self, at_s: float) -> float:
        """Return what it has charged by then."""
        return self.power_w * max(0.0, min(at_s, self.full_s) - self.starts_s) / 3600

    def is_charging(self, at_s: float) -> bool:
        """Whether current flows."""
        return self.starts_s <= at_s < self.full_s


def stay_of(house: House, box: Wallbox, day: int) -> Stay | None:
    """Return the stay that begins on a day (since 1970, UTC), None where the car is away."""
    return _stay(house.site, box.ski, box.car, box.max_a, len(box.phases), day)


@lru_cache(maxsize=65_536)  # asked for with each picture: a day of 10,000 sites fits
def _stay(  # noqa: PLR0913, PLR0917 - what a stay depends on, each by itself, for the cache
    site: str, ski: str, car: str, max_a: float, phases: int, day: int
) -> Stay | None:
    words = (site, ski, day)
    if share(*words, "comes") >= COMES:
        return None
    plugged_s = day * DAY_S + int(between(13.5, 20.5, *words, "plug") * 3600)
    leaves_s = (day + 1) * DAY_S + int(between(4.5, 7.5, *words, "leave") * 3600)
    # Some charge at once, others wait for the night.
    waits_s = 30 if share(*words, "smart") < 0.5 else int(between(1, 4, *words, "wait") * 3600)
    amperes = between(7, max_a, *words, "amperes")
    power_w = round(VOLT * amperes * phases)
    wanted_wh = round(between(4_000, 32_000, *words, "energy"))
    starts_s = plugged_s + waits_s
    full_s = min(leaves_s - 60, starts_s + int(3600 * wanted_wh / power_w))
    return Stay(
        session=f"{plugged_s:011d}-{ski[:6]}",
        ski=ski,
        car=car,
        plugged_s=plugged_s,
        starts_s=starts_s,
        full_s=full_s,
        leaves_s=leaves_s,
        power_w=power_w,
        wanted_wh=wanted_wh,
    )


def stay_at(house: House, box: Wallbox, at_s: float) -> Stay | None:
    """Return the stay that is on, None while no car is plugged."""
    today = int(at_s // DAY_S)
    for day in (today, today - 1):
        stay = stay_of(house, box, day)
        if stay is not None and stay.plugged_s <= at_s < stay.leaves_s:
            return stay
    return None


def stays_between(house: House, from_s: float, to_s: float) -> Iterator[Stay]:
    """Yield every stay that was plugged in a span of time, in order."""
    found = (
        stay
        for day in range(int(from_s // DAY_S), int(to_s // DAY_S) + 1)
        for box in house.wallboxes
        if (stay := stay_of(house, box, day)) is not None and from_s <= stay.plugged_s < to_s
    )
    return iter(sorted(found, key=lambda stay: stay.session))
