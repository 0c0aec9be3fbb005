"""Who the gateway is: key and SKI, SHIP ID, port. Read once at start; blocking."""

import logging
import socket
from dataclasses import dataclass
from pathlib import Path

from eebus.identity import Identity, load_or_create
from eebus.ship.announcement import Announcement
from eebus.ship.qr import qr_text
from eebus.transport.node import Network
from eebus_gateway.errors import IdentityLostError
from eebus_gateway.settings import Settings
from eebus_gateway.store import OUR_SKI, SHIP_PORT, Store
from volthus_kit.refusal import RefusedError

IDENTITY_FOLDER = "identity"
BRAND, MODEL, DEVICE_TYPE = "Volthus", "CEM", "EnergyManagementSystem"
CATEGORIES = (2,)  # energy management system (ship.md section 1)
EVERYWHERE, LOOPBACK = "", "127.0.0.1"  # "": all addresses, IPv4 and IPv6

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Nameplate:
    """Our identity and what we announce of it."""

    identity: Identity
    announcement: Announcement
    network: Network

    @property
    def qr_text(self) -> str:
        """Return what a charger's app scans to pair with us."""
        return qr_text(self.announcement, self.identity.ski)


def read(settings: Settings, store: Store) -> Nameplate:
    """Return our nameplate; a first start makes the key.

    Raises IdentityLostError when the key we were known by is gone, eebus' IdentityError when
    it is damaged.
    """
    identity = _identity(settings.state_dir / IDENTITY_FOLDER, store)
    serial = identity.ski[:12]
    announcement = Announcement(
        ship_id=f"{BRAND}-{MODEL}-{serial}",
        brand=BRAND,
        model=MODEL,
        type=DEVICE_TYPE,
        serial=serial,
        categories=CATEGORIES,
    )
    host = EVERYWHERE if settings.lan else LOOPBACK
    interfaces = () if settings.lan else (LOOPBACK,)
    port = settings.ship_port or _port_of_last_time(store, host)
    return Nameplate(identity, announcement, Network(host, port, interfaces=interfaces))


def _identity(folder: Path, store: Store) -> Identity:
    known = store.fact(OUR_SKI)
    if known is not None and not any(folder.glob("*.pem")):
        raise IdentityLostError(
            f"The key of SKI {known} is not in {folder}. Every paired device knows this gateway "
            f"by it: restore the folder from a backup, or delete the whole state directory to "
            f"start with a new key, and pair every device again."
        )
    identity = load_or_create(folder, "Volthus CEM")
    if known not in (None, identity.ski):
        logger.warning("SKI changed", extra={"was": known, "is": identity.ski})
    if known != identity.ski:
        _remember(store, identity.ski)
    return identity


def _remember(store: Store, ski: str) -> None:
    try:
        store.remember(OUR_SKI, ski)
    except RefusedError as error:  # the key is on disk; the fact only guards against its loss
        logger.warning("fact not kept", extra={"fact": OUR_SKI, "error": error.detail})


def _port_of_last_time(store: Store, host: str) -> int:
    """Return the port chargers may have written down, 0 (any) when it is taken now."""
    port = int(store.fact(SHIP_PORT) or 0)
    if port:
        try:
            socket.create_server((host, port)).close()
        except OSError as error:
            logger.warning(
                "SHIP port of last time taken", extra={"port": port, "error": str(error)}
            )
            return 0
    return port
