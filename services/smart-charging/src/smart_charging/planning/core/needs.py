"""Who of a site's cars is planned, as what, and who only takes room. Pure.

| mode | what the planner makes of it |
|---|---|
| smart, with a switch on and a departure | a car with a need and a window |
| smart, a departure, its need unknown | charges at once by local rules: its room is reserved |
| smart, no departure, forecast on | takes only sun (and energy that costs less than nothing) |
| smart, no departure, forecast off | charges at once by local rules: its room is reserved |
| fast; smart without a switch | charges at once: its room is reserved |
| min-solar | its least power is reserved |
| solar-only, off | nothing: it takes what is left at the moment |
"""

from dataclasses import dataclass
from enum import StrEnum

from smart_charging.planning.core.site import Session, Site
from smart_charging.planning.core.slots import Slots

LEAST_KW = 0.1  # less is no charging
UNKNOWN_KWH = 20.0  # what a car of which nothing is known is thought to take at once
ROOMY_KWH = 60.0  # what it may take of free energy
LAST_PERCENT = 95.0  # from here on cars take less: one slot of slack
SLACK_SLOTS = 1
TOLD_APART_S = 60.0  # less than this a site's clock may differ
HURRY = 0.5  # of the time left must be charged at full power: the sun is not to be counted on
HURRY_H = 12.0


class Short(StrEnum):
    """Why something is missing at departure; empty = nothing is."""

    NOTHING = ""
    DEPARTURE_PAST = "departure-past"
    DEPARTURE_TOO_EARLY = "departure-too-early"
    ROOM_TOO_SMALL = "room-too-small"
    NO_DEPARTURE = "no-departure"
    CANNOT_CHARGE = "cannot-charge"  # no phase, or no power


class Role(StrEnum):
    """What a session is to the planner."""

    PLANNED = "planned"
    SUN_ONLY = "sun-only"
    AT_ONCE = "at-once"  # planned, but nothing is to be won by waiting
    RESERVED = "reserved"
    LEFT_ALONE = "left-alone"


@dataclass(frozen=True, slots=True)
class Wish:
    """A session as the planner takes it. Slots [0, until); energies in kWh at the charger."""

    session: Session
    role: Role
    until: int
    needed_kwh: float = 0.0
    most_kwh: float = 0.0
    short: Short = Short.NOTHING  # what is known before any plan is made

    @property
    def is_planned(self) -> bool:
        """Return whether the planner gives it power."""
        return self.role in (Role.PLANNED, Role.SUN_ONLY, Role.AT_ONCE)

    @property
    def is_told(self) -> bool:
        """Return whether a plan speaks of it."""
        return self.is_planned or self.short is Short.CANNOT_CHARGE


def wishes(site: Site, slots: Slots, now_s: float) -> tuple[Wish, ...]:
    """Return what each session is to the planner, in the order of the profile."""
    return tuple(_wish(session, site, slots, now_s) for session in site.sessions)


def _wish(session: Session, site: Site, slots: Slots, now_s: float) -> Wish:
    role = _role(session)
    most = _most(session)
    needed = session.needed_kwh
    if role in (Role.RESERVED, Role.LEFT_ALONE):
        is_hopeless = role is Role.LEFT_ALONE and session.mode == "smart" and bool(needed)
        short = Short.CANNOT_CHARGE if is_hopeless else Short.NOTHING
        return Wish(session, role, slots.count, (needed or 0.0) * is_hopeless, most, short)
    if role is Role.SUN_ONLY:
        return Wish(session, role, slots.count, 0.0, most, _early(session, needed))
    departure_s = _departure_s(session, site)
    if departure_s <= now_s:
        short = Short.DEPARTURE_PAST if needed else Short.NOTHING
        return Wish(session, Role.AT_ONCE, slots.count, needed or 0.0, most, short)
    until = slots.whole_slots_before(departure_s)
    if (session.target_percent or 0.0) >= LAST_PERCENT and until > 2 * SLACK_SLOTS:
        until -= SLACK_SLOTS
    hours = slots.hours_before[until]
    if needed and needed >= session.most_kw * (hours - slots.hours_before[1]):
        role = Role.AT_ONCE  # latest start: nothing is left to choose
    return Wish(session, role, max(1, until), needed or 0.0, most, _early(session, needed))


def _role(session: Session) -> Role:
    if session.phases == 0 or session.most_kw < LEAST_KW:
        return Role.LEFT_ALONE
    match session.mode:
        case "fast" | "min-solar":
            return Role.RESERVED
        case "smart" if session.looks_at_anything and session.has_due_need:
            return Role.AT_ONCE if session.must_charge else Role.PLANNED
        case "smart" if session.looks_at_forecast and session.departure_s is None:
            return Role.RESERVED if session.must_charge else Role.SUN_ONLY
        case "smart":
            return Role.RESERVED
        case _:
            return Role.LEFT_ALONE


def _most(session: Session) -> float:
    """Return what the car may take: the battery's word, never less than is needed."""
    needed = session.needed_kwh or 0.0
    if session.most_kwh is not None:
        return max(needed, session.most_kwh)
    if needed:
        return needed
    return ROOMY_KWH if session.mode == "smart" and session.looks_at_anything else UNKNOWN_KWH


def _early(session: Session, needed: float | None) -> Short:
    return Short.NO_DEPARTURE if needed and session.departure_s is None else Short.NOTHING


def _departure_s(session: Session, site: Site) -> float:
    """Return when it leaves by our clock; rather early where the site's clock is wrong."""
    departure_s = session.departure_s or 0.0
    off_s = abs(site.clock_ahead_s)
    return departure_s - off_s if off_s > TOLD_APART_S else departure_s


def is_in_a_hurry(wish: Wish, slots: Slots) -> bool:
    """Return whether its goal is hard and time is short, so that only likely sun counts."""
    hours = slots.hours_before[wish.until]
    full_h = wish.needed_kwh / wish.session.most_kw
    return wish.needed_kwh > 0 and hours <= HURRY_H and full_h > HURRY * hours
