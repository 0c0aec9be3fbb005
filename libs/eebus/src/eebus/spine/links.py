"""Who listens to our features and who may write them (spine.md section 6).

Entries live as long as the connection they came over, and no longer than our entity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from eebus.spine.addresses import EntityAddress, FeatureAddress, is_below
from eebus.spine.errors import ErrorNumber, RefusedError

MAX_LINKS: Final = 256  # of each kind and peer


@dataclass(frozen=True, slots=True)
class Link:
    """A subscription or a binding of a peer's client feature to one of our server features.

    number: by which the peer may name it too.
    """

    number: int
    ski: str
    client: FeatureAddress  # as claimed: it may come before we know the peer's tree
    server: FeatureAddress

    def joins(self, ski: str, client: FeatureAddress, server: FeatureAddress) -> bool:
        """Whether it links these two, whatever devices are written or left out."""
        return (
            self.ski == ski
            and _place(self.client) == _place(client)
            and _place(self.server) == _place(server)
        )


class Links:
    """All subscriptions, or all bindings, of all peers."""

    def __init__(self, *, exclusive: bool, lenient: bool) -> None:
        """Start empty.

        exclusive: one entry per server feature (bindings). lenient: a repeated request is fine;
        else it is refused as the reference does.
        """
        self._entries: list[Link] = []
        self._numbers = count()
        self._exclusive = exclusive
        self._lenient = lenient

    def add(self, ski: str, client: FeatureAddress, server: FeatureAddress) -> None:
        """Enter a link. Raises RefusedError when there is one already, or far too many."""
        if self.has(ski, client, server):
            if self._lenient:
                return
            raise RefusedError(ErrorNumber.GENERAL_ERROR, "this link is already present")
        if self._exclusive and any(self.to(server)):
            raise RefusedError(ErrorNumber.GENERAL_ERROR, "the feature already has a binding")
        if sum(each.ski == ski for each in self._entries) >= MAX_LINKS:
            raise RefusedError(ErrorNumber.OVERLOAD, "too many links")
        self._entries.append(Link(next(self._numbers), ski, client, server))

    def has(self, ski: str, client: FeatureAddress, server: FeatureAddress) -> bool:
        """Whether the two are linked."""
        return any(each.joins(ski, client, server) for each in self._entries)

    def remove(self, ski: str, client: FeatureAddress, server: FeatureAddress) -> None:
        """Remove a link. A part left out of an address means all (spine.md section 6)."""
        self._entries = [
            each
            for each in self._entries
            if each.ski != ski
            or not _matches(each.client, client)
            or not _matches(each.server, server)
        ]

    def remove_number(self, ski: str, number: int) -> None:
        """Remove the link a peer names by its number; of others it names none."""
        self._entries = [each for each in self._entries if (each.ski, each.number) != (ski, number)]

    def to(self, server: FeatureAddress) -> Iterator[Link]:
        """Yield the links to one of our features."""
        place = _place(server)
        return (each for each in self._entries if _place(each.server) == place)

    def of(self, ski: str) -> list[Link]:
        """Return one peer's links."""
        return [each for each in self._entries if each.ski == ski]

    def drop_peer(self, ski: str, entity: EntityAddress = ()) -> None:
        """Forget a peer's links, or those from one of its entities and what is below."""
        self._entries = [
            each
            for each in self._entries
            if each.ski != ski or not is_below(each.client.entity, entity)
        ]

    def drop_server(self, entity: EntityAddress) -> None:
        """Forget all links to one of our entities: the car they were for has left."""
        self._entries = [each for each in self._entries if not is_below(each.server.entity, entity)]


def _place(address: FeatureAddress) -> tuple[EntityAddress, int | None]:
    return address.entity, address.feature


def _matches(address: FeatureAddress, pattern: FeatureAddress) -> bool:
    return (not pattern.entity or pattern.entity == address.entity) and (
        pattern.feature is None or pattern.feature == address.feature
    )
