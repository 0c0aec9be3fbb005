"""Our side towards the grid operator's control box: what is offered, what stands. Knows no bus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from eebus.cem import Cem
from eebus.usecases.limitation.machine import MIN_FAILSAFE_DURATION_S, Failsafe
from eebus.usecases.limitation.system import SystemProfile
from eebus_gateway.core.operator_limits import KINDS, Box, OperatorLimit, standing
from eebus_gateway.core.trust import Paired
from eebus_gateway.store import FAILSAFE
from volthus_kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Offered:
    """What we are to others: a system that can be limited (None = no), a guard of appliances."""

    profile: SystemProfile | None
    guards: bool


NOTHING_OFFERED: Final = Offered(None, guards=False)


def offered(
    fact: Callable[[str], str | None], nominal_w: float, *, power_limits: bool, guards: bool
) -> Offered:
    """Return what to offer, with the failsafe values a control box wrote before our restart.

    fact: what the store remembers under a name. The system is offered before any control box is
    paired: a box looks for it at its first connection, when nobody knows yet that it is one.
    """
    if not power_limits:
        return Offered(None, guards)
    kept = {kind: known for kind in KINDS if (known := _read(fact(FAILSAFE.format(kind=kind))))}
    longest_s = max((each.duration_s for each in kept.values()), default=MIN_FAILSAFE_DURATION_S)
    profile = SystemProfile(
        dict.fromkeys(KINDS, nominal_w),
        {kind: each.power_w for kind, each in kept.items()},
        longest_s,
    )
    return Offered(profile, guards)


class Operator:
    """The grid operator's limits as the library's machine sees them, as records."""

    def __init__(self, cem: Cem, clock: Clock) -> None:
        self._cem = cem
        self._clock = clock
        self._standing: dict[str, OperatorLimit] = {}

    def limits(
        self, book: Mapping[str, Paired], connections: Mapping[str, bool]
    ) -> tuple[OperatorLimit, ...]:
        """Return what stands now, by kind; empty while no control box is paired."""
        box = self._box(book, connections)
        if box is None:
            self._standing.clear()
            return ()
        return tuple(limit for kind in KINDS if (limit := self._limit(kind, box)) is not None)

    def failsafe_facts(self) -> dict[str, str]:
        """Return the failsafe values as the store keeps them, by name."""
        held = {kind: self._cem.failsafe(kind) for kind in KINDS}
        return {
            FAILSAFE.format(kind=kind): f"{each.power_w} {each.duration_s}"
            for kind, each in held.items()
            if each is not None
        }

    def offer(self, nominal_w: float | None, failsafe: Failsafe | None) -> None:
        """Tell boxes another contract power, or failsafe values; None leaves them as they are."""
        powers_w = {} if nominal_w is None else dict.fromkeys(KINDS, nominal_w)
        held = {} if failsafe is None else {"lpc": failsafe}
        self._cem.offer(powers_w, held)

    def _limit(self, kind: str, box: Box) -> OperatorLimit | None:
        told, failsafe = self._cem.power_control(kind), self._cem.failsafe(kind)
        if told is None or failsafe is None:
            return None
        before = self._standing.get(kind)
        self._standing[kind] = standing(before, told, failsafe, box, self._clock.now())
        return self._standing[kind]

    def _box(self, book: Mapping[str, Paired], connections: Mapping[str, bool]) -> Box | None:
        """Return who wrote last, else a paired box, one that is connected first."""
        told = self._cem.power_control()
        if told is None:
            return None
        boxes = sorted(
            (paired for paired in book.values() if paired.is_control_box or told.ski == paired.ski),
            key=lambda each: (each.ski != told.ski, not connections.get(each.ski), each.ski),
        )
        if not boxes:
            return None
        age_s = self._cem.heartbeat_age_s(boxes[0].ski)
        heard = None if age_s is None else self._clock.now() - timedelta(seconds=age_s)
        is_connected = connections.get(boxes[0].ski, False)
        return Box(boxes[0].ski, boxes[0].name, is_connected, heard)


def _read(kept: str | None) -> Failsafe | None:
    if kept is None:
        return None
    power_w, duration_s = kept.split()
    return Failsafe(float(power_w), float(duration_s))
