"""The CEM's side of EEBUS over the network: one object that knows all chargers."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final, Unpack

from eebus.events import (
    ChargingDemand,
    Ev,
    Measured,
    Metered,
    PerPhase,
    PowerControlChanged,
    PowerSlot,
    PriceSlot,
    WriteResult,
)
from eebus.guarding import Guarding, answer_of
from eebus.identity import Identity
from eebus.participant import Options
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.limitation.guard import EnergyGuard
from eebus.usecases.limitation.machine import Failsafe
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.owner import Owner
from eebus.usecases.writing import Done, unsent

logger = logging.getLogger(__name__)

NO_BROKER: Final = unsent("not connected, or charging is not planned")


class Cem(Guarding[CemHub]):
    """Discovers chargers, keeps sessions, reports cars and measurements, writes limits.

    controllable: offered to the control box of a grid operator (LPC, LPP); without it nothing is.
    guards: whether we may limit appliances (`write_power_limit`). plans: whether charging is
    planned with cars that can (CEVC); such a car waits for curves and prices.
    """

    def __init__(  # noqa: PLR0913 - all of them are needed, and named
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        *,
        controllable: SystemProfile | None = None,
        guards: bool = False,
        plans: bool = False,
        **options: Unpack[Options],
    ) -> None:
        def build(address: str, said: Item, owner: Owner) -> CemHub:
            return CemHub(address, said, owner, controllable, guards=guards, plans=plans)

        super().__init__(identity, announcement, network, build, options)

    @property
    def _energy_guard(self) -> EnergyGuard | None:
        return self._core.guard

    def ev(self, ski: str) -> Ev | None:
        """Return the car, None when none is plugged or the charger is not connected."""
        return self._core.ev(ski)

    def measured(self, ski: str) -> Measured | None:
        """Return the newest measurements, None when there are none."""
        return self._core.measured(ski)

    def metered(self, ski: str) -> tuple[Metered, ...]:
        """Return what a peer's meters last told (MGCP, MPC), empty when there are none."""
        return self._core.metered(ski)

    def demand(self, ski: str) -> ChargingDemand | None:
        """Return what the car asks for (CEVC), None when it does not say."""
        broker = self._core.broker
        follower = broker.followers.get(ski) if broker is not None else None
        return follower.demand if follower else None

    async def write_power_curve(self, ski: str, slots: Sequence[PowerSlot]) -> WriteResult:
        """Tell a car what power it may draw when; slots begin now and have no gaps (CEVC 2).

        Due within 20 s when its demand says `curve_due`. Never raises for a peer.
        """
        broker, now = self._core.broker, asyncio.get_running_loop().time()
        follower = broker.followers.get(ski) if broker is not None else None
        if follower is None:
            return NO_BROKER
        return await answer_of(lambda done: follower.write_curve(slots, now, done))

    async def write_prices(
        self, ski: str, slots: Sequence[PriceSlot], *, currency: str = "EUR"
    ) -> WriteResult:
        """Tell a car what energy costs when (CEVC 3), as `write_power_curve`."""
        broker, now = self._core.broker, asyncio.get_running_loop().time()
        follower = broker.followers.get(ski) if broker is not None else None
        if follower is None:
            return NO_BROKER
        return await answer_of(lambda done: follower.write_prices(slots, currency, now, done))

    def power_control(self, kind: str = "lpc") -> PowerControlChanged | None:
        """Return what our energy guard, or its absence, means now; None when none is offered.

        Publish it every second and obey `limit_w`: it is pure in time, asking costs nothing.
        """
        system = self._core.system
        now = asyncio.get_running_loop().time()
        return system.control(kind, now) if system is not None else None

    def failsafe(self, kind: str = "lpc") -> Failsafe | None:
        """Return what holds without our energy guard, as it was offered or written last.

        Keep it and hand it back in the profile: a restart must not forget it.
        """
        system = self._core.system
        return None if system is None else system.failsafe(kind)

    def offer(self, nominal_w: Mapping[str, float], failsafe: Mapping[str, Failsafe]) -> None:
        """Change what our energy guard is offered, by kind; nothing where we offer nothing.

        Raises ValueError for a failsafe duration that is not 2 h to 24 h.
        """
        if self._core.system is not None:
            self._core.system.offer(nominal_w, failsafe)

    def limits(self, ski: str, kind: str = "opev") -> PerPhase | None:
        """Return the limits the charger last told, A per conductor; None = unknown.

        A write that its notify does not confirm is followed by a read of what is held.
        """
        return self._core.limits(ski, kind)

    async def write_limit(self, ski: str, values: PerPhase, *, kind: str = "opev") -> WriteResult:
        """Write a car's limits and wait for the charger's answer, at most 10 s.

        values: A per conductor, None = that limit inactive. Below the permitted range the car
        pauses; where phases must not differ the smallest value goes to all. Never raises for
        what the peer does, or for a peer that is not there: then `ok` is False.
        """
        now = asyncio.get_running_loop().time()

        def write(done: Done) -> None:
            try:
                self._core.write_limit(ski, values, kind, now, done)
            except Exception:
                # A defect of ours over what one charger tells must not stop the others' limits.
                logger.exception("a limit could not be written", extra={"ski": ski})
                done(unsent("this device failed"))

        return await answer_of(write)

    def set_failure(self, failed: bool) -> None:  # noqa: FBT001 - agreed with its users
        """Tell chargers whether we work; they go to their own safe current if not."""
        self._core.set_failure(failed=failed)
