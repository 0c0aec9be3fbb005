"""One charger on the network: carries words between its model and the EEBUS, keeps its pairing."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from eebus.charger import Charger as EebusCharger
from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    DeviceState,
    Event,
    HeartbeatChanged,
    LimitsChanged,
    Peer,
    ShipIdLearned,
    TrustedPeer,
)
from eebus.identity import load_or_create
from eebus.transport.node import Announcement, Network
from virtual_site.core import charger as chargers
from virtual_site.core import control as controls
from virtual_site.core.charger import Charger
from virtual_site.core.relay import PhaseSwitching
from virtual_site.managers import (
    CHARGING_STATION,
    PairedAlreadyError,
    is_energy_manager,
    usable_port,
)
from virtual_site.store import ChargerStore, KeptCharger
from virtual_site.telling import Telling

logger = logging.getLogger(__name__)
BRAND, MODEL = "Fjordstrom", "Box 11"
EMOBILITY = 3  # SHIP device category

Change = Callable[[Charger], Charger]


class Wallbox:
    """A charger's EEBUS side. It tells `apply` what the energy manager wants.

    The model of the charger lives elsewhere: `sync` is called with it after each step.
    """

    def __init__(
        self,
        store: ChargerStore,
        network: Network,
        apply: Callable[[Change], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._network, self._apply, self._now = store, network, apply, now
        self.kept = store.load()
        self.identity = load_or_create(store.folder, f"{BRAND} {MODEL} {store.folder.name}")
        serial = self.identity.ski[:8].upper()
        self.ship_id = f"{BRAND}-{MODEL}-{serial}".replace(" ", "")
        self._announcement = Announcement(
            ship_id=self.ship_id,
            brand=BRAND,
            model=MODEL,
            type=CHARGING_STATION,
            serial=serial,
            categories=(EMOBILITY,),
            instance=f"{BRAND} {MODEL} {serial}",
        )
        self._on_line = asyncio.Event()
        self._on_line.set()
        self._off_line = asyncio.Event()
        self._ready = asyncio.Event()
        self._facade: EebusCharger | None = None
        self._asking: set[str] = set()  # energy managers that wait for our user
        self._telling: Telling | None = None
        self._t_s = 0.0
        self.has_failed = False  # reported from the next sync on

    @property
    def ski(self) -> str:
        """Return the charger's SKI."""
        return self.identity.ski

    async def run(self) -> None:
        """Serve until cancelled; while cut off nothing is served."""
        while True:
            await self._on_line.wait()
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(self._serve(), name=f"wallbox {self.ski}")
                await self._off_line.wait()
                serving.cancel()

    async def started(self) -> int:
        """Return the SHIP port once the charger listens for the first time."""
        await self._ready.wait()
        return self.kept.ship_port

    def cut(self) -> None:
        """Take the charger off the network."""
        if self._on_line.is_set():
            self._on_line.clear()
            self._off_line.set()
            self._apply(
                lambda box: replace(box, control=controls.link(box.control, self._now(), up=False))
            )

    def mend(self) -> None:
        """Bring the charger back to the network."""
        self._off_line.clear()
        self._on_line.set()

    def peers(self) -> list[Peer]:
        """Return the energy managers in sight, those that ask for us first."""
        seen = {} if self._facade is None else dict(self._facade.peers)
        managers = {ski: peer for ski, peer in seen.items() if is_energy_manager(peer)}
        for ski in self._asking - managers.keys():
            managers[ski] = Peer(ski, None, None, None, None, "", 0)
        return sorted(managers.values(), key=lambda p: (p.ski not in self._asking, p.ski))

    def is_asking(self, ski: str) -> bool:
        """Return whether this energy manager waits for our user's word."""
        return ski in self._asking

    def connection(self) -> ConnectionChanged | None:
        """Return the trusted energy manager and its state, None while there is none."""
        trusted = self.kept.trusted
        if trusted is None:
            return None
        if self._facade is None:
            return ConnectionChanged(trusted.ski, ConnectionState.NOT_CONNECTED, "off the network")
        return self._facade.connection(trusted.ski)

    def pair(self, ski: str) -> None:
        """Trust an energy manager, at once also its waiting request. Raises PairedAlreadyError."""
        trusted = self.kept.trusted
        if trusted is not None and trusted.ski != ski:
            raise PairedAlreadyError(trusted.ski)
        if trusted is None:
            self._keep(replace(self.kept, trusted=TrustedPeer(ski)))
        self._asking.discard(ski)
        if self._facade is not None:
            self._facade.trust(ski)

    def unpair(self, ski: str) -> bool:
        """Trust it no longer. Returns whether it was trusted."""
        trusted = self.kept.trusted
        if trusted is None or trusted.ski != ski:
            return False
        self._keep(replace(self.kept, trusted=None))
        if self._facade is not None:
            self._facade.untrust(ski)
        self._apply(lambda box: replace(box, control=controls.released()))
        return True

    def keep_plc(self, *, on: bool) -> None:
        """Keep the position of the PLC switch."""
        self._keep(replace(self.kept, plc=on))

    def keep_failsafe(self, failsafe_a: float | None) -> None:
        """Keep the failsafe current; None = the one from the factory."""
        self._keep(replace(self.kept, failsafe_a=failsafe_a))

    def keep_phase_switching(self, ability: PhaseSwitching | None) -> None:
        """Keep how the charger changes phases; None = as from the factory."""
        self._keep(replace(self.kept, phase_switching=ability))

    def keep_conductors(self, conductors: int) -> None:
        """Keep the relay's position."""
        if conductors != self.kept.conductors:
            self._keep(replace(self.kept, conductors=conductors))

    def sync(self, charger: Charger, t_s: float, voltage_v: float) -> None:
        """Tell the energy manager what changed at the charger since the last call."""
        self._t_s = t_s
        self.keep_conductors(charger.conductors)
        if self._telling is not None:
            self._telling.fail(failed=self.has_failed)
            self._telling.sync(charger, t_s, voltage_v)

    async def _serve(self) -> None:
        trusted = self.kept.trusted
        network = replace(self._network, port=usable_port(self._network, self.kept.ship_port))
        facade = EebusCharger(
            self.identity,
            self._announcement,
            network,
            trusted=() if trusted is None else (trusted,),
            on_event=self._heard,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(facade.run(), name=f"eebus {self.ski}")
                await facade.started()
                self._facade, self._telling = facade, Telling(facade)
                if facade.port != self.kept.ship_port:
                    self._keep(replace(self.kept, ship_port=facade.port))
                self._ready.set()
        finally:
            self._facade = self._telling = None
            self._asking.clear()

    def _heard(self, event: Event) -> None:
        match event:
            case LimitsChanged(ski, "opev", limit_a) if self._trusts(ski):
                logger.info("limit written", extra={"charger": self.ski, "limit_a": limit_a})
                self._apply(lambda box: chargers.write_limit(box, limit_a, self._t_s))
            case HeartbeatChanged(ski, ok) if self._trusts(ski):
                self._apply(lambda box: replace(box, control=controls.hear(box.control, ok=ok)))
            case DeviceState(ski, operating_state) if self._trusts(ski):
                failed = operating_state == "failure"
                self._apply(
                    lambda box: replace(
                        box, control=controls.hear_failure(box.control, failed=failed)
                    )
                )
            case ConnectionChanged() as changed:
                self._connection_changed(changed)
            case ShipIdLearned(ski, ship_id) if self._trusts(ski):
                self._keep(replace(self.kept, trusted=TrustedPeer(ski, ship_id)))
            case _:
                pass  # visible peers are asked for, not told

    def _connection_changed(self, changed: ConnectionChanged) -> None:
        logger.info(
            "connection changed",
            extra={"charger": self.ski, "peer": changed.ski, "state": changed.state.value},
        )
        if changed.state is ConnectionState.REQUEST_RECEIVED:
            self._asking.add(changed.ski)
        else:
            self._asking.discard(changed.ski)
        if self._trusts(changed.ski):
            up = changed.state is ConnectionState.CONNECTED
            self._apply(
                lambda box: replace(box, control=controls.link(box.control, self._now(), up=up))
            )

    def _trusts(self, ski: str) -> bool:
        return self.kept.trusted is not None and self.kept.trusted.ski == ski

    def _keep(self, kept: KeptCharger) -> None:
        self.kept = kept
        self._store.save(kept)
