"""What a site pays for a kWh and is paid for one (B4): prices per kWh, in one currency."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.models.common import Instant, Model, Wanted

MOST_WINDOWS = 96
# No bound of sense: there are currencies in which a kWh costs thousands.
Price = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
QuarterHour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):(00|15|30|45)$", examples=["23:00"])]
Word = Annotated[str, Field(max_length=64)]
BilledMinutes = Literal[15, 30, 60]


class RateWanted(Wanted):
    """A price for some hours of some days, by the local clock of the site."""

    per_kwh: Price = Field(description="Without tax.")
    start: QuarterHour = Field("00:00", description="Local time.")
    end: QuarterHour = Field(
        "00:00", description="At or before `start`: over midnight; equal: all day."
    )
    months: Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(max_length=12)] = Field(
        [], description="1 to 12; none: all."
    )
    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7)] = Field(
        [], description="1 = Monday to 7; none: all."
    )


class RatesWanted(Wanted):
    """Prices by the clock: the first window that holds counts."""

    windows: Annotated[list[RateWanted], Field(max_length=MOST_WINDOWS)] = Field([])
    otherwise: Price | None = Field(None, description="Outside of them; null: not known there.")


class ImportTariffWanted(Wanted):
    """(energy + mark-up + grid fee + levies) x (1 + tax)."""

    energy: RatesWanted | None = Field(None, description="Null: the market's price.")
    markup_per_kwh: Price = 0.0
    grid_fee: RatesWanted | None = None
    levies_per_kwh: Price = 0.0
    tax_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = Field(
        0.0, description="VAT."
    )
    billed_minutes: BilledMinutes | None = Field(
        None, description="The market's price is averaged over it; null: as it comes."
    )


class FeedInTariffWanted(Wanted):
    """fixed + share x market - deduction."""

    fixed_per_kwh: Price = 0.0
    market_percent: Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)] = 0.0
    deduction_per_kwh: Price = 0.0
    nothing_when_negative: bool = Field(
        default=False, description="0 while the market's price is below 0."
    )


class TariffWanted(Wanted):
    """What a site pays and is paid."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "energy-charts",
                    "zone": "DE-LU",
                    "currency": "EUR",
                    "bought": {
                        "markup_per_kwh": 0.018,
                        "levies_per_kwh": 0.065,
                        "tax_percent": 19,
                        "grid_fee": {
                            "otherwise": 0.085,
                            "windows": [{"per_kwh": 0.03, "start": "23:00", "end": "05:00"}],
                        },
                    },
                    "fed_in": {"fixed_per_kwh": 0.08},
                }
            ]
        }
    )

    source: Word | None = Field(
        None, description="A price source (`GET /price-sources`); null: fixed or time-of-use."
    )
    zone: Word | None = Field(None, description="Bidding zone or product, as the source has it.")
    token: Annotated[str, Field(max_length=500)] | None = Field(
        None,
        description="The customer's own, for sources that want one. Null: the one that is held "
        "stays; empty: it is forgotten. Never answered.",
        examples=[None],
    )
    currency: Currency
    bought: ImportTariffWanted = Field(default_factory=ImportTariffWanted)
    fed_in: FeedInTariffWanted = Field(default_factory=FeedInTariffWanted)
    co2_source: Word | None = None
    co2_zone: Word | None = None


class TariffTry(TariffWanted):
    """A tariff to look at before it is saved."""

    hours: Annotated[int, Field(ge=1, le=72)] = Field(36, description="From this hour on.")
    time_zone: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="IANA; null: the site's."
    )


class Rate(Model):
    """A price for some hours of some days, by the local clock of the site."""

    per_kwh: float
    start: str = Field(examples=["23:00"])
    end: str = Field(examples=["05:00"])
    months: list[int]
    weekdays: list[int]


class Rates(Model):
    """Prices by the clock: the first window that holds counts."""

    windows: list[Rate]
    otherwise: float | None


class ImportTariff(Model):
    """(energy + mark-up + grid fee + levies) x (1 + tax)."""

    energy: Rates | None = Field(description="Null: the market's price.")
    markup_per_kwh: float
    grid_fee: Rates | None
    levies_per_kwh: float
    tax_percent: float
    billed_minutes: int | None


class FeedInTariff(Model):
    """fixed + share x market - deduction."""

    fixed_per_kwh: float
    market_percent: float
    deduction_per_kwh: float
    nothing_when_negative: bool


class Tariff(Model):
    """What a site pays and is paid."""

    source: str | None
    zone: str | None
    has_token: bool = Field(description="Whether a token is held; it is never told.")
    currency: str | None
    bought: ImportTariff
    fed_in: FeedInTariff
    co2_source: str | None
    co2_zone: str | None
    revision: int = Field(description="Also the ETag; 0 = never set.")


class PlanInput(Model):
    """How far an input of plans may be trusted."""

    input: str = Field(examples=["price"], description="price, co2, weather, load")
    source: str | None = Field(examples=["energy-charts"])
    freshness: str = Field(
        examples=["fresh"],
        description="fresh, awaited, stale, sample, missing, climatology, learned, standard",
    )
    known_until: datetime | None
    problem: str | None = Field(description="English, for diagnostics.")


class PriceSlot(Model):
    """What a kWh costs and emits for a while; null = not known, which is not 0."""

    start: datetime
    end: datetime
    import_price_per_kwh: float | None = Field(description="All-in: what is paid.")
    export_price_per_kwh: float | None
    co2_g_per_kwh: float | None


class Prices(Model):
    """A series of prices, all-in."""

    currency: str | None
    slots: list[PriceSlot]
    price: PlanInput | None
    co2: PlanInput | None


class PriceSource(Model):
    """Where prices, CO2 or weather can come from."""

    name: str = Field(examples=["energy-charts"])
    about: str = Field(description="English.")
    zones: list[str] = Field(description="Some that are known to work; empty: anything.")
    needs_token: bool = Field(description="The customer's own.")
    available: bool = Field(description="False: this installation has no access.")


class PriceSources(Model):
    """What this installation can ask."""

    price: list[PriceSource]
    co2: list[PriceSource]
    weather: list[PriceSource]


class FeedPrice(Wanted):
    """What a kWh costs from one instant to another."""

    start: Instant
    end: Instant
    per_kwh: Price | None = Field(description="Null: not known.")


class FeedWanted(Wanted):
    """Prices of a feed of one's own, for tariffs with the source `push`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "currency": "EUR",
                    "all_in": True,
                    "prices": [
                        {
                            "start": "2026-11-23T00:00:00Z",
                            "end": "2026-11-23T01:00:00Z",
                            "per_kwh": 0.21,
                        }
                    ],
                }
            ]
        }
    )

    currency: Currency
    all_in: bool = Field(
        description="What the customer pays, nothing is put upon it; false: the market's price."
    )
    prices: Annotated[list[FeedPrice], Field(min_length=1, max_length=2000)] = Field(
        description="In any order, without overlaps; holes are not known."
    )


class FeedTaken(Model):
    """What was taken of a push."""

    taken: int = Field(description="Prices that are known now.")
    known_until: datetime | None
