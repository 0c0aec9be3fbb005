"""Coordinated charging as the car's side plays it (CEVC): demand, curve, prices, plan. Sans I/O.

The car asks; the energy manager has 20 s to write a power curve, and as long for prices. Each
wait ends with what was written, or is told as overdue and goes on: a late answer counts too.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from eebus.events import (
    PlanningOverdue,
    PowerCurveChanged,
    PowerSlot,
    PricesChanged,
    PriceSlot,
)
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.local import Announcement, LocalDevice, Write
from eebus.spine.tree import READ, SHARED, SHARED_IN_PART, Entity, Feature
from eebus.spine.values import Item, number, part, parts
from eebus.usecases import names
from eebus.usecases.conversation import Follower
from eebus.usecases.device import server
from eebus.usecases.evse import plans
from eebus.usecases.evse.profile import CarDemand, EvProfile
from eebus.usecases.owner import Owner
from eebus.usecases.side import Reader

WRITE_DUE_S: Final = 20.0
CURVE, PRICES = "curve", "prices"
SCENARIOS: Final = (1, 2, 3, 4, 5, 6, 7, 8)
FEATURES: Final = frozenset({names.TIME_SERIES, names.INCENTIVE_TABLE})


def planning_features(address: tuple[int, ...], first: int) -> list[Feature]:
    """Return the features of a car that plans, numbered from `first`."""
    series = {names.SERIES_DESCRIPTIONS: READ, names.SERIES_CONSTRAINTS: READ}
    prices = {names.PRICE_CONSTRAINTS: READ, names.PRICE_DESCRIPTIONS: SHARED, names.PRICES: SHARED}
    return [
        server(address, first, names.TIME_SERIES, {**series, names.SERIES: SHARED_IN_PART}),
        server(address, first + 1, names.INCENTIVE_TABLE, prices),
    ]


class Planning(Reader[Follower]):
    """The role of the car that plans, for as long as one is plugged."""

    def __init__(
        self,
        local: LocalDevice,
        owner: Owner,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the role on. wall: the time of day, for slots told as dates."""
        super().__init__(lambda _: Follower())
        self.curve: tuple[PowerSlot, ...] = ()
        self.prices: tuple[PriceSlot, ...] = ()
        self._local = local
        self._emit = owner.emit
        self._wall = wall
        self._car: Entity | None = None
        self._is_offered = False
        self._demand: CarDemand | None = None
        self._tiers: list[Item] = []
        self._due: dict[str, float | None] = {}  # what is waited for, until when; None = overdue
        self._writer = ""

    def plugged(self, car: Entity, ev: EvProfile) -> None:
        """Fill in what a new car says, before it is told to anybody."""
        self._car, self._is_offered = car, ev.is_planning
        for feature in car.features.values():
            if feature.type == names.TIME_SERIES:
                feature.contents[names.SERIES_DESCRIPTIONS] = plans.describe_series(
                    is_curve_due=False
                )
                feature.contents[names.SERIES_CONSTRAINTS] = plans.series_bounds()
            if feature.type == names.INCENTIVE_TABLE:
                feature.contents[names.PRICE_DESCRIPTIONS] = plans.describe_tariff(
                    (), are_prices_due=False
                )
                feature.contents[names.PRICE_CONSTRAINTS] = plans.tariff_bounds()

    def updated(self, ev: EvProfile) -> None:
        """Note that the car speaks another standard now."""
        self._is_offered = ev.is_planning

    def unplugged(self) -> None:
        """Forget the car, its demand, and what was written for it."""
        self._car, self._is_offered, self._demand = None, False, None
        self._tiers = []
        self._due.clear()
        self._take_curve(self._writer, ())
        self._take_prices(self._writer, ())

    def ask(self, demand: CarDemand, now: float) -> None:
        """Tell a demand, and wait for a curve and for prices.

        Raises ValueError when the car does not plan its charging.
        """
        self._check_offered()
        self._demand = demand
        self._put_series(plans.DEMAND_ID, plans.write_demand(demand))
        self._due = {CURVE: now + WRITE_DUE_S, PRICES: now + WRITE_DUE_S}
        self._tell_due()

    def tell_plan(self, slots: Sequence[PowerSlot]) -> None:
        """Tell how the car will charge. Raises ValueError for slots with gaps, or as `ask`."""
        self._check_offered()
        self._put_series(plans.PLAN_ID, plans.write_plan(slots))

    def announcements(self) -> Sequence[Announcement]:
        """Return coordinated charging while the car offers it."""
        if not self._is_offered or self._car is None:
            return ()
        return (Announcement(self._car.address, names.EV, names.CEVC, SCENARIOS),)

    def owns(self, write: Write) -> bool:
        """Whether it is the car's series or tariff."""
        return write.feature.type in FEATURES

    def accept(self, write: Write, now: float) -> None:  # noqa: ARG002 - the role's protocol
        """Refuse what is ours, and what a car could not follow (result 7)."""
        try:
            self._read(write)
        except ValueError as error:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, str(error)) from error

    def wrote(self, write: Write, now: float) -> None:  # noqa: ARG002 - the role's protocol
        """Take over what was written, and wait for it no longer."""
        self._writer = write.ski
        if write.function == names.SERIES:
            self._due.pop(CURVE, None)
            self._take_curve(write.ski, self._read_curve(write))
        elif write.function == names.PRICES:
            self._due.pop(PRICES, None)
            self._take_prices(write.ski, plans.read_prices(_table(write.content), self._wall()))
        else:
            self._tiers = parts(_tariff(write.content), "tier")
        self._tell_due()

    def watch(self, now: float) -> None:
        """Tell what is overdue."""
        for what, until in list(self._due.items()):
            if until is not None and now >= until:
                self._due[what] = None
                self._emit(PlanningOverdue(self._bound(what), what))

    def _bound(self, what: str) -> str:
        type_ = names.TIME_SERIES if what == CURVE else names.INCENTIVE_TABLE
        feature = self._car.server(type_) if self._car else None
        links = self._local.bindings.to(feature.address) if feature else ()
        return next((each.ski for each in links), "")

    def _read(self, write: Write) -> None:
        """Raise ValueError for a write that must not stand."""
        if write.function == names.SERIES:
            self._read_curve(write)
        elif write.function == names.PRICES:
            if _ids(write.content, plans.TABLES, "tariff") - {plans.TARIFF_ID}:
                raise ValueError(f"there is only the tariff {plans.TARIFF_ID}")
            plans.read_prices(_table(write.content), self._wall())
        else:
            if _ids(write.content, plans.TARIFFS, "tariffDescription") - {plans.TARIFF_ID}:
                raise ValueError(f"there is only the tariff {plans.TARIFF_ID}")
            if not 1 <= len(parts(_tariff(write.content), "tier")) <= plans.MAX_TIERS:
                raise ValueError(f"a tariff has 1 to {plans.MAX_TIERS} tiers")

    def _read_curve(self, write: Write) -> tuple[PowerSlot, ...]:
        ours = {number(each, "timeSeriesId"): each for each in self._series()}
        curve: Item = {}
        for each in parts(write.content, plans.SERIES):
            if number(each, "timeSeriesId") == plans.CURVE_ID:
                curve = each
            elif ours.pop(number(each, "timeSeriesId"), None) != each:
                raise ValueError("demand and plan are the car's")
        ours.pop(plans.CURVE_ID, None)
        if ours:
            raise ValueError("demand and plan are the car's")
        return plans.read_curve(curve, self._wall(), self._demand)

    def _check_offered(self) -> None:
        if not self._is_offered:
            raise ValueError("no car is plugged that plans its charging")

    def _take_curve(self, ski: str, slots: tuple[PowerSlot, ...]) -> None:
        if slots or self.curve:
            self.curve = slots
            self._emit(PowerCurveChanged(ski, slots))

    def _take_prices(self, ski: str, slots: tuple[PriceSlot, ...]) -> None:
        if slots or self.prices:
            self.prices = slots
            self._emit(PricesChanged(ski, plans.read_currency(self._tiers), slots))

    def _series(self) -> list[Item]:
        feature = self._car.server(names.TIME_SERIES) if self._car else None
        return parts(feature.content(names.SERIES), plans.SERIES) if feature else []

    def _put_series(self, series_id: int, series: Item) -> None:
        others = [each for each in self._series() if number(each, "timeSeriesId") != series_id]
        ordered = sorted([*others, series], key=lambda each: number(each, "timeSeriesId") or 0)
        self._put(names.TIME_SERIES, names.SERIES, {plans.SERIES: [*ordered]})

    def _tell_due(self) -> None:
        """Let the descriptions say what is waited for."""
        self._put(
            names.TIME_SERIES,
            names.SERIES_DESCRIPTIONS,
            plans.describe_series(is_curve_due=CURVE in self._due),
        )
        self._put(
            names.INCENTIVE_TABLE,
            names.PRICE_DESCRIPTIONS,
            plans.describe_tariff(self._tiers, are_prices_due=PRICES in self._due),
        )

    def _put(self, feature_type: str, function: str, content: Item) -> None:
        feature = self._car.server(feature_type) if self._car else None
        if feature is not None and feature.content(function) != content:
            self._local.put(feature, function, content)


def _table(content: Item) -> Item:
    return next(iter(parts(content, plans.TABLES)), {})


def _tariff(content: Item) -> Item:
    return next(iter(parts(content, plans.TARIFFS)), {})


def _ids(content: Item, items: str, inner: str) -> set[int | None]:
    return {number(part(each, inner), "tariffId") for each in parts(content, items)}
