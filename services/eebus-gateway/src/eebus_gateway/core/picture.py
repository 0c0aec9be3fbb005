"""What people see of EEBUS: ourselves, the devices found, the devices paired. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from eebus.events import ConnectionChanged, Peer
from eebus_gateway.core.trust import Paired, found


@dataclass(frozen=True, slots=True)
class Us:
    """The gateway itself, as other devices and their users find it."""

    ski: str
    ship_id: str
    brand: str
    model: str
    qr_text: str
    port: int
    certificate_ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Discovered:
    """A device that may be paired. requests_pairing: it waits for our user."""

    peer: Peer
    requests_pairing: bool


@dataclass(frozen=True, slots=True)
class PairedView:
    """A paired device with its dot, and where it is now."""

    paired: Paired
    connection: ConnectionChanged
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it; equal pictures need not be published twice.

    accepts_until: until then the first device that asks is trusted; None = by hand only.
    """

    us: Us
    discovered: tuple[Discovered, ...]
    paired: tuple[PairedView, ...]
    accepts_until: datetime | None = None


def picture(
    us: Us,
    visible: Mapping[str, Peer],
    requesting: Collection[str],
    book: Mapping[str, Paired],
    connections: Mapping[str, ConnectionChanged],
) -> Picture:
    """Put the picture together; connections: of every paired device, by SKI."""
    devices = found(visible.values(), requesting, book, us.ski)
    return Picture(
        us,
        tuple(Discovered(peer, peer.ski in requesting) for peer in devices),
        tuple(paired_view(book[ski], connections[ski], visible.get(ski)) for ski in sorted(book)),
    )


def paired_view(paired: Paired, connection: ConnectionChanged, peer: Peer | None) -> PairedView:
    """Return one paired device; what mDNS says of its address goes before what was typed."""
    if peer is not None:
        return PairedView(paired, connection, peer.host, peer.port)
    return PairedView(paired, connection, paired.host or "", paired.port or 0)
