"""Whose turn it is: who waits at the plug goes before a fleet that is planned anew. Pure."""

from collections.abc import Iterable
from enum import IntEnum

CROWD = 4  # turns full of persons: from there on what a turn costs by itself counts
BULK_SHARE = 8  # one in so many turns is the fleet's, whatever is urgent


class Urgency(IntEnum):
    """Lower goes first."""

    PERSON = 0  # somebody plugged in or changed a goal
    FLEET = 1  # new prices, a new forecast, an hour has passed


class Queue:
    """Sites in order of coming, each once; in two rows, the urgent one first."""

    def __init__(self) -> None:
        self._rows: tuple[dict[str, float], dict[str, float]] = ({}, {})

    def __len__(self) -> int:
        return sum(map(len, self._rows))

    def push(self, site: str, urgency: Urgency, since_s: float) -> None:
        """Let a site wait since an instant; who waits already keeps its place."""
        person, fleet = self._rows
        if urgency is Urgency.FLEET:
            if site not in person:
                fleet.setdefault(site, since_s)
            return
        fleet.pop(site, None)
        person.setdefault(site, since_s)

    def drop(self, site: str) -> None:
        """Let a site wait no more."""
        for row in self._rows:
            row.pop(site, None)

    def take(self, most: int, most_of_many: int | None = None) -> list[tuple[str, float]]:
        """Return the sites whose turn it is, and since when they wait.

        Where a person waits, few of the fleet come along, so that the turn is short. most_of_many:
        how many may come where none does, or so many do that short turns would only take longer in
        sum; as many by default.
        """
        person, fleet = self._rows
        many = most if most_of_many is None else most_of_many
        if not person:
            return _first(fleet, many)
        if len(person) > CROWD * most:
            most = many
        kept = min(len(fleet), max(1, most // BULK_SHARE))
        return _first(person, most - kept) + _first(fleet, kept)

    def sites(self) -> Iterable[str]:
        """Return who waits."""
        return [*self._rows[0], *self._rows[1]]


def _first(row: dict[str, float], most: int) -> list[tuple[str, float]]:
    taken = [item for item, _ in zip(row.items(), range(most), strict=False)]
    for site, _ in taken:
        del row[site]
    return taken
