"""One paired appliance that may be limited (LPC): events fold into it, writes come out of it.

Pure; `now` is the gateway's monotonic clock in seconds, `wall` the time of day. How many watts it
may draw is the CEM's word, a lease; here that word becomes limits with an end that is moved on
while the word stands. When the lease ends the fallback is written: as with a charger, silence of
the CEM must not leave more than was agreed.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    Event,
    FailsafeChanged,
    HeartbeatChanged,
    Metered,
    NominalPowerChanged,
    PowerLimitChanged,
    WriteResult,
)
from eebus_gateway.core.evse import problem_of

HOLD_S: Final = 900.0  # a limit written ends by itself then, unless it is moved on
MOVE_ON_S: Final = 300.0
SETTLE_S: Final = 1.0  # after a connection: its data are read first
RETRY_S: Final = (2.0, 5.0, 10.0, 30.0, 60.0)  # the last one ever after
CONTRADICTED_S: Final = 10.0
FAILSAFE_AGAIN_S: Final = 600.0
POWER_FRESH_S: Final = 60.0  # meters of appliances tell on change, or once a minute
SAME_W: Final = 1.0
LPC: Final = "lpc"
MPC: Final = "mpc"


class Answer(StrEnum):
    """What came of the last limit written; also the words of the wire."""

    NONE = ""
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a controller offers for one appliance. limit_w None = no limit; until: aware."""

    limit_w: float | None
    until: datetime | None
    ttl_s: float
    epoch: int
    sequence: int
    sent_s: float  # the controller's monotonic clock
    fallback_w: float
    release: bool = False

    @property
    def can_be(self) -> bool:
        """Whether its numbers are numbers a device could be told."""
        powers = (self.fallback_w, 0.0 if self.limit_w is None else self.limit_w)
        return (
            math.isfinite(self.sent_s)
            and 0 < self.ttl_s <= HOLD_S
            and all(math.isfinite(power_w) and power_w >= 0 for power_w in powers)
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A limit as it was asked for last. until: monotonic, None = not active."""

    number: int = 0
    limit_w: float | None = None
    until: float | None = None
    at: float = -math.inf
    answer: Answer = Answer.NONE
    answered_at: float = -math.inf  # of this limit's first acceptance, else of the last refusal
    tries: int = 0
    problem: str = ""

    @property
    def told_answer(self) -> Answer:
        """Return what stands: what was refused stays refused while it is tried again.

        What was accepted stays accepted while its end is moved on.
        """
        if self.answer is not Answer.PENDING:
            return self.answer
        if self.tries:
            return Answer.REFUSED
        return Answer.ACCEPTED if self.answered_at > -math.inf else Answer.PENDING


@dataclass(frozen=True, slots=True)
class Order:
    """A limit to be written now. duration_s: how long it holds by itself; number: names it."""

    number: int
    limit_w: float | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Next:
    """What to do for an appliance, and when to look again at the latest."""

    appliance: "Appliance"
    order: Order | None = None
    failsafe_w: float | None = None
    wake_at: float | None = None


@dataclass(frozen=True, slots=True)
class Appliance:
    """Everything about one paired appliance that is not in the trust store."""

    ski: str
    is_connected: bool = False
    is_heard: bool = True  # until its heart is told to stand still
    lost_at: float | None = None  # since when there is no contact; None = there is, or never was
    connected_at: float = -math.inf
    power_w: float | None = None
    power_at: float = -math.inf
    nominal_w: float | None = None
    failsafe_w: float | None = None
    held: PowerLimitChanged | None = None
    offer: Offer | None = None
    ends_at: float = -math.inf
    written: Written = field(default_factory=Written)
    failsafe_tried: tuple[float, float] = (-1.0, -math.inf)  # W, when

    @property
    def held_w(self) -> float | None:
        """Return the active limit it holds, by its own word; None = none."""
        return self.held.power_w if self.held is not None and self.held.active else None

    def fresh_power_w(self, now: float) -> float | None:
        """Return what it draws, None when nobody can tell."""
        is_fresh = self.is_connected and now - self.power_at <= POWER_FRESH_S
        return self.power_w if is_fresh else None


def fold(appliance: Appliance, event: Event, now: float) -> Appliance:
    """Return the appliance after one event of the EEBUS stack about it."""
    match event:
        case ConnectionChanged(state=state):
            appliance = _connected(appliance, now, is_now=state is ConnectionState.CONNECTED)
        case HeartbeatChanged(ok=ok):
            lost_at = None if ok else _lost(appliance, now)
            appliance = replace(appliance, is_heard=ok, lost_at=lost_at)
        case Metered(use_case="mpc", values=values):
            appliance = replace(appliance, power_w=values.power_w, power_at=now)
        case NominalPowerChanged(consumption_w=nominal_w):
            appliance = replace(appliance, nominal_w=nominal_w)
        case FailsafeChanged(consumption_w=failsafe_w):
            appliance = replace(appliance, failsafe_w=failsafe_w)
        case PowerLimitChanged(kind="lpc"):
            appliance = replace(appliance, held=event)
        case _:
            pass  # discovery, trust and charging are others' business
    return appliance


def offered(appliance: Appliance, offer: Offer, now: float) -> Appliance | None:
    """Take a lease; None for one older than the last of the same controller."""
    last = appliance.offer
    if last is not None and last.epoch == offer.epoch and offer.sequence < last.sequence:
        return None
    ends_at = math.inf if offer.release else now + offer.ttl_s
    return replace(appliance, offer=offer, ends_at=ends_at)


def plan(appliance: Appliance, now: float, wall: datetime) -> Next:
    """Say what to write to the appliance now, if anything, and when to ask again."""
    offer = appliance.offer
    if offer is None:
        return Next(appliance)
    limit_w, end = _wanted(appliance, offer, now, wall)
    failsafe_w = _failsafe_due(appliance, offer, now)
    if failsafe_w is not None:
        appliance = replace(appliance, failsafe_tried=(failsafe_w, now))
    at = _due(appliance, limit_w, end, now)
    wakes = [appliance.ends_at, math.inf if at is None else at]
    if at is None or at > now:
        return Next(appliance, None, failsafe_w, _soonest(wakes, now))
    last = appliance.written
    again = last if last.limit_w == limit_w else Written()
    accepted_at = again.answered_at if again.answer is Answer.ACCEPTED else -math.inf
    written = Written(
        last.number + 1, limit_w, end, now, Answer.PENDING, accepted_at, again.tries, again.problem
    )
    order = Order(written.number, limit_w, None if end is None else end - now)
    asked = replace(appliance, written=written)
    return Next(asked, order, failsafe_w, _soonest([appliance.ends_at], now))


def answered(appliance: Appliance, order: Order, result: WriteResult, now: float) -> Appliance:
    """Return the appliance after the answer to a write; to an older one it means nothing."""
    last = appliance.written
    if last.number != order.number:
        return appliance
    problem = problem_of(result)
    answer = Answer.ACCEPTED if problem is None else Answer.REFUSED
    was_accepted = problem is None and last.answered_at > -math.inf
    written = replace(
        last,
        answer=answer,
        answered_at=last.answered_at if was_accepted else now,
        tries=0 if problem is None else last.tries + 1,
        problem=problem or "",
    )
    return replace(appliance, written=written)


# --- inside --------------------------------------------------------------------------------------


def _connected(appliance: Appliance, now: float, *, is_now: bool) -> Appliance:
    if is_now is appliance.is_connected:
        return appliance
    if not is_now:
        return replace(appliance, is_connected=False, power_w=None, lost_at=_lost(appliance, now))
    return replace(
        appliance,
        is_connected=True,
        is_heard=True,
        lost_at=None,
        connected_at=now,
        written=replace(appliance.written, tries=min(appliance.written.tries, 1)),
        failsafe_tried=(-1.0, -math.inf),
    )


def _lost(appliance: Appliance, now: float) -> float:
    return now if appliance.lost_at is None else appliance.lost_at


def _wanted(
    appliance: Appliance, offer: Offer, now: float, wall: datetime
) -> tuple[float | None, float | None]:
    """Return the limit it should hold (W, None = none) and when that ends (monotonic)."""
    if offer.release:
        return None, None
    if now >= appliance.ends_at:
        return offer.fallback_w, now + HOLD_S
    if offer.limit_w is None:
        return None, None
    left_s = math.inf if offer.until is None else (offer.until - wall).total_seconds()
    return offer.limit_w, now + max(1.0, min(HOLD_S, left_s))


def _due(
    appliance: Appliance, limit_w: float | None, end: float | None, now: float
) -> float | None:
    """Return when to write; None = it is as it should be."""
    last = appliance.written
    if last.answer is Answer.PENDING:
        return None  # its answer is due in 10 s, and is followed by another look
    if last.limit_w != limit_w:
        return max(now, appliance.connected_at + SETTLE_S)
    if last.answer is Answer.REFUSED:
        return _retry_at(appliance, last)
    if last.answer is Answer.NONE or end is None:
        return None  # no limit: who greets it tells it so
    if appliance.is_connected and _is_contradicted(appliance, limit_w):
        return last.at + CONTRADICTED_S
    is_final = last.until is not None and end <= last.until + SETTLE_S
    return None if is_final else last.at + MOVE_ON_S


def _retry_at(appliance: Appliance, last: Written) -> float | None:
    """Return when what was refused is tried again; while it is away only the end is moved on."""
    if not appliance.is_connected:
        return None if last.until is None else last.at + MOVE_ON_S
    wait_s = RETRY_S[min(last.tries, len(RETRY_S)) - 1]
    back_at = appliance.connected_at
    return back_at + SETTLE_S if back_at > last.at else last.answered_at + wait_s


def _is_contradicted(appliance: Appliance, limit_w: float | None) -> bool:
    """Whether it says that it holds no limit, or a higher one, than it accepted."""
    held = appliance.held
    if held is None or limit_w is None:
        return False
    return not held.active or held.power_w is None or held.power_w > limit_w + SAME_W


def _failsafe_due(appliance: Appliance, offer: Offer, now: float) -> float | None:
    """Return the failsafe value to write now, None when it holds it or was asked lately."""
    known_w, wanted_w = appliance.failsafe_w, offer.fallback_w
    if known_w is None or offer.release or now >= appliance.ends_at or not appliance.is_connected:
        return None
    tried_w, tried_at = appliance.failsafe_tried
    is_settled = now - appliance.connected_at >= SETTLE_S
    was_tried = tried_w == wanted_w and now - tried_at < FAILSAFE_AGAIN_S
    is_other = abs(known_w - wanted_w) > SAME_W
    return wanted_w if is_other and is_settled and not was_tried else None


def _soonest(moments: list[float], now: float) -> float | None:
    later = [moment for moment in moments if now < moment < math.inf]
    return min(later, default=None)
