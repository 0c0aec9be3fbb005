"""A site as a list shows it, and why somebody should look at it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

LOST_AFTER_S = 600.0  # a site that is silent for longer is more than a hiccup
ALARM, WARNING = "alarm", "warning"
WEIGHTS = {ALARM: 10, WARNING: 1}
UNKNOWN = -1e12  # stands before all that is known


class Doing(StrEnum):
    """What a site does, the most telling first."""

    OFFLINE = "offline"
    CHARGING = "charging"
    PLUGGED = "plugged"  # a car is there, none charges
    IDLE = "idle"  # no car
    OFF = "off"  # energy management is off


@dataclass(frozen=True, slots=True)
class Concern:
    """A reason to look at a site. code: of a notice, or ours (docs/words.md)."""

    code: str
    severity: str  # alarm or warning


@dataclass(frozen=True, slots=True)
class Told:
    """What the site's last picture says, in short. None = it does not know.

    load_percent: of its fuse, on the phase that carries most. overload_s: since its CEM started.
    """

    version: str = ""
    is_managed: bool = False
    load_management: str = ""
    charging_w: float | None = None
    grid_w: float | None = None  # import positive
    sun_w: float | None = None
    load_percent: float | None = None
    chargers: int = 0
    plugged: int = 0
    charging: int = 0
    alarms: int = 0
    concerns: tuple[Concern, ...] = ()
    overload_s: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What people wrote of a site. revision 0: nothing yet."""

    name: str = ""  # instead of the site's own; "" = that one
    tags: tuple[str, ...] = ()
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    notes: str = ""
    revision: int = 0


BLANK = Entry()


@dataclass(frozen=True, slots=True)
class Row:
    """One site. place: latitude and longitude, written or told by the site itself.

    overload_s: of the last seven days. rank: how much it needs attention, 0 = not at all.
    """

    site: str
    tenant: str | None
    name: str
    is_online: bool
    last_seen_s: float
    told: Told | None
    entry: Entry = BLANK
    place: tuple[float, float] | None = None
    overload_s: float = 0.0
    doing: Doing = Doing.OFFLINE
    concerns: tuple[Concern, ...] = ()
    rank: int = 0
    text: str = field(default="", repr=False)  # what a search looks through
    # What lists are in the order of, beside the above: made once, compared ten thousand times.
    folded_name: str = field(default="", repr=False)
    power_w: float = field(default=UNKNOWN, repr=False)
    load_percent: float = field(default=UNKNOWN, repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a site before it is weighed. silent_s: None = not heard since our start."""

    site: str
    tenant: str | None
    own_name: str
    is_online: bool
    silent_s: float | None
    last_seen_s: float
    told: Told | None
    own_place: tuple[float, float] | None = None


def row(heard: Heard, entry: Entry = BLANK, overload_s: float = 0.0) -> Row:
    """Return a site as lists show it."""
    concerns = tuple(_concerns(heard, overload_s))
    name = entry.name or heard.own_name
    written = None
    if entry.latitude is not None and entry.longitude is not None:
        written = entry.latitude, entry.longitude
    return Row(
        site=heard.site,
        tenant=heard.tenant,
        name=name,
        is_online=heard.is_online,
        last_seen_s=heard.last_seen_s,
        told=heard.told,
        entry=entry,
        place=written or heard.own_place,
        overload_s=overload_s,
        doing=_doing(heard),
        concerns=concerns,
        rank=sum(WEIGHTS.get(concern.severity, 0) for concern in concerns),
        text=" ".join((name, heard.own_name, heard.site, entry.address, *entry.tags)).casefold(),
        folded_name=name.casefold(),
        power_w=_known(heard.told.charging_w if heard.told else None),
        load_percent=_known(heard.told.load_percent if heard.told else None),
    )


def _known(value: float | None) -> float:
    return UNKNOWN if value is None else float(value)


def _doing(heard: Heard) -> Doing:
    told = heard.told
    if not heard.is_online or told is None:
        return Doing.OFFLINE
    if told.charging:
        return Doing.CHARGING
    if not told.is_managed:
        return Doing.OFF
    return Doing.PLUGGED if told.plugged else Doing.IDLE


def _concerns(heard: Heard, overload_s: float) -> Iterator[Concern]:
    if not heard.is_online:
        is_lost = heard.silent_s is None or heard.silent_s > LOST_AFTER_S
        yield Concern("site-offline", ALARM if is_lost else WARNING)
    if overload_s > 0:
        yield Concern("overload", ALARM)
    # What a silent site said last may be over; that it is silent is what counts.
    if heard.is_online and heard.told is not None:
        yield from heard.told.concerns
