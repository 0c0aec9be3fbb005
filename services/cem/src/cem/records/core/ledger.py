"""The site's books: sessions and minutes together, from what chargers and meters say. Pure.

Every Wh of a charger is told once, by its track, and goes to its open session and to its minutes
in the same step: so the sums of both agree whatever happens in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import exp

from cem.records.core.counting import (
    HOLD_S,
    Measured,
    Told,
    Track,
    counted,
    for_another_car,
    silent,
)
from cem.records.core.minutes import Minute, spread, sun_part
from cem.records.core.sessions import Seen, Session, Standing, drawn, look

SILENT_AFTER_S = 10.0
SLEWED_S = 60.0  # what a time server may move a clock by while it keeps pace
SMOOTH_S = 30.0  # a charger tells a change seconds after the meter: that is no sun

Made = Callable[[int, float], Minute]


@dataclass(frozen=True, slots=True)
class Now:
    """A moment on both clocks."""

    monotonic_s: float
    wall: datetime

    @property
    def unix_s(self) -> float:
        """Return the wall time in seconds since 1970."""
        return self.wall.timestamp()


@dataclass(frozen=True, slots=True)
class Pace:
    """Since when (monotonic s) the wall clock keeps pace, and how far it is ahead of the other."""

    since_s: float = float("-inf")
    ahead_s: float = float("-inf")

    def after(self, now: Now) -> "Pace":
        """Return the pace a moment later: it begins anew where the wall clock was set."""
        ahead_s = now.unix_s - now.monotonic_s
        is_kept = abs(ahead_s - self.ahead_s) <= SLEWED_S
        return self if is_kept else Pace(now.monotonic_s, ahead_s)


@dataclass(frozen=True, slots=True)
class Flow:
    """A power and when it was heard (monotonic s)."""

    power_w: float
    at_s: float

    def at(self, now_s: float) -> float | None:
        """Return the power, None when it is too old to be believed."""
        return self.power_w if now_s - self.at_s <= HOLD_S else None


def smoothed(before: Flow | None, power_w: float, now_s: float) -> Flow:
    """Return the mean of the last half minute or so with a new value taken in."""
    if before is None or before.at(now_s) is None:
        return Flow(power_w, now_s)
    weight = 1 - exp(-max(0.0, now_s - before.at_s) / SMOOTH_S)
    return Flow(before.power_w + weight * (power_w - before.power_w), now_s)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the books need to go on. heard: when each charger reported last (monotonic s).

    brought: by the grid and by home batteries (- = fed in), charging (all chargers together), sun:
    smoothed; chargers: as told last.

    counted_at: wall time of the last count of a source (Unix s), to know a restart's gap.
    minutes, ended, begun: what was gained since the last `taken`.
    """

    tracks: Mapping[str, Track] = field(default_factory=dict)
    counted_at: Mapping[str, float] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    last_ids: Mapping[str, str] = field(default_factory=dict)
    heard: Mapping[str, float] = field(default_factory=dict)
    brought: Flow | None = None
    charging: Flow | None = None
    sun: Mapping[str, Flow] = field(default_factory=dict)
    chargers: Mapping[str, Flow] = field(default_factory=dict)
    minutes: Mapping[int, Minute] = field(default_factory=dict)
    ended: tuple[Session, ...] = ()
    begun: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GridMeasured:
    """One reading of the grid meter. power_w: + = import, None = unknown.

    battery_w: what charges the home batteries then, - = they give, None = unknown.
    """

    meter: str
    power_w: float | None
    imported: Measured
    exported: Measured
    battery_w: float | None = 0.0

    @property
    def brought_w(self) -> float | None:
        """Return what grid and batteries bring (W): the rest is the sun's."""
        if self.power_w is None or self.battery_w is None:
            return None
        return self.power_w + max(0.0, -self.battery_w)


def grid_read(ledger: Ledger, reading: GridMeasured, now: Now) -> Ledger:
    """Return the books after a reading of the grid meter."""
    if reading.brought_w is not None:
        flow = smoothed(ledger.brought, reading.brought_w, now.monotonic_s)
        ledger = replace(ledger, brought=flow)
    ledger, told = _count(ledger, f"import:{reading.meter}", reading.imported, now)
    ledger = _book(ledger, told, now, lambda start, wh: Minute(start, import_wh=wh))
    ledger, told = _count(ledger, f"export:{reading.meter}", reading.exported, now)
    return _book(ledger, told, now, lambda start, wh: Minute(start, export_wh=wh))


def sun_read(ledger: Ledger, meter: str, produced: Measured, now: Now) -> Ledger:
    """Return the books after a reading of a PV meter."""
    if produced.power_w is not None:
        flow = smoothed(ledger.sun.get(meter), produced.power_w, now.monotonic_s)
        ledger = replace(ledger, sun={**ledger.sun, meter: flow})
    ledger, told = _count(ledger, f"sun:{meter}", produced, now)
    return _book(ledger, told, now, lambda start, wh: Minute(start, sun_wh=wh))


