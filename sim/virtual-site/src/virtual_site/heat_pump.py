"""A heat pump that can be limited (LPC) and measures itself (MPC); what it draws is the house's."""

import asyncio
from collections.abc import Callable
from typing import Final

from eebus.appliance import Appliance
from eebus.events import Event, FailsafeChanged, MeterValues, PowerControlChanged, TrustedPeer
from eebus.transport.node import Network
from eebus.usecases.limitation.system import SystemProfile
from virtual_site.managers import HEAT_PUMP
from virtual_site.partner import Nameplate, Partner
from virtual_site.store import PartnerStore

PLATE: Final = Nameplate("Varme", "Heat Pump", HEAT_PUMP, 4)
NOMINAL_W: Final = 9000.0
EVERY_S: Final = 1.0


class HeatPump(Partner[Appliance]):
    """Draws what its house asks for, and no more than it may; `draws` is told the watts."""

    def __init__(
        self, store: PartnerStore, network: Network, draws: Callable[[float], None]
    ) -> None:
        super().__init__(PLATE, store, network)
        self.asked_w = 6000.0
        self.is_stubborn = False  # it accepts limits and draws on
        self.failsafe: FailsafeChanged | None = None
        self._draws = draws
        self._limit_w: float | None = None  # kept while its cable is out

    async def work(self) -> None:
        """Draw, and tell it, until cancelled."""
        while True:
            if (control := self.control) is not None:
                self._limit_w = control.limit_w
            self._draws(self.power_w)
            if self.facade is not None:
                current_a = self.power_w / 3 / 230.0
                self.facade.measure(
                    MeterValues(power_w=self.power_w, current_a=(current_a, current_a, current_a))
                )
            await asyncio.sleep(EVERY_S)

    @property
    def control(self) -> PowerControlChanged | None:
        """Return what its energy guard, or its absence, means now; None without a network."""
        return None if self.facade is None else self.facade.power_control()

    @property
    def power_w(self) -> float:
        """Return what it draws now, W."""
        if self._limit_w is None or self.is_stubborn:
            return self.asked_w
        return min(self.asked_w, self._limit_w)

    def _make(self, network: Network, trusted: tuple[TrustedPeer, ...]) -> Appliance:
        return Appliance(
            self.identity, self.announcement, network,
            profile=SystemProfile({"lpc": NOMINAL_W}), trusted=trusted, on_event=self._on_event,
        )  # fmt: skip

    def _heard(self, event: Event) -> None:
        match event:
            case FailsafeChanged():
                self.failsafe = event
            case PowerControlChanged(kind="lpc", limit_w=limit_w):
                self._limit_w = limit_w
            case _:
                pass
