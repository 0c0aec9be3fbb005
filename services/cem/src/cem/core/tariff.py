"""What people set for planning: what a kWh costs, where the site is, what is on its roofs.

A tariff's token is no part of it: it stays out of the state, so that no recording, audit entry or
answer can hold it.
"""

from dataclasses import dataclass
from enum import StrEnum

EVERY_DAY = tuple(range(1, 8))
EVERY_MONTH = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class Rate:
    """A price per kWh for some hours of some days, by the site's local clock; without tax.

    from_minute, until_minute: of the day, multiples of 15; until at or before from: over midnight,
    equal: all day. months, weekdays (1 = Monday): none = all.
    """

    per_kwh: float
    from_minute: int = 0
    until_minute: int = 0
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rates:
    """Windows, the first that holds counts; otherwise: outside of them, None = not known."""

    windows: tuple[Rate, ...] = ()
    otherwise: float | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """(energy + mark-up + grid fee + levies) x (1 + tax); energy None = the market's price.

    billed_minutes: the market's price is averaged over 15, 30 or 60 min; 0 = as it comes.
    """

    energy: Rates | None = None
    markup_per_kwh: float = 0.0
    grid_fee: Rates | None = None
    levies_per_kwh: float = 0.0
    tax_percent: float = 0.0
    billed_minutes: int = 0


@dataclass(frozen=True, slots=True)
class FedIn:
    """fixed + share x market - deduction; nothing_when_negative: 0 while the market is below 0."""

    fixed_per_kwh: float = 0.0
    market_percent: float = 0.0
    deduction_per_kwh: float = 0.0
    nothing_when_negative: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a site pays and is paid. source "": no market (fixed, time of use).

    has_token: the customer's own token is kept beside. revision 0: never set.
    """

    source: str = ""
    zone: str = ""
    has_token: bool = False
    currency: str = ""
    bought: Bought = Bought()
    fed_in: FedIn = FedIn()
    co2_source: str = ""
    co2_zone: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A customer's own key at a price source; never shown."""

    secret: str

    def __repr__(self) -> str:
        """Return what may stand in a log or a failed test."""
        return "Token(***)"


class Objective(StrEnum):
    """What plans go for, once goals are met."""

    COST = "cost"
    CO2 = "co2"


@dataclass(frozen=True, slots=True)
class PlanningSettings:
    """Where a site is and what its plans go for; degrees, north and east positive.

    time_zone: IANA; "" = as the program's environment says. solar_threshold_w: deducted from the
    solar forecast (B1); None = the learned load is. weather_source "": the installation's.
    car_before_battery: what charges a home battery counts as surplus (B2); False = battery first.
    """

    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = ""
    solar_threshold_w: float | None = None
    objective: Objective = Objective.COST
    weather_source: str = ""
    revision: int = 0
    car_before_battery: bool = False


@dataclass(frozen=True, slots=True)
class PvSystem:
    """One roof. tilt_deg: 0 = flat; azimuth_deg: 0 = north, 90 = east, 180 = south.

    peak_w: at standard test conditions. inverter_w: AC limit, None = peak_w.
    """

    id: str
    name: str = ""
    peak_w: float = 0.0
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0
    inverter_w: float | None = None
    loss_percent: float = 14.0
    revision: int = 0
