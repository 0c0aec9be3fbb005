"""The energy broker: follows what cars ask for and writes curves and prices (CEVC). Sans I/O."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from eebus.events import (
    ChargingDemand,
    ChargingPlanChanged,
    DemandChanged,
    PowerSlot,
    PriceSlot,
    WriteResult,
)
from eebus.spine.discovery import Change
from eebus.spine.local import Announcement
from eebus.spine.remote import TreeChange
from eebus.spine.tree import Entity, Feature
from eebus.usecases import names
from eebus.usecases.cem import cevc
from eebus.usecases.cem.needs import Need, ask_for
from eebus.usecases.conversation import Conversation, Follower
from eebus.usecases.side import Reader
from eebus.usecases.writing import Done, Target, unsent, write_to

NEEDS: Final = (
    Need(
        names.TIME_SERIES,
        (names.SERIES_DESCRIPTIONS, names.SERIES_CONSTRAINTS, names.SERIES),
        bind=True,
    ),
    Need(
        names.INCENTIVE_TABLE,
        (names.PRICE_DESCRIPTIONS, names.PRICE_CONSTRAINTS, names.PRICES),
        bind=True,
    ),
)
FEATURES: Final = (names.TIME_SERIES, names.INCENTIVE_TABLE)


class EnergyBroker(Reader["DemandFollower"]):
    """The role of who plans charging with the car, at one entity of ours."""

    def __init__(self, own: Entity) -> None:
        """Take the role on. own: our entity that asks and writes."""
        super().__init__(lambda talk: DemandFollower(talk, own))
        self._own = own

    def announcements(self) -> Sequence[Announcement]:
        """Return coordinated charging."""
        place, actor = self._own.address, names.ENERGY_BROKER
        return (Announcement(place, actor, names.CEVC, (1, 2, 3, 4, 6, 8)),)


class DemandFollower(Follower):
    """What the car of one peer asks for, for the life of one connection."""

    def __init__(self, talk: Conversation, own: Entity) -> None:
        """Follow a conversation. own: our entity that asks and writes."""
        self.demand: ChargingDemand | None = None
        self.plan: tuple[PowerSlot, ...] = ()
        self._session = talk.session
        self._ski = talk.ski
        self._emit = talk.owner.emit
        self._own = own

    def tree_changed(self, changes: Sequence[TreeChange], now: float) -> None:  # noqa: ARG002
        """Ask a new car; forget one that left."""
        for each in changes:
            if each.entity.type == names.EV and each.change is Change.REMOVED:
                self._tell(None, ())
        car = self._car()
        if car is not None:
            ask_for(self._session, self._own, car, NEEDS)

    def data_changed(self, feature: Feature, function: str, now: float) -> None:  # noqa: ARG002
        """Tell what the car asks for and plans."""
        car = self._car()
        if car is not None and feature.type in FEATURES:
            demand, plan = self.demand, self.plan
            if cevc.tells(car, cevc.DEMAND):
                demand = cevc.read_demand(car)
            elif demand is not None:
                curve_due, prices_due = cevc.updates_due(car)
                demand = replace(demand, curve_due=curve_due, prices_due=prices_due)
            self._tell(demand, cevc.read_plan(car) if cevc.tells(car, cevc.PLAN) else plan)

    def write_curve(self, slots: Sequence[PowerSlot], now: float, done: Done) -> None:
        """Write the power the car may draw; `done` is called exactly once."""
        car = self._car()
        command = "no car" if car is None else cevc.curve_command(car, slots)
        if car is None or isinstance(command, str):
            done(unsent(str(command)))
        else:
            write_to(self._session, Target(self._own, car, names.TIME_SERIES), command, now, done)

    def write_prices(
        self, slots: Sequence[PriceSlot], currency: str, now: float, done: Done
    ) -> None:
        """Write what prices mean, and once that stands the prices; `done` is called once."""
        car = self._car()
        commands = "no car" if car is None else cevc.price_commands(car, slots, currency)
        if car is None or isinstance(commands, str):
            done(unsent(str(commands)))
            return
        description, table = commands
        target = Target(self._own, car, names.INCENTIVE_TABLE)

        def described(result: WriteResult) -> None:
            if result.ok:
                write_to(self._session, target, table, now, done)
            else:
                done(result)

        write_to(self._session, target, description, now, described)

    def _car(self) -> Entity | None:
        entities = self._session.remote.entities.values()
        return next((each for each in entities if each.type == names.EV), None)

    def _tell(self, demand: ChargingDemand | None, plan: tuple[PowerSlot, ...]) -> None:
        if demand != self.demand:
            self.demand = demand
            self._emit(DemandChanged(self._ski, demand))
        if plan != self.plan:
            self.plan = plan
            self._emit(ChargingPlanChanged(self._ski, plan))
