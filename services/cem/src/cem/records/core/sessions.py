"""Charging sessions: from plug-in to a seen unplug, or another car (design law 9). Pure.

A lost link or a restart leaves a session open as `unknown`: nobody saw what happened. When the
charger is back with a car, it is the same session unless the plug was counted on meanwhile, or,
after a gap, the charger's own count of the session fell.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

DRAWING_W = 100.0
COUNT_NOISE_WH = 1.0


class Standing(StrEnum):
    """How a session stands; the words of the API."""

    OPEN = "open"
    UNKNOWN = "unknown"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Session:
    """One session. plug: the gateway's count of plug-ins; counter_wh: the charger's last word.

    revision: of the fact that tells it; it grows with each that is told.
    """

    id: str
    ski: str
    started: datetime
    ended: datetime | None = None
    standing: Standing = Standing.OPEN
    charger_name: str = ""
    car: str = ""
    mode: str = ""
    energy_wh: float = 0.0
    sun_wh: float = 0.0
    charging_s: float = 0.0
    highest_w: float | None = None
    soc_start_percent: float | None = None
    soc_end_percent: float | None = None
    plug: int = 0
    counter_wh: float | None = None
    cost: str | None = None  # decimal
    currency: str = ""
    price_series: str = ""
    co2_g: float | None = None
    at_once_cost: str | None = None  # decimal: the same energy charged at once
    at_once_co2_g: float | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a charger shows at a moment. has_car: None = no telling (link lost, or starting)."""

    ski: str
    has_car: bool | None
    plug: int = 0
    counter_wh: float | None = None
    charger_name: str = ""
    car: str = ""
    mode: str = ""
    soc_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a look at a charger changed: a session that ended, the one that is open now."""

    ended: Session | None
    open: Session | None
    has_begun: bool = False


def look(session: Session | None, seen: Seen, now: datetime, last_id: str = "") -> Turn:
    """Return what becomes of a charger's open session.

    last_id: of the last session of this charger: a second one within the same second gets the
    next second's id.
    """
    if seen.has_car is None:
        lost = None if session is None else replace(session, standing=Standing.UNKNOWN)
        return Turn(None, lost)
    if not seen.has_car:
        return Turn(None if session is None else _ended(session, now), None)
    if session is None:
        return Turn(None, _begun(seen, now, last_id), has_begun=True)
    if _is_other(session, seen):
        return Turn(_ended(session, now), _begun(seen, now, session.id), has_begun=True)
    return Turn(None, _told(session, seen))


def drawn(
    session: Session, energy_wh: float, sun_wh: float, power_w: float | None, span_s: float
) -> Session:
    """Return the session with energy that flowed within the last `span_s` seconds."""
    highest_w = session.highest_w
    if power_w is not None and power_w > (highest_w or 0.0):
        highest_w = power_w
    is_drawing = power_w is not None and power_w > DRAWING_W
    return replace(
        session,
        energy_wh=session.energy_wh + energy_wh,
        sun_wh=session.sun_wh + min(sun_wh, energy_wh),
        charging_s=session.charging_s + (span_s if is_drawing else 0.0),
        highest_w=highest_w,
    )


def session_id(started: datetime, ski: str, last_id: str = "") -> str:
    """Return the id of a session: it sorts by time and is another one than `last_id`."""
    while True:
        made = f"{started:%Y%m%dT%H%M%SZ}-{ski[:8]}"
        if made != last_id:
            return made
        started += timedelta(seconds=1)


def _is_other(session: Session, seen: Seen) -> bool:
    if seen.plug > session.plug:
        return True
    has_gap = session.standing is Standing.UNKNOWN
    if not has_gap or seen.counter_wh is None or session.counter_wh is None:
        return False
    return seen.counter_wh < session.counter_wh - COUNT_NOISE_WH


def _begun(seen: Seen, now: datetime, last_id: str) -> Session:
    begun = Session(
        session_id(now, seen.ski, last_id),
        seen.ski,
        now,
        plug=seen.plug,
        soc_start_percent=seen.soc_percent,
    )
    return _told(begun, seen)


def _ended(session: Session, now: datetime) -> Session:
    ended = max(now, session.started)  # a wall clock may jump back
    return replace(session, standing=Standing.ENDED, ended=ended)


def _told(session: Session, seen: Seen) -> Session:
    """Return the session with what the charger says now; what it leaves out stays as it was."""
    soc_start = session.soc_start_percent
    return replace(
        session,
        standing=Standing.OPEN,
        plug=seen.plug,
        counter_wh=session.counter_wh if seen.counter_wh is None else seen.counter_wh,
        charger_name=seen.charger_name or session.charger_name,
        car=seen.car or session.car,
        mode=seen.mode or session.mode,
        soc_start_percent=seen.soc_percent if soc_start is None else soc_start,
        soc_end_percent=(session.soc_end_percent if seen.soc_percent is None else seen.soc_percent),
    )
