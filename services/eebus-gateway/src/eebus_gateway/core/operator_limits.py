"""The grid operator's limits as they stand: what the library's machine says, as others need it.

Pure. The machine itself (LPC, LPP with all its timers) is the library's; here its word becomes
a record with a name, a beginning and an end on the wall clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from eebus.events import PowerControlChanged
from eebus.usecases.limitation.machine import Failsafe

KINDS: Final = ("lpc", "lpp")
LONGEST_S: Final = 50 * 365 * 86_400.0  # "for ever" is told as the year 9999, where dates end
SAME_END: Final = timedelta(seconds=1)  # an end told as a rest of time wobbles when told again


@dataclass(frozen=True, slots=True)
class Box:
    """Who limits us: a control box or a leading energy manager. heard: its last heartbeat."""

    ski: str
    name: str
    is_connected: bool
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class OperatorLimit:
    """One kind of limit, now. limit_w None = no limit; until None = until further notice."""

    kind: str
    box: Box
    state: str
    limit_w: float | None
    until: datetime | None
    failsafe: Failsafe
    since: datetime

    @property
    def news(self) -> tuple[object, ...]:
        """Return what others want to know at once when it changes; a heartbeat is no news."""
        box = replace(self.box, heard=None)
        return self.kind, box, self.state, self.limit_w, self.until, self.failsafe


def standing(
    before: OperatorLimit | None,
    told: PowerControlChanged,
    failsafe: Failsafe,
    box: Box,
    now: datetime,
) -> OperatorLimit:
    """Return the limit as it stands at `now` (wall clock); before: as it stood last."""
    until, rest_s = None, told.remaining_s
    if rest_s is not None and rest_s <= LONGEST_S:
        until = now + timedelta(seconds=rest_s)
    since = now
    if before is not None:
        since = before.since if before.state == told.state else now
        if until is not None and before.until is not None and abs(until - before.until) < SAME_END:
            until = before.until
    return OperatorLimit(told.kind, box, told.state, told.limit_w, until, failsafe, since)