def charger_seen(ledger: Ledger, seen: Seen, measured: Measured | None, now: Now) -> Ledger:
    """Return the books after a charger's report. measured: None = it cannot be reached."""
    ski = seen.ski
    ledger = replace(ledger, heard={**ledger.heard, ski: now.monotonic_s})
    before = ledger.sessions.get(ski)
    turn = look(before, seen, now.wall, ledger.last_ids.get(ski, ""))
    if turn.has_begun:
        track = for_another_car(ledger.tracks.get(f"evse:{ski}", Track()))
        ledger = replace(ledger, tracks={**ledger.tracks, f"evse:{ski}": track})
    if turn.ended is not None and not turn.has_begun and measured is not None:
        # The last word of the counter comes with the word that the car is gone.
        ledger = _with_session(ledger, ski, replace(turn.ended, standing=Standing.OPEN))
        ledger = _charged(ledger, ski, measured, now)
        kept = ledger.sessions[ski]
        turn = replace(turn, ended=replace(kept, standing=Standing.ENDED))
        measured = None
    if turn.ended is not None:
        ledger = replace(ledger, ended=(*ledger.ended, turn.ended))
    if turn.has_begun and turn.open is not None:
        ledger = replace(
            ledger,
            begun=(*ledger.begun, turn.open.id),
            last_ids={**ledger.last_ids, ski: turn.open.id},
        )
    ledger = _with_session(ledger, ski, turn.open)
    if seen.has_car is None:
        return _silenced(ledger, ski)
    return ledger if measured is None else _charged(ledger, ski, measured, now)


def looked_around(ledger: Ledger, now: Now) -> Ledger:
    """Return the books with the sessions of chargers that report no more left unknown."""
    for ski in list(ledger.sessions):
        heard_s = ledger.heard.get(ski)
        if heard_s is not None and now.monotonic_s - heard_s > SILENT_AFTER_S:
            lost = look(ledger.sessions[ski], Seen(ski, None), now.wall).open
            ledger = _silenced(_with_session(ledger, ski, lost), ski)
    return ledger


def taken(ledger: Ledger) -> tuple[Ledger, tuple[Minute, ...], tuple[Session, ...]]:
    """Return the books without what is to be written: what minutes gained, sessions that ended."""
    gained = tuple(minute for _, minute in sorted(ledger.minutes.items()))
    return replace(ledger, minutes={}, ended=(), begun=()), gained, ledger.ended


def reopened(
    tracks: Mapping[str, Track], counted_at: Mapping[str, float],
    sessions: Mapping[str, Session], last_ids: Mapping[str, str],
) -> Ledger:  # fmt: skip
    """Return the books after a restart: every open session is unknown until its charger is seen."""
    return Ledger(
        tracks={key: replace(track, at_s=None, power_w=None) for key, track in tracks.items()},
        counted_at=dict(counted_at),
        sessions={
            ski: replace(session, standing=Standing.UNKNOWN) for ski, session in sessions.items()
        },
        last_ids=dict(last_ids),
    )


def share(ledger: Ledger, now_s: float) -> float:
    """Return which part of the charging the sun gives now."""
    charging_w = None if ledger.charging is None else ledger.charging.at(now_s)
    sun_w: float | None = None
    if ledger.sun:
        given = [flow.at(now_s) for flow in ledger.sun.values()]
        sun_w = sum(power for power in given if power is not None)
    brought_w = None if ledger.brought is None else ledger.brought.at(now_s)
    return sun_part(charging_w, brought_w, sun_w)


# --- inside --------------------------------------------------------------------------------------


def _charged(ledger: Ledger, ski: str, measured: Measured, now: Now) -> Ledger:
    if measured.power_w is not None:
        flow = Flow(measured.power_w, now.monotonic_s)
        ledger = replace(ledger, chargers={**ledger.chargers, ski: flow})
        known = (one.at(now.monotonic_s) for one in ledger.chargers.values())
        total_w = sum(power_w for power_w in known if power_w is not None)
        charging = smoothed(ledger.charging, total_w, now.monotonic_s)
        ledger = replace(ledger, charging=charging)
    ledger, told = _count(ledger, f"evse:{ski}", measured, now)
    is_gap = told.span_s > HOLD_S
    part = 0.0 if is_gap else share(ledger, now.monotonic_s)  # nobody saw what the sun gave then
    session = ledger.sessions.get(ski)
    if session is not None:
        charging_s = 0.0 if is_gap else told.span_s
        sun_wh = told.energy_wh * part
        session = drawn(session, told.energy_wh, sun_wh, measured.power_w, charging_s)
        ledger = _with_session(ledger, ski, session)
    if told.energy_wh <= 0:
        return ledger
    return _book(
        ledger, told, now,
        lambda start, wh: Minute(start, charger_wh={ski: wh}, charger_sun_wh={ski: wh * part}),
    )  # fmt: skip


def _count(ledger: Ledger, source: str, measured: Measured, now: Now) -> tuple[Ledger, Told]:
    at = ledger.counted_at.get(source)
    gap_s = 0.0 if at is None else max(0.0, now.unix_s - at)
    track, told = counted(ledger.tracks.get(source, Track()), measured, gap_s)
    ledger = replace(
        ledger,
        tracks={**ledger.tracks, source: track},
        counted_at={**ledger.counted_at, source: now.unix_s},
    )
    return ledger, told


def _book(ledger: Ledger, told: Told, now: Now, made: Made) -> Ledger:
    if not told.is_known:
        return ledger
    minutes = dict(ledger.minutes)
    for start, energy_wh in spread(told.energy_wh, now.unix_s, told.span_s).items():
        minutes[start] = minutes.get(start, Minute(start)).plus(made(start, energy_wh))
    return replace(ledger, minutes=minutes)


def _silenced(ledger: Ledger, ski: str) -> Ledger:
    chargers = {key: flow for key, flow in ledger.chargers.items() if key != ski}
    track = ledger.tracks.get(f"evse:{ski}")
    if track is None:
        return replace(ledger, chargers=chargers)
    tracks = {**ledger.tracks, f"evse:{ski}": silent(track)}
    return replace(ledger, chargers=chargers, tracks=tracks)


def _with_session(ledger: Ledger, ski: str, session: Session | None) -> Ledger:
    sessions = {key: one for key, one in ledger.sessions.items() if key != ski}
    if session is not None:
        sessions[ski] = session
    return replace(ledger, sessions=sessions)
