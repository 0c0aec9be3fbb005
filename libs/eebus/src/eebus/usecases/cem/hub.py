"""All chargers of one CEM: our own device, and a follower per connected peer. Sans I/O."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from eebus.events import Ev, Measured, PerPhase, WriteResult
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.local import Announcement, LocalDevice, Write
from eebus.spine.tree import READ, Entity
from eebus.spine.values import Item
from eebus.usecases import names
from eebus.usecases.cem.follower import ChargerFollower
from eebus.usecases.device import beat, client, entity_of, server
from eebus.usecases.owner import Owner

DEVICE_TYPE: Final = "EnergyManagementSystem"
CLIENTS: Final = (
    names.CLASSIFICATION,
    names.DIAGNOSIS,
    names.CONFIGURATION,
    names.IDENTIFICATION,
    names.ELECTRICAL,
    names.MEASUREMENT,
    names.LOAD_CONTROL,
)
USE_CASES: Final = [
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVSECC, (1, 2)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVCC, (1, 2, 3, 4, 5, 6, 7, 8)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVCEM, (1, 2, 3)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.EVSOC, (1,), version="1.0.0", revision="RC1"),
    Announcement(names.MAIN_ENTITY, names.CEM, names.OPEV, (1, 2, 3)),
    Announcement(names.MAIN_ENTITY, names.CEM, names.OSCEV, (1, 2, 3)),
]


class CemHub:
    """The CEM's side of SPINE and its use cases, for all its peers.

    Times are monotonic seconds of one clock; `send` takes SHIP payload text.
    """

    def __init__(self, address: str, manufacturer: Item, owner: Owner) -> None:
        """Build our device. address: its SPINE device address, constant for life."""
        self.local = LocalDevice(address, DEVICE_TYPE, manufacturer, accept_write=_refuse)
        self._owner = owner
        self._followers: dict[str, ChargerFollower] = {}
        self._own = _cem_entity()
        self.local.add_entity(self._own)
        self.local.announce(USE_CASES)

    def opened(self, ski: str, send: Callable[[str], None], now: float) -> None:
        """Start the conversation with a peer; an older one with it is over."""
        self.closed(ski, now)
        follower = ChargerFollower(self.local, ski, send, self._owner)
        self._followers[ski] = follower
        follower.session.start(now)

    def received(self, ski: str, raw: object, now: float) -> None:
        """Take in a payload: decoded JSON, still in EEBUS-JSON shape. Never raises for nonsense."""
        follower = self._followers.get(ski)
        if follower is not None:
            follower.session.receive(raw, now)

    def closed(self, ski: str, now: float) -> None:
        """End the conversation. What was known of the car is unknown from now on."""
        follower = self._followers.pop(ski, None)
        if follower is not None:
            follower.session.close(now)

    def tick(self, ski: str, now: float) -> None:
        """Do what time asks for towards a peer; call it at least once a second."""
        follower = self._followers.get(ski)
        if follower is not None:
            follower.tick(now)

    def watch(self, now: float) -> None:
        """Do what time asks for towards nobody in particular: nothing."""

    def beat(self, at: datetime) -> None:
        """Send one heartbeat to all who listen; every 2 s."""
        beat(self.local, at)

    def set_failure(self, *, failed: bool) -> None:
        """Tell chargers whether we work: they go to their own safe current if not (OPEV 3)."""
        diagnosis = self._own.server(names.DIAGNOSIS)
        if diagnosis is not None:
            state = "failure" if failed else "normalOperation"
            self.local.put(diagnosis, names.STATE, {"operatingState": state})

    def ev(self, ski: str) -> Ev | None:
        """Return the car, None when none is plugged or the charger is not connected."""
        follower = self._followers.get(ski)
        return follower.ev if follower else None

    def measured(self, ski: str) -> Measured | None:
        """Return the newest measurements, None when there are none."""
        follower = self._followers.get(ski)
        return follower.measured if follower else None

    def limits(self, ski: str, kind: str) -> PerPhase | None:
        """Return the limits the charger last told, A; None = unknown."""
        follower = self._followers.get(ski)
        return follower.limits.get(kind) if follower else None

    def write_limit(
        self,
        ski: str,
        values_a: PerPhase,
        kind: str,
        now: float,
        done: Callable[[WriteResult], None],
    ) -> None:
        """Write limits; `done` is called exactly once, within about 10 s."""
        follower = self._followers.get(ski)
        if follower is None:
            done(WriteResult(ok=False, error_number=None, text="not connected", ms=0.0))
        elif kind not in names.LIMIT_KINDS:
            done(WriteResult(ok=False, error_number=None, text=f"no limits {kind!r}", ms=0.0))
        else:
            follower.write_limit(values_a, kind, now, done)


def _cem_entity() -> Entity:
    clients = [client(names.MAIN_ENTITY, number, type_) for number, type_ in enumerate(CLIENTS, 1)]
    diagnosis = server(
        names.MAIN_ENTITY,
        len(CLIENTS) + 1,
        names.DIAGNOSIS,
        {names.STATE: READ, names.HEARTBEAT: READ},
    )
    diagnosis.contents[names.STATE] = {"operatingState": "normalOperation"}
    return entity_of(names.MAIN_ENTITY, names.CEM, *clients, diagnosis)


def _refuse(write: Write) -> None:
    raise RefusedError(ErrorNumber.COMMAND_REJECTED, f"{write.function} is ours to write")
