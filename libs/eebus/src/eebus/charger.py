"""A charger's side of EEBUS over the network, for simulators, tests and makers of chargers."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from eebus.events import MeterValues, PerPhase, PowerControlChanged, PowerSlot, PriceSlot
from eebus.identity import Identity
from eebus.participant import Options, Participant
from eebus.spine.values import Item
from eebus.transport.node import Announcement, Network
from eebus.usecases.evse.profile import CarDemand, EvProfile
from eebus.usecases.evse.station import Station
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.owner import Owner

__all__ = ["CarDemand", "Charger", "EvProfile"]


class Charger(Participant[Station]):
    """Serves EVSECC, EVCC, EVCEM, OPEV, and for ISO 15118 cars OSCEV, EVSOC and CEVC.

    on_event is told LimitsChanged on each accepted write, and with no limits on unplugging;
    HeartbeatChanged when the CEM's heart starts or stops; DeviceState when the CEM says how it
    is. Following a limit, and the safe current, are the owner's. controllable: offer LPC, LPP or
    both for the whole charger. metered: offer MPC; `meter` tells its values.
    """

    def __init__(
        self,
        identity: Identity,
        announcement: Announcement,
        network: Network,
        *,
        controllable: SystemProfile | None = None,
        metered: bool = False,
        **options: Unpack[Options],
    ) -> None:
        def build(address: str, said: Item, owner: Owner) -> Station:
            return Station(address, said, owner, controllable=controllable, metered=metered)

        super().__init__(identity, announcement, network, build, options)

    @property
    def ev(self) -> EvProfile | None:
        """The plugged car, None without one."""
        return self._core.ev

    def limits(self, kind: str = "opev") -> PerPhase:
        """Return the active limits we hold, A per conductor; None = none there."""
        return self._core.held_limits().get(kind, (None, None, None))

    def plug(self, ev: EvProfile) -> None:
        """Plug a car; one that is plugged already leaves first."""
        self._core.plug(ev)
        self._tell_soc(ev)

    def unplug(self) -> None:
        """Unplug the car, if there is one."""
        self._core.unplug()

    def update_ev(self, ev: EvProfile) -> None:
        """Change what the plugged car says of itself, e.g. ISO 15118 after IEC 61851.

        Limits held stay. Raises ValueError when no car is plugged.
        """
        before = self._core.ev
        self._core.update_ev(ev)
        if before is None or (before.soc_percent, before.phases) != (ev.soc_percent, ev.phases):
            self._tell_soc(ev)

    def _tell_soc(self, ev: EvProfile) -> None:
        """Tell the state of charge the car came with: it is known before anything is drawn."""
        unknown = (None, None, None)
        self.measure(unknown, unknown, None, ev.soc_percent)

    def measure(
        self,
        current_a: PerPhase,
        power_w: PerPhase,
        energy_wh: float | None,
        soc_percent: float | None = None,
    ) -> None:
        """Tell measurements of the car; only what changed is sent. Ignored without a car."""
        at = datetime.now(UTC)
        self._core.measure(current_a, power_w, energy_wh, soc_percent, at)

    def ask(self, demand: CarDemand) -> None:
        """Let the car ask for energy (CEVC 1), and for a power curve and prices within 20 s.

        on_event is told PowerCurveChanged and PricesChanged, or PlanningOverdue. Raises
        ValueError unless a car is plugged that plans (`EvProfile.plans`) and speaks ISO 15118.
        """
        self._core.planning.ask(demand, asyncio.get_running_loop().time())

    def tell_plan(self, slots: Sequence[PowerSlot]) -> None:
        """Let the car say how it will charge (CEVC 4): slots from now on, without a gap.

        Raises ValueError as `ask` does, and for slots with gaps.
        """
        self._core.planning.tell_plan(slots)

    @property
    def curve(self) -> tuple[PowerSlot, ...]:
        """The power curve last written for the car, empty when there is none."""
        return self._core.planning.curve

    @property
    def prices(self) -> tuple[PriceSlot, ...]:
        """The prices last written for the car, empty when there are none."""
        return self._core.planning.prices

    def meter(self, values: MeterValues) -> None:
        """Tell what the charger as a whole draws (MPC). Ignored unless `metered`."""
        if self._core.meter is not None:
            self._core.meter.tell(values, datetime.now(UTC))

    def power_control(self, kind: str = "lpc") -> PowerControlChanged | None:
        """Return what an energy guard, or its absence, means now; None when none is offered."""
        system, now = self._core.system, asyncio.get_running_loop().time()
        return system.control(kind, now) if system is not None else None

    def set_ev_state(self, operating_state: str) -> None:
        """Tell the car's state: normalOperation, standby, finished, failure."""
        self._core.set_ev_state(operating_state)

    def set_evse_state(self, operating_state: str, error_code: str | None = None) -> None:
        """Tell the charger's own state: normalOperation, failure, ..."""
        self._core.set_evse_state(operating_state, error_code)

    def untrust(self, ski: str) -> None:
        """Close the connection for good, forget the trust and the peer's heartbeat."""
        super().untrust(ski)
        self._core.forget(ski)
