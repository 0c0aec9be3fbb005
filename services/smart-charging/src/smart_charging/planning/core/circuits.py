"""What sub-circuits leave the cars that stand below them. Pure.

The planner knows the room of three phases, and no tree of fuses. Where all planned cars stand below
a circuit its room is theirs, exactly. Where only some do, each may count on an even share of it
(but on its least power, if that fits): too little rather than too much. Who gets how much when is
for the site to decide, each second.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.planning.core.needs import Role, Wish
from smart_charging.planning.core.site import Session, Site


def enclose(site: Site, wishes: Sequence[Wish], taken: Mapping[str, Floats], room: Floats) -> None:
    """Lower the room [3, slots] to that of the circuits which all planned cars stand below.

    taken: what cars that are not planned draw (kW by slot), by session.
    """
    for circuit in _of_all(site, wishes):
        left = np.full(room.shape, site.circuits[circuit])
        for wish in wishes:
            draws = taken.get(wish.session.id)
            if draws is not None and circuit in site.above(wish.session):
                left[phases_of(wish.session)] -= draws / wish.session.phases.bit_count()
        np.minimum(room, left, out=room)


def most_kw(site: Site, session: Session, wishes: Sequence[Wish]) -> float:
    """Return what a car may count on beside the others below its circuits."""
    most = session.most_kw
    everybodys = _of_all(site, wishes)
    for circuit in site.above(session):
        whole = site.circuits[circuit] * session.phases.bit_count()
        part = whole
        if circuit not in everybodys:
            crowd = sum(circuit in site.above(wish.session) for wish in wishes if _draws(wish))
            part = whole / max(1, crowd)
            if whole >= session.least_kw:
                part = max(part, session.least_kw)
        most = min(most, part)
    return max(0.0, most)


def phases_of(session: Session) -> list[int]:
    """Return the phases that a session loads, L1 = 0."""
    return [phase for phase in range(3) if session.phases >> phase & 1]


def _of_all(site: Site, wishes: Sequence[Wish]) -> set[str]:
    """Return the circuits that every planned car stands below."""
    if not site.circuits:
        return set()
    ways = [set(site.above(wish.session)) for wish in wishes if wish.is_planned]
    return set.intersection(*ways) if ways else set()


def _draws(wish: Wish) -> bool:
    return wish.is_planned or wish.role is Role.RESERVED
