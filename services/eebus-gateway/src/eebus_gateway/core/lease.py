"""A limit is a lease (design.md, law 2): who may give one, how long it holds, what follows it.

Pure: `now` is the gateway's monotonic clock in seconds.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from eebus.events import PerPhase

NOTHING: PerPhase = (None, None, None)  # no conductor limited

LATE_AFTER_S = 1.5  # above the quickest message of the epoch; a lease's ttl is 5 s
DRIFT = 2e-4  # two monotonic clocks without NTP part by less than 200 us a second
RELEARN_AFTER_S = 30.0  # a controller whose machine slept seems late ever after
LONGEST_TTL_S = 60.0
FIRST_GRACE_S = 5.0  # after our own start the controller has this long before the fallback


class OfferRefusal(StrEnum):
    """Why an offered lease was not taken."""

    LOWER_EPOCH = "lower-epoch"  # an older controller is still talking
    OLDER = "older-sequence"
    LATE = "late"
    IMPOSSIBLE = "impossible"  # negative, not finite, no time to live


@dataclass(frozen=True, slots=True)
class Offer:
    """What a controller offers for one charger. A per conductor; 0 pauses, None = no limit."""

    current_a: PerPhase
    ttl_s: float
    epoch: int
    sequence: int
    sent_s: float  # the controller's monotonic clock
    fallback_a: float
    reason: str = ""
    release: bool = False  # energy management is off: withdraw our limit, hold no lease
    least_a: float | None = None  # less pauses the car; None = by what the car says
    is_silent: bool = False  # the charger's own failsafe is being proven: it hears nothing of us


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller in charge, one for all chargers.

    quickest_s: the smallest difference between arrival and `sent_s`, which contains the
    unknown offset of the two clocks; what exceeds it is time spent on the way.
    """

    epoch: int = -1
    quickest_s: float = math.inf
    accepted_at: float = -math.inf


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the charger should hold now, and on whose word."""

    current_a: PerPhase
    epoch: int = 0
    sequence: int = 0
    is_fallback: bool = False
    is_release: bool = False
    least_a: float | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of one charger. `offer` None and a fallback: known from before our start."""

    offer: Offer | None = None
    ends_at: float = -math.inf
    fallback_a: float | None = None


def remembered(fallback_a: float | None, now: float) -> Lease:
    """Return the lease of a charger at our start, from what the store kept of the last one."""
    return Lease(ends_at=now + FIRST_GRACE_S, fallback_a=fallback_a)


def judge(
    controller: Controller, offer: Offer, now: float
) -> tuple[Controller, OfferRefusal | None]:
    """Say whether this controller may speak, and whether its message is fresh."""
    if not _can_be(offer):
        return controller, OfferRefusal.IMPOSSIBLE
    return heard_from(controller, offer.epoch, offer.sent_s, now)


def heard_from(
    controller: Controller, epoch: int, sent_s: float, now: float
) -> tuple[Controller, OfferRefusal | None]:
    """Say whether who sent this may speak, and did so just now; sent_s: by its own clock."""
    if epoch < controller.epoch:
        return controller, OfferRefusal.LOWER_EPOCH
    travel_s = now - sent_s
    silent_s = now - controller.accepted_at
    if epoch > controller.epoch or silent_s > RELEARN_AFTER_S:
        return Controller(epoch, travel_s, now), None
    quickest_s = min(travel_s, controller.quickest_s + DRIFT * silent_s)
    if travel_s > quickest_s + LATE_AFTER_S:
        return controller, OfferRefusal.LATE
    return Controller(epoch, quickest_s, now), None


def renew(lease: Lease, offer: Offer, now: float) -> tuple[Lease, OfferRefusal | None]:
    """Take an offer that `judge` let pass; only one older than the last is refused here."""
    last = lease.offer
    if last is not None and last.epoch == offer.epoch and offer.sequence < last.sequence:
        return lease, OfferRefusal.OLDER
    if offer.release:  # the fallback of before stays known until the limit is withdrawn
        return replace(lease, offer=offer, ends_at=math.inf), None
    return Lease(offer, now + offer.ttl_s, offer.fallback_a), None


def wanted(lease: Lease, now: float) -> Wanted | None:
    """Return what the charger should hold; None = nothing of ours, write nothing."""
    offer = lease.offer
    if offer is not None and offer.release:
        return Wanted(NOTHING, offer.epoch, offer.sequence, is_release=True)
    if now >= lease.ends_at:
        return _fallback(lease)
    if offer is None or offer.is_silent:
        return None
    return Wanted(offer.current_a, offer.epoch, offer.sequence, least_a=offer.least_a)


def is_silent(lease: Lease, now: float) -> bool:
    """Return whether the charger must hear nothing of us: while such a lease holds, no longer."""
    offer = lease.offer
    return offer is not None and offer.is_silent and not offer.release and now < lease.ends_at


def _fallback(lease: Lease) -> Wanted | None:
    a = lease.fallback_a
    if a is None:
        return None
    epoch, sequence = (lease.offer.epoch, lease.offer.sequence) if lease.offer else (0, 0)
    return Wanted((a, a, a), epoch, sequence, is_fallback=True)


def _can_be(offer: Offer) -> bool:
    if not math.isfinite(offer.sent_s):
        return False
    if offer.release:
        return True
    currents = [a for a in offer.current_a if a is not None]
    return 0 < offer.ttl_s <= LONGEST_TTL_S and all(
        math.isfinite(a) and a >= 0 for a in (*currents, offer.fallback_a)
    )
