"""The mDNS entries seen, and which nodes they stand for. Bounded; no network, no clock."""

from collections.abc import Callable

from eebus.events import Event, Peer, PeerFound, PeerLost
from eebus.transport.dialler import Address

MAX_ENTRIES = 256  # a network full of nonsense costs no more memory than this
MAX_HOSTS = 8  # addresses of one entry, and of one SKI

Tell = Callable[[Event], None]


class Entries:
    """The entries by instance name, and the peers they announce by SKI.

    tell: gets PeerFound and PeerLost. is_wanted: whether a SKI is to be kept even when nonsense
    has filled the list.
    """

    def __init__(self, own_ski: str, tell: Tell, is_wanted: Callable[[str], bool]) -> None:
        self.peers: dict[str, Peer] = {}
        self._own_ski = own_ski
        self._tell = tell
        self._is_wanted = is_wanted
        self._entries: dict[str, tuple[Peer, tuple[str, ...]]] = {}  # the newest last
        self._unheard: set[str] = set()  # of an earlier look, not heard again yet

    def addresses(self, ski: str) -> tuple[Address, ...]:
        """Return where a SKI announces to be, the newest entry first.

        Several entries may claim it: one left behind by a crash, or a lie. TLS tells who is.
        """
        found = [
            Address(host, peer.port, peer.path)
            for peer, hosts in reversed(self._entries.values())
            if peer.ski == ski
            for host in hosts
        ]
        return tuple(dict.fromkeys(found))[:MAX_HOSTS]

    def has(self, name: str) -> bool:
        """Whether an entry is known."""
        return name in self._entries

    def put(self, name: str, peer: Peer, hosts: tuple[str, ...]) -> None:
        """Take in what an entry says now; ourselves and what is too much are left out."""
        before = self._entries.get(name)
        limit = 2 * MAX_ENTRIES if self._is_wanted(peer.ski) else MAX_ENTRIES
        if peer.ski == self._own_ski or (before is None and len(self._entries) >= limit):
            return
        if before is not None and before[0].ski != peer.ski:
            self.remove(name)
        self._unheard.discard(name)
        if before == (peer, hosts) and self.peers.get(peer.ski) == peer:
            return
        self._entries.pop(name, None)
        self._entries[name] = (peer, hosts)
        if self.peers.get(peer.ski) != peer:
            self.peers[peer.ski] = peer
            self._tell(PeerFound(peer))

    def remove(self, name: str) -> None:
        """Forget an entry. The peer stays as long as another entry announces it."""
        gone = self._entries.pop(name, None)
        self._unheard.discard(name)
        if gone is None:
            return
        ski = gone[0].ski
        left = [peer for peer, _ in self._entries.values() if peer.ski == ski]
        if not left:
            del self.peers[ski]
            self._tell(PeerLost(ski))
        elif self.peers[ski] != left[-1]:
            self.peers[ski] = left[-1]
            self._tell(PeerFound(left[-1]))

    def look_anew(self) -> None:
        """Note that a new look begins, which knows nothing of farewells said meanwhile."""
        self._unheard = set(self._entries)

    def drop_unheard(self) -> None:
        """Forget what the new look has not found again."""
        for name in list(self._unheard):
            self.remove(name)
