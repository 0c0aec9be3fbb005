"""Whom the site trusts and whom it merely sees (A9 to A13). No I/O, no clock."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from eebus.events import DeviceDescribed, Peer
from eebus_gateway.core.abilities import Ability, role_of
from eebus_gateway.core.ski import parse_ski
from eebus_gateway.errors import CommandRefusedError

MOST_CHARGERS = 100  # A13, our own target
LONGEST_NAME = 64
LONGEST_HOST = 253  # of a name in DNS
CHARGING_STATION = "ChargingStation"

# SPINE device types that are certainly no charger; makers are free in what they announce.
OTHER_TYPES = frozenset(
    {
        "EnergyManagementSystem",
        "ElectricitySupplySystem",
        "Inverter",
        "SubMeter",
        "HeatGenerationSystem",
        "HeatSinkSystem",
        "HeatStorageSystem",
        "HVACController",
        "EnvironmentSensor",
        "Dishwasher",
        "Dryer",
        "Washer",
    }
)


@dataclass(frozen=True, slots=True)
class Paired:
    """A device the user trusts, and what must be known of it while it is away."""

    ski: str
    name: str = ""  # given by the user; empty = unnamed
    ship_id: str | None = None  # learned at the first connection
    host: str | None = None  # entered by hand; None = found by mDNS
    port: int | None = None
    own: bool = False  # the charger this site's programs run on (A12)
    brand: str = ""
    model: str = ""
    type: str = ""
    serial: str = ""
    fallback_a: float | None = None  # of the last lease; None = we hold no limit there
    abilities: frozenset[Ability] = frozenset()  # by what it announced; empty = not known yet

    @property
    def is_charger(self) -> bool:
        """Whether limits can be meant for it; what does not say what it is may be one."""
        if self.abilities:
            return Ability.CHARGER in self.abilities
        return self.type not in OTHER_TYPES

    @property
    def is_grid_meter(self) -> bool:
        """Whether it measures the grid connection point."""
        return Ability.METER in self.abilities

    @property
    def is_control_box(self) -> bool:
        """Whether it may tell us limits of the grid operator."""
        return Ability.CONTROL_BOX in self.abilities

    @property
    def is_appliance(self) -> bool:
        """Whether it can be limited as a whole; a charger is limited by its currents."""
        return Ability.APPLIANCE in self.abilities and not self.is_charger

    @property
    def role(self) -> str:
        """Return the one word people see; empty = not known yet."""
        if not self.abilities and self.type == CHARGING_STATION:
            return Ability.CHARGER.value
        return role_of(self.abilities)


@dataclass(frozen=True, slots=True)
class Wish:
    """A user's wish to pair, as it was typed."""

    ski: str
    name: str = ""
    host: str = ""  # empty: the device is expected to be visible
    port: int = 0


def found(
    visible: Iterable[Peer], requesting: Collection[str], paired: Collection[str], me: str
) -> list[Peer]:
    """Return the devices a user may pair: seen or asking, not paired, not ourselves.

    requesting: SKIs that trust us and wait; one that does not announce itself is listed too.
    """
    seen = {peer.ski: peer for peer in visible}
    for ski in requesting:
        seen.setdefault(ski, Peer(ski, None, None, None, None, host="", port=0))
    return [seen[ski] for ski in sorted(seen) if ski != me and ski not in paired]


def admit(
    wish: Wish,
    *,
    book: Mapping[str, Paired],
    reachable: Mapping[str, Peer],
    me: str,
    own_ski: str | None,
) -> Paired:
    """Return the pairing that fulfils the wish; one that exists is kept and amended.

    reachable: what `found` lists, by SKI, and everything paired. Raises CommandRefusedError
    `invalid-ski`, `invalid-name`, `invalid-host`, `own-ski`, `unknown-ski` or `site-full`.
    """
    ski, name = parse_ski(wish.ski), parse_name(wish.name)
    address = _address(wish)
    if ski == me:
        raise CommandRefusedError(
            "own-ski", f"{ski} is the SKI of this energy manager itself.", field="/ski", ski=ski
        )
    if (known := book.get(ski)) is not None:
        host, port = address or (known.host, known.port)
        return replace(known, name=name or known.name, host=host, port=port)
    if address is None and ski not in reachable:
        raise CommandRefusedError(
            "unknown-ski",
            f"No device {ski} is visible on the network; give its host and port to reach it.",
            field="/ski",
            ski=ski,
        )
    _check_room(book)
    host, port = address or (None, None)
    peer = reachable.get(ski)
    paired = Paired(ski, name=name, host=host, port=port, own=ski == own_ski)
    return paired if peer is None else announced(paired, peer)


def announced(paired: Paired, peer: Peer) -> Paired:
    """Return the pairing with the blanks filled from what the peer announces by mDNS."""
    return replace(
        paired,
        brand=paired.brand or peer.brand or "",
        model=paired.model or peer.model or "",
        type=paired.type or peer.type or "",
        serial=paired.serial or peer.serial or "",
    )


def described(paired: Paired, told: DeviceDescribed) -> Paired:
    """Return the pairing with what the device says of itself, which goes before mDNS."""
    return replace(
        paired,
        brand=told.brand or paired.brand,
        model=told.model or paired.model,
        type=told.device_type or paired.type,
        serial=told.serial or paired.serial,
    )


def parse_name(text: str) -> str:
    """Return a name fit to show. Raises CommandRefusedError `invalid-name`."""
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise CommandRefusedError(
            "invalid-name",
            f"A name has at most {LONGEST_NAME} printable characters.",
            field="/name",
            most=LONGEST_NAME,
        )
    return name


def _address(wish: Wish) -> tuple[str, int] | None:
    host = wish.host.strip()
    if not host and not wish.port:
        return None
    if not host or len(host) > LONGEST_HOST or any(c.isspace() or c in "/\\@?#" for c in host):
        raise CommandRefusedError(
            "invalid-host",
            f"{wish.host[:60]!r} is no host name or IP address.",
            field="/host",
            host=wish.host[:60],
        )
    if not 1 <= wish.port <= 65535:
        raise CommandRefusedError(
            "invalid-host",
            f"Port {wish.port} cannot be; 1 to 65535 is expected.",
            field="/port",
            port=wish.port,
        )
    return host, wish.port


def _check_room(book: Mapping[str, Paired]) -> None:
    if sum(device.is_charger for device in book.values()) >= MOST_CHARGERS:
        raise CommandRefusedError(
            "site-full",
            f"The site has {MOST_CHARGERS} chargers, as many as it takes; unpair one first.",
            most=MOST_CHARGERS,
        )
