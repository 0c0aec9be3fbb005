"""Plays the world in time and keeps its meter and chargers on the network in step with it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from electrical import UNKNOWN, PhaseReadings
from electrical.phases import combine
from virtual_site.core import charger as chargers
from virtual_site.core import world as worlds
from virtual_site.core.car import CarModel
from virtual_site.core.control import released
from virtual_site.core.relay import PhaseSwitching, Relay
from virtual_site.core.scenario import FaultKind
from virtual_site.core.world import ActiveFault, World
from virtual_site.grid_box import GridBox
from virtual_site.heat_pump import HeatPump
from virtual_site.hems import Hems
from virtual_site.modbus_meter import ModbusMeter
from virtual_site.store import MeterStore
from virtual_site.wallbox import Change, Wallbox

logger = logging.getLogger(__name__)
TICK_S = 0.25  # real time: a limit takes effect within it, and it costs little
SAVE_EVERY_S = 60.0
OFF_THE_NETWORK = (FaultKind.LINK_LOSS, FaultKind.CHARGER_REBOOT)


class VirtualSite:
    """The one place where the world changes. Everything runs in one event loop."""

    def __init__(
        self,
        world: World,
        meter: ModbusMeter,
        meter_store: MeterStore,
        *,
        speed: float = 1.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.world = world
        self.meter = meter
        self.speed = speed
        self.wallboxes: Sequence[Wallbox] = ()
        self.hems: Hems | None = None
        self.grid_box: GridBox | None = None
        self.heat_pump: HeatPump | None = None
        self._meter_store = meter_store
        self._now = now
        self._seen_faults: tuple[ActiveFault, ...] = ()

    def connect(self, wallboxes: Sequence[Wallbox]) -> None:
        """Give every charger of the world its side of the network, in the same order."""
        self.wallboxes = wallboxes
        for index, wallbox in enumerate(wallboxes):
            self.change(index, partial(chargers.set_plc, on=wallbox.kept.plc))
            self._apply_failsafe(index)
            self._apply_phase_switching(index)
            if self.world.chargers[index].model.phase_switching is not PhaseSwitching.NONE:
                self.change(index, partial(replace, relay=Relay(wallbox.kept.conductors)))

    @property
    def partners(self) -> dict[str, Hems | GridBox | HeatPump]:
        """Return the EEBUS devices beside the chargers, by the path of their pages."""
        named = {
            "hems": self.hems,
            "control-box": self.grid_box,
            "heat-pump": self.heat_pump,
        }
        return {name: each for name, each in named.items() if each is not None}

    async def run(self) -> None:
        """Play until cancelled; the scenario's end is no end."""
        last_s = saved_s = self._now()
        try:
            while True:
                await asyncio.sleep(TICK_S)
                now_s = self._now()
                self.play((now_s - last_s) * self.speed, now_s)
                last_s = now_s
                if now_s - saved_s >= SAVE_EVERY_S:
                    saved_s = now_s
                    self.save()
        finally:
            self.save()

    def play(self, dt_s: float, now_s: float) -> None:
        """Let `dt_s` seconds of the scenario pass and tell meter and chargers."""
        self.world = worlds.advance(self.world, dt_s, now_s)
        self._follow_faults()
        self._show()
        for index in range(len(self.wallboxes)):
            self._sync(index)

    def save(self) -> None:
        """Keep what must survive a restart."""
        try:
            self._meter_store.save(self.world.meter.counters)
        except OSError as error:
            logger.warning("meter counters not kept", extra={"reason": str(error)})

    def change(self, index: int, change: Change) -> None:
        """Change one charger's model; its energy manager hears of it at once."""
        self.world = worlds.with_charger(self.world, index, change)

    def changer(self, index: int) -> Callable[[Change], None]:
        """Return how one charger's network side changes its model."""
        return lambda change: self.change(index, change)

    def plug(self, index: int, car: CarModel) -> None:
        """Plug a car; one that is there is unplugged first, and seen to be."""
        self.unplug(index)
        self.change(index, lambda box: chargers.plug(box, car))
        self._sync(index)

    def unplug(self, index: int) -> None:
        """Unplug the car, if there is one."""
        self.change(index, chargers.unplug)
        self._refresh()
        self._sync(index)

    def switch_phases(self, index: int, conductors: int) -> None:
        """Switch a charger's relay. Raises RelayRefusedError."""
        t_s = self.world.t_s
        self.change(index, lambda box: chargers.switch_phases(box, conductors, t_s))

    def set_plc(self, index: int, *, on: bool) -> None:
        """Switch a charger's power line communication, for good."""
        self.wallboxes[index].keep_plc(on=on)
        self.change(index, lambda box: chargers.set_plc(box, on=on))
        self._sync(index)

    def set_failsafe(self, index: int, failsafe_a: float | None) -> None:
        """Set a charger's failsafe current, for good; None = the one from the factory."""
        self.wallboxes[index].keep_failsafe(failsafe_a)
        self._apply_failsafe(index)

    def set_phase_switching(self, index: int, ability: PhaseSwitching | None) -> None:
        """Set how a charger changes phases, for good; None = as from the factory."""
        self.wallboxes[index].keep_phase_switching(ability)
        self._apply_phase_switching(index)
        self._sync(index)

    def factory_reset(self, index: int) -> None:
        """Forget what was set at the charger; its identity stays."""
        trusted = self.wallboxes[index].kept.trusted
        if trusted is not None:
            self.wallboxes[index].unpair(trusted.ski)
        self.set_failsafe(index, None)
        self.set_phase_switching(index, None)
        self.set_plc(index, on=False)

    def set_heat_pump(self, power_w: float) -> None:
        """Let the heat pump draw so much; its meter is the house's."""
        if power_w != self.world.heat_pump_w:
            self.world = replace(self.world, heat_pump_w=power_w)
            self._refresh()

    def set_household(self, power_w: PhaseReadings) -> None:
        """Set the household by hand; a phase that is None keeps what it has."""
        held = self.world.household_set_w
        merged = combine(power_w, held, lambda new, old: old if new is None else new)
        self.world = replace(self.world, household_set_w=merged)
        self._refresh()

    def clear_household(self) -> None:
        """Let the household follow the scenario again."""
        self.world = replace(self.world, household_set_w=UNKNOWN)
        self._refresh()

    def set_sun(self, power_w: float | None) -> None:
        """Set the sun by hand; None lets it follow the scenario again."""
        self.world = replace(self.world, sun_set_w=power_w)
        self._refresh()

    def switch_appliance(self, name: str, *, on: bool) -> None:
        """Switch one of the appliances that a person can try."""
        others = self.world.appliances - {name}
        self.world = replace(self.world, appliances=others | {name} if on else others)
        self._refresh()

    def begin_fault(self, fault: ActiveFault) -> None:
        """Let something go wrong from now on."""
        self.world = worlds.with_fault(self.world, fault)
        self._follow_faults()
        self._refresh()

    def end_faults(self) -> None:
        """Make everything work again."""
        self.world = replace(self.world, faults=())
        self._follow_faults()
        self._refresh()

    def _apply_failsafe(self, index: int) -> None:
        kept_a = self.wallboxes[index].kept.failsafe_a
        factory_a = self.world.scenario.chargers[index].failsafe_a
        failsafe_a = factory_a if kept_a is None else kept_a
        self.change(index, partial(chargers.set_failsafe, failsafe_a=failsafe_a))

    def _apply_phase_switching(self, index: int) -> None:
        kept = self.wallboxes[index].kept.phase_switching
        factory = self.world.scenario.chargers[index].phase_switching
        ability = factory if kept is None else kept
        self.change(index, partial(chargers.set_phase_switching, ability=ability))

    def _refresh(self) -> None:
        self.world = worlds.refresh(self.world)
        self._show()

    def _show(self) -> None:
        self.meter.show(self.world.meter, self.world.scenario.voltage_v)

    def _sync(self, index: int) -> None:
        if index < len(self.wallboxes):
            voltage_v = self.world.scenario.voltage_v
            self.wallboxes[index].sync(self.world.chargers[index], self.world.t_s, voltage_v)

    def _follow_faults(self) -> None:
        """Carry the beginning and the end of faults to the network."""
        if self.world.faults == self._seen_faults:
            return
        self._seen_faults = self.world.faults
        self.meter.is_silent = self.world.fault(FaultKind.METER_DROPOUT) is not None
        for index, wallbox in enumerate(self.wallboxes):
            if any(self.world.fault(kind, index) for kind in OFF_THE_NETWORK):
                wallbox.cut()
            else:
                wallbox.mend()
            if self.world.fault(FaultKind.CHARGER_REBOOT, index) is not None:
                self.change(index, lambda box: replace(box, control=released()))
            wallbox.has_failed = self.world.fault(FaultKind.CHARGER_FAILURE, index) is not None
