"""An EEBUS device beside the chargers: who it is, whom it trusts, whether its cable is in."""

import asyncio
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from eebus.events import ConnectionChanged, ConnectionState, Event, ShipIdLearned, TrustedPeer
from eebus.identity import load_or_create
from eebus.participant import Core, Participant
from eebus.transport.node import Announcement, Network
from virtual_site.managers import PairedAlreadyError, is_energy_manager, usable_port
from virtual_site.store import KeptPartner, PartnerStore

logger = logging.getLogger(__name__)

F_co = TypeVar("F_co", bound=Participant[Core], covariant=True)


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What stands on the device. type: of SPINE; category: of SHIP."""

    brand: str
    model: str
    type: str
    category: int


class Partner(ABC, Generic[F_co]):
    """One device on the network. A new facade is made whenever its cable is put in again."""

    def __init__(self, plate: Nameplate, store: PartnerStore, network: Network) -> None:
        self.plate = plate
        self._store, self._network = store, network
        self.kept = store.load()
        self.identity = load_or_create(store.folder, f"{plate.brand} {plate.model}")
        serial = self.identity.ski[:8].upper()
        self.announcement = Announcement(
            ship_id=f"{plate.brand}-{plate.model}-{serial}".replace(" ", ""),
            brand=plate.brand,
            model=plate.model,
            type=plate.type,
            serial=serial,
            categories=(plate.category,),
            instance=f"{plate.brand} {plate.model} {serial}",
        )
        self.facade: F_co | None = None
        self.is_plugged = True
        self._cable = asyncio.Event()
        self._ready = asyncio.Event()
        self._asking: dict[str, None] = {}

    @abstractmethod
    def _make(self, network: Network, trusted: tuple[TrustedPeer, ...]) -> F_co:
        """Return the device's side of EEBUS."""

    @abstractmethod
    def _heard(self, event: Event) -> None:
        """Take in what the energy manager does."""

    @property
    def ski(self) -> str:
        """Return the device's SKI."""
        return self.identity.ski

    @property
    def peer(self) -> ConnectionChanged | None:
        """Return how far the connection to the trusted energy manager is; None without one."""
        trusted = self.kept.trusted
        if trusted is None:
            return None
        if self.facade is None:
            return ConnectionChanged(trusted.ski, ConnectionState.NOT_CONNECTED, "No network.")
        return self.facade.connection(trusted.ski)

    @property
    def found(self) -> list[tuple[str, str, bool]]:
        """Return the energy managers in sight: SKI, name, and whether they ask to be paired."""
        seen = {} if self.facade is None else dict(self.facade.peers)
        return [
            (
                ski,
                f"{seen[ski].brand or ''} {seen[ski].model or ''}".strip() if ski in seen else "",
                ski in self._asking,
            )
            for ski in sorted({*self._asking, *seen})
            if ski in self._asking or is_energy_manager(seen[ski])
        ]

    async def run(self) -> None:
        """Serve until cancelled; without the cable nothing is served."""
        while True:
            self._cable.clear()
            if not self.is_plugged:
                await self._cable.wait()
                continue
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(self._serve(), name=f"{self.plate.model} {self.ski}")
                await self._cable.wait()
                serving.cancel()

    async def started(self) -> int:
        """Return the SHIP port once the device listens for the first time."""
        await self._ready.wait()
        return self.kept.ship_port

    def plug(self, *, on: bool) -> None:
        """Put the network cable in, or pull it."""
        if on is not self.is_plugged:
            self.is_plugged = on
            self._cable.set()

    def pair(self, ski: str) -> None:
        """Trust an energy manager, at once also its waiting request. Raises PairedAlreadyError."""
        trusted = self.kept.trusted
        if trusted is not None and trusted.ski != ski:
            raise PairedAlreadyError(trusted.ski)
        if trusted is None:
            self._keep(replace(self.kept, trusted=TrustedPeer(ski)))
        self._asking.pop(ski, None)
        if self.facade is not None:
            self.facade.trust(ski)

    def unpair(self) -> None:
        """Trust nobody any longer."""
        trusted = self.kept.trusted
        self._keep(replace(self.kept, trusted=None))
        if trusted is not None and self.facade is not None:
            self.facade.untrust(trusted.ski)

    async def _serve(self) -> None:
        trusted = self.kept.trusted
        network = replace(self._network, port=usable_port(self._network, self.kept.ship_port))
        facade = self._make(network, () if trusted is None else (trusted,))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(facade.run(), name=f"eebus {self.ski}")
                await facade.started()
                self.facade = facade
                if facade.port != self.kept.ship_port:
                    self._keep(replace(self.kept, ship_port=facade.port))
                self._ready.set()
        finally:
            self.facade = None
            self._asking.clear()

    def _on_event(self, event: Event) -> None:
        match event:
            case ConnectionChanged(ski=ski, state=state):
                extra = {"device": self.plate.model, "peer": ski, "state": state.value}
                logger.info("connection changed", extra=extra)
                if state is ConnectionState.REQUEST_RECEIVED:
                    self._asking[ski] = None
                else:
                    self._asking.pop(ski, None)
            case ShipIdLearned(ski=ski, ship_id=ship_id):
                self._keep(replace(self.kept, trusted=TrustedPeer(ski, ship_id)))
        self._heard(event)

    def _keep(self, kept: KeptPartner) -> None:
        self.kept = kept
        self._store.save(kept)
