"""Who gets a release when: rings of sites, by their ids or their tags. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Ring:
    """Some sites. soak_s: how long all must be well in it before the next one begins."""

    name: str
    tags: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    soak_s: int = DAY_S

    @property
    def takes_all(self) -> bool:
        """Whether it is the ring of everybody who is in none before."""
        return not self.tags and not self.sites


USUAL = (
    Ring("canary", ("canary",)),
    Ring("early", ("early",), soak_s=2 * DAY_S),
    Ring("all", soak_s=DAY_S),
)


def problem(rings: tuple[Ring, ...]) -> str | None:
    """Return what is wrong with rings, in one English sentence; None = nothing."""
    if not rings or not rings[-1].takes_all:
        return "The last ring takes everybody: it names no tags and no sites."
    if any(ring.takes_all for ring in rings[:-1]):
        return "Only the last ring may take everybody."
    if len({ring.name for ring in rings}) < len(rings):
        return "Two rings have the same name."
    return None


def ring_of(site: str, tags: Collection[str], rings: tuple[Ring, ...]) -> int:
    """Return the number of the first ring that a site is in."""
    for number, ring in enumerate(rings):
        if site in ring.sites or not set(ring.tags).isdisjoint(tags) or ring.takes_all:
            return number
    return len(rings) - 1
