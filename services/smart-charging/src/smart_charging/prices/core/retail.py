"""What the customer pays and is paid: the market's price and all that is put upon it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from smart_charging.prices.core.rates import Rates
from smart_charging.prices.core.series import Interval, Scope, Series, averaged, joined
from smart_charging.provider.core.errors import SetUpError

MOST_TAX = Decimal(1)


@dataclass(frozen=True, slots=True)
class ImportTariff:
    """(market + mark-up + grid fee + levies) x (1 + tax), all in the currency of the market.

    energy: the supplier's own rates for a fixed or time-of-use tariff; None = the market's price.
    markup, levies: per kWh, without tax. tax: VAT as a share, 0.19. billed: length over which the
    market's price is averaged before it is billed; None = as the market has it.
    """

    currency: str
    energy: Rates | None = None
    markup_per_kwh: Decimal = Decimal(0)
    grid_fee: Rates | None = None
    levies_per_kwh: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    billed: timedelta | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.tax <= MOST_TAX:
            raise SetUpError(f"tax {self.tax} is no share; 19 % is 0.19")

    def price(self, energy: Decimal, fee: Decimal) -> Decimal:
        """Return the price per kWh for one price of energy and one grid fee."""
        return (energy + self.markup_per_kwh + fee + self.levies_per_kwh) * (1 + self.tax)


@dataclass(frozen=True, slots=True)
class FeedInTariff:
    """fixed + share x market - deduction, per kWh fed in.

    is_nothing_when_negative: the contract pays 0 while the market's price is below 0.
    """

    currency: str
    fixed_per_kwh: Decimal = Decimal(0)
    market_share: Decimal = Decimal(0)
    deduction_per_kwh: Decimal = Decimal(0)
    is_nothing_when_negative: bool = False

    @property
    def needs_market(self) -> bool:
        """Tell whether the market's price matters at all."""
        return self.market_share != 0 or self.is_nothing_when_negative

    def price(self, market: Decimal) -> Decimal:
        """Return what a kWh earns at a price of the market."""
        if self.is_nothing_when_negative and market < 0:
            return Decimal(0)
        return self.fixed_per_kwh + self.market_share * market - self.deduction_per_kwh


def import_prices(
    tariff: ImportTariff, market: Series | None, start: datetime, end: datetime
) -> Series:
    """Return the all-in price of grid energy from start to end.

    Where the market or a rate is not known there is a hole. A market series that is all-in
    already (Tibber, Octopus) is taken as it is: nothing is put upon it twice.
    Raises SetUpError when the tariff needs a market series and has none, or of another currency.
    """
    if tariff.energy is not None:
        return _composed(tariff, tariff.energy.between(start, end), _own(tariff, "tariff"))
    if market is None:
        raise SetUpError("the tariff follows the market and no market series is given")
    _check_currency(tariff.currency, market)
    if market.scope is Scope.ALL_IN:
        return replace(market, intervals=tuple(_cut(market, start, end)))
    if market.scope is not Scope.MARKET:
        raise SetUpError(f"a {market.scope} series cannot be charged for")
    base = market if tariff.billed is None else averaged(market, tariff.billed)
    return _composed(tariff, _cut(base, start, end), replace(market, intervals=()))


def feed_in_prices(
    tariff: FeedInTariff, market: Series | None, start: datetime, end: datetime
) -> Series:
    """Return what a kWh fed in earns from start to end.

    Raises SetUpError when the tariff needs the market's price and it is not given as such.
    """
    if not tariff.needs_market:
        whole = (Interval(start, end, tariff.price(Decimal(0))),)
        return Series("tariff", "", f"{tariff.currency}/kWh", whole, Scope.FEED_IN)
    if market is None or market.scope is not Scope.MARKET:
        raise SetUpError("the feed-in tariff follows the market and no market series is given")
    _check_currency(tariff.currency, market)
    paid = (Interval(i.start, i.end, tariff.price(i.value)) for i in _cut(market, start, end))
    return replace(market, scope=Scope.FEED_IN, intervals=tuple(joined(paid)))


def _composed(tariff: ImportTariff, energy: Iterator[Interval], series: Series) -> Series:
    priced: list[Interval] = []
    for part in energy:
        if tariff.grid_fee is None:
            priced.append(Interval(part.start, part.end, tariff.price(part.value, Decimal(0))))
            continue
        priced += [
            Interval(fee.start, fee.end, tariff.price(part.value, fee.value))
            for fee in tariff.grid_fee.between(part.start, part.end)
        ]
    return replace(series, scope=Scope.ALL_IN, intervals=tuple(priced))


def _own(tariff: ImportTariff, source: str) -> Series:
    return Series(source, "", f"{tariff.currency}/kWh", ())


def _cut(series: Series, start: datetime, end: datetime) -> Iterator[Interval]:
    for interval in series.intervals:
        left, right = max(interval.start, start), min(interval.end, end)
        if left < right:
            yield Interval(left, right, interval.value)


def _check_currency(currency: str, market: Series) -> None:
    if market.unit != f"{currency}/kWh":
        raise SetUpError(f"the tariff is in {currency}, the market series in {market.unit}")
