"""What every side of the use cases has in common: one device of ours, one conversation per peer.

A role brings features, announces use cases, judges writes and follows peers; a side is a device
with its roles. Sans I/O; times are monotonic seconds of one clock.
"""

from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.local import Announcement, LocalDevice, Write
from eebus.spine.values import Item
from eebus.usecases.conversation import Conversation, Part
from eebus.usecases.device import beat
from eebus.usecases.owner import Owner


class Role(Protocol):
    """One thing a device can be for others."""

    def announcements(self) -> Sequence[Announcement]:
        """Return the use cases it offers."""

    def owns(self, write: Write) -> bool:
        """Whether it is its data a peer wants to write."""

    def accept(self, write: Write, now: float) -> None:
        """Raise RefusedError when a write must not stand."""

    def wrote(self, write: Write, now: float) -> None:
        """Take note of a write that stands."""

    def part(self, talk: Conversation) -> Part | None:
        """Return what follows a peer, None when nothing has to."""

    def left(self, ski: str) -> None:
        """Forget the part that followed a peer: the conversation is over."""

    def watch(self, now: float) -> None:
        """Do what time asks for towards nobody in particular."""


P = TypeVar("P", bound=Part)


class Reader(Generic[P]):
    """A role that serves nothing a peer could write, and follows each of them."""

    def __init__(self, follow: Callable[[Conversation], P]) -> None:
        """Take the role on. follow: makes what follows a peer for one conversation."""
        self.followers: dict[str, P] = {}
        self._follow = follow

    def owns(self, write: Write) -> bool:  # noqa: ARG002 - the role's protocol
        """Whether it is ours to be written: nothing is."""
        return False

    def accept(self, write: Write, now: float) -> None:
        """Never asked."""

    def wrote(self, write: Write, now: float) -> None:
        """Never told."""

    def part(self, talk: Conversation) -> Part:
        """Follow a peer."""
        follower = self._follow(talk)
        self.followers[talk.ski] = follower
        return follower

    def left(self, ski: str) -> None:
        """Forget what followed the peer."""
        self.followers.pop(ski, None)

    def watch(self, now: float) -> None:
        """Nothing to do: followers are asked one by one."""


class Side:
    """A device of ours and its conversations."""

    def __init__(
        self,
        address: str,
        device_type: str,
        manufacturer: Item,
        owner: Owner,
        *,
        lenient: bool = True,
    ) -> None:
        """Build the device. address: its SPINE address, constant for life; lenient: LocalDevice."""
        self.local = LocalDevice(
            address, device_type, manufacturer, accept_write=self._accept, lenient=lenient
        )
        self.local.wrote = self._wrote
        self.owner = owner
        self.roles: list[Role] = []
        self.talks: dict[str, Conversation] = {}
        self._now = 0.0  # of what we are at: writes come in the middle of it

    def add(self, role: Role) -> None:
        """Take a role on; before the first conversation."""
        self.roles.append(role)

    def announce(self) -> None:
        """Announce the use cases of all roles."""
        self.local.announce([each for role in self.roles for each in role.announcements()])

    def opened(self, ski: str, send: Callable[[str], None], now: float) -> None:
        """Start the conversation with a peer; an older one with it is over."""
        self.closed(ski, now)
        talk = Conversation(self.local, ski, send, self.owner)
        talk.parts = [part for role in self.roles if (part := role.part(talk)) is not None]
        self.talks[ski] = talk
        talk.start(now)

    def received(self, ski: str, raw: object, now: float) -> None:
        """Take in a payload: decoded JSON, still in EEBUS-JSON shape. Never raises for nonsense."""
        self._now = now
        talk = self.talks.get(ski)
        if talk is not None:
            talk.session.receive(raw, now)

    def closed(self, ski: str, now: float) -> None:
        """End the conversation."""
        talk = self.talks.pop(ski, None)
        if talk is not None:
            talk.session.close(now)
            for role in self.roles:
                role.left(ski)

    def tick(self, ski: str, now: float) -> None:
        """Do what time asks for towards a peer; call it at least once a second."""
        talk = self.talks.get(ski)
        if talk is not None:
            talk.tick(now)

    def beat_at(self, ski: str) -> float | None:
        """Return when a heartbeat of a peer came last; None = never on this connection."""
        talk = self.talks.get(ski)
        return None if talk is None else talk.beat_at

    def watch(self, now: float) -> None:
        """Do what time asks for towards nobody in particular; at least once a second."""
        for role in self.roles:
            role.watch(now)

    def beat(self, at: datetime, but: Container[str] = ()) -> None:
        """Send one heartbeat to all who listen, but these SKIs; every 2 s."""
        beat(self.local, at, but)

    def _accept(self, write: Write) -> None:
        for role in self.roles:
            if role.owns(write):
                role.accept(write, self._now)
                return
        raise RefusedError(ErrorNumber.COMMAND_REJECTED, f"{write.function} is ours to write")

    def _wrote(self, write: Write) -> None:
        for role in self.roles:
            if role.owns(write):
                role.wrote(write, self._now)
