"""What the house takes beside the chargers: the meter less what the chargers drew just then.

Meter and chargers are never read at the same instant, and a car follows its limit late. So each
charger's draw at the time of a reading is an interval, and of all household loads that explain
the reading the one nearest to the last estimate is taken. The estimate is sound: the measured
sum never exceeds estimate + what is granted (or was, a reaction time ago) + what is reserved.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import lt

from cem.core.charger import Charger, is_lasting
from cem.core.conduct import Sample, Standing
from cem.core.parameters import Parameters
from cem.core.reserving import might_use, reserve_a
from cem.core.state import Estimate, Meter, MeterSample
from electrical.phases import (
    ALL_PHASES,
    ZERO,
    Phase,
    PhaseCurrents,
    Phases,
    combine,
    on_phases,
)

LOOK_BACK_S = 2.0  # a charger's sample may speak of a moment that long before it arrived ...
LOOK_AHEAD_S = 1.5  # ... or arrive that long after what the meter saw already
PACE_S = 1.0  # the quickest that chargers measure
SILENT_S = 15.0  # so long a charger may say nothing after a limit was written (field)
LAG_S = 2.0  # so much later than the meter a charger may see that its car started
BEFORE = 3  # estimates a new one is compared with: a single spike must not count as the house
UNEVEN_A = 0.7  # what the conductors of one car may differ by
REVISED_S = 3.5  # readings this young are estimated anew when chargers report

Interval = tuple[float, float]
Hull = tuple[tuple[float, float, float], tuple[float, float, float]]  # lowest, highest by phase


@dataclass(frozen=True, slots=True)
class _Seen:
    """A charger with what is the same for all readings: found once, asked for often."""

    charger: Charger
    standing: Standing  # when it was heard last
    factors: Mapping[Phase, float]
    steady_cap_a: float | None  # what it may draw, where no limit was replaced of late

    @classmethod
    def of(cls, charger: Charger, site_phases: int, p: Parameters) -> "_Seen":
        standing = charger.standing(charger.heard_s, p)
        is_steady = not charger.former and not charger.disobeys
        cap_a = charger.may_draw_a(charger.heard_s, p) if is_steady else None
        return cls(charger, standing, charger.factors(site_phases, p), cap_a)

    def cap_a(self, at_s: float, p: Parameters) -> float:
        """Return the most it may have drawn at a moment by our doing."""
        if self.steady_cap_a is not None:
            return self.steady_cap_a
        if self.charger.disobeys:
            return reserve_a(self.charger, at_s, p)
        return self.charger.may_draw_a(at_s, p, p.obedience_s)


def estimated(
    meter: Meter, members: Sequence[Charger], site_phases: int, now: float, p: Parameters
) -> tuple[Estimate, ...]:
    """Return the estimates of all readings of a meter in memory, oldest first.

    members: the chargers behind the meter; on a site's grid meter that are all of them.
    Those older than REVISED_S stay as they are; younger ones use every sample known by now. What
    is older than every window of the control law is forgotten.
    """
    seen = tuple(_Seen.of(charger, site_phases, p) for charger in members)
    chain = list(meter.estimates[: bisect_left(meter.estimates, now - REVISED_S, key=_at_s)])
    newest_s = chain[-1].at_s if chain else float("-inf")
    for sample in meter.samples:
        if sample.at_s > newest_s:
            chain.append(_estimate(sample, chain, seen, site_phases, p))
    if chain and now - chain[-1].at_s > p.spike_wait_s:
        # No second sample came in time: the one we have must do.
        chain[-1] = replace(chain[-1], confirmed_a=chain[-1].raw_a)
    return tuple(chain[_first_within(chain, p.recurrence_s) :]) if chain else ()


@dataclass(frozen=True, slots=True)
class Loads:
    """What flows through a fuse beside the chargers, in A per phase.

    held: the confirmed load, with what is expected back within seconds. latest: the newest
    reading where that is higher, confirmed or not. most: the most that the newest reading can
    mean, with what comes and goes, where that is higher.
    """

    held: PhaseCurrents
    latest: PhaseCurrents
    most: PhaseCurrents

    def __add__(self, more_a: PhaseCurrents) -> "Loads":
        return Loads(self.held + more_a, self.latest + more_a, self.most + more_a)


NOTHING = Loads(ZERO, ZERO, ZERO)


def loads(estimates: tuple[Estimate, ...], p: Parameters) -> Loads:
    """Return what the house takes by its last minute; nothing before the first reading.

    A load is expected back the longer, the more often it came within the last minute: hobs and
    ovens cycle (6 to 20 s), a kettle that boiled for a minute does not return. One that came
    twice counts against increases while it is away, too: limits that rise into each of its gaps
    would have to be taken back again and again. And who raises a limit must not count on a draw
    that only may have been: a car on its way would then be granted its way twice.
    """
    if not estimates:
        return NOTHING
    newest = estimates[-1]
    young, brief = _first_within(estimates, p.peak_hold_s), _first_within(estimates, p.let_go_s)
    is_whole = newest.at_s - estimates[0].at_s >= p.recurrence_s - p.let_go_s
    held, most = [], []
    columns = zip(*[e.confirmed_a.values() for e in estimates], strict=True)
    for values in columns:
        high_a, came = _comings(values, p)
        recent_a, now_a = max(values[young:]), max(values[brief:])
        is_gone = is_whole and came == 0 and recent_a - now_a >= p.recurring_a  # no mere noise
        held.append(now_a if is_gone else recent_a)
        most.append(high_a if came >= 2 else held[-1])
    held_a = Phases(*held)
    return Loads(
        held_a,
        combine(held_a, newest.raw_a, max),
        combine(Phases(*most), newest.most_a, max),
    )


def _first_within(estimates: Sequence[Estimate], span_s: float) -> int:
    """Return the place of the oldest estimate that is not older than a span before the newest."""
    return bisect_left(estimates, estimates[-1].at_s - span_s, key=_at_s)


def _at_s(estimate: Estimate) -> float:
    return estimate.at_s


def held_a(estimates: tuple[Estimate, ...], p: Parameters) -> PhaseCurrents:
    """Return the confirmed load with what is expected back, ZERO before the first reading."""
    return loads(estimates, p).held


def _comings(values: Sequence[float], p: Parameters) -> tuple[float, int]:
    """Return the highest load, and how often it came: how often half of its rise was passed."""
    high_a, low_a = max(values), min(values)
    if high_a - low_a < p.recurring_a:
        return high_a, 0
    middle_a = (high_a + low_a) / 2
    is_up = [value >= middle_a for value in values]
    return high_a, sum(map(lt, is_up, is_up[1:]))


def lowest_a(estimates: tuple[Estimate, ...], p: Parameters) -> PhaseCurrents:
    """Return the lowest load of the last 20 s of readings, ZERO before the first."""
    if not estimates:
        return ZERO
    newest_s = estimates[-1].at_s
    window = [e.raw_a for e in estimates if newest_s - e.at_s <= p.peak_hold_s]
    return Phases(*(min(values[phase] for values in window) for phase in ALL_PHASES))


def rise_a(estimates: tuple[Estimate, ...], phase: Phase, p: Parameters) -> float:
    """Return by how much the household load rose on a phase within the blame window."""
    if not estimates:
        return 0.0
    newest = estimates[-1]
    window = [e.raw_a[phase] for e in estimates if newest.at_s - e.at_s <= p.blame_window_s]
    return newest.raw_a[phase] - min(window)


def _estimate(
    sample: MeterSample,
    chain: Sequence[Estimate],
    seen: Sequence["_Seen"],
    site_phases: int,
    p: Parameters,
) -> Estimate:
    before = chain[-1] if chain else None
    intervals = [_draws(charger, sample.at_s, site_phases, p) for charger in seen]
    if chain:
        intervals = _on_all_phases(intervals, sample, chain[-BEFORE:])
    draws = list(zip(*[draw.values() for draw in intervals], strict=True)) or [(), (), ()]
    raw, confirmed, most = [], [], []
    for phase, measured_a, drawn in zip(ALL_PHASES, sample.current_a.values(), draws, strict=True):
        lowest = measured_a - sum([most_a for _, most_a in drawn])
        highest = measured_a - sum([least_a for least_a, _ in drawn])
        value = highest
        if before is not None:
            is_spike = _is_disproved(before, phase, highest, p)
            anchor = before.confirmed_a[phase] if is_spike else before.raw_a[phase]
            value = min(max(anchor, lowest), highest)
        most.append(highest)
        raw.append(value)
        confirmed.append(value if before is None else _without_spike(value, before, phase, p))
    return Estimate(sample.at_s, sample.current_a, Phases(*raw), Phases(*confirmed), Phases(*most))


def _is_disproved(before: Estimate, phase: Phase, highest: float, p: Parameters) -> bool:
    """Return whether a rise that waited for a second sample cannot have been true."""
    is_waiting = before.raw_a[phase] > before.confirmed_a[phase] + p.spike_a / 10
    return is_waiting and before.raw_a[phase] > highest + p.spike_a


def _without_spike(value: float, before: Estimate, phase: Phase, p: Parameters) -> float:
    """Return the value with a rise above 3 A cut off unless the sample before showed it too."""
    return min(value, max(before.raw_a[phase], before.confirmed_a[phase]) + p.spike_a)


def _draws(seen: _Seen, at_s: float, site_phases: int, p: Parameters) -> Phases[Interval]:
    """Return between which currents the charger drew at a moment, by phase of the house."""
    charger, factors = seen.charger, seen.factors
    samples = _speaking_of(charger, at_s, p)
    standing = seen.standing if at_s <= charger.heard_s else charger.standing(at_s, p)
    if not samples or standing in (Standing.OUT_OF_REACH, Standing.FRESH):
        return _unmeasured(charger, standing, at_s, site_phases, p)
    hull = _hull([sample.current_a.values() for sample in samples])
    is_idle = max(hull[1]) < 2 * p.drawing_a
    if not charger.has_car:
        is_moving = False
    elif is_idle:
        is_moving = _may_start(charger, at_s, len(factors), p)
    else:
        is_moving = _is_moving(charger, samples[-1], at_s, p)
    towards_a = charger.granted_a if is_moving else None
    return _between(hull, towards_a, seen.cap_a(at_s, p), factors)


def _between(
    hull: Hull, towards_a: float | None, cap_a: float, factors: Mapping[Phase, float]
) -> Phases[Interval]:
    """Return the interval on every phase from what was measured around the moment.

    towards_a: the limit its car may be on the way to; None = it is steady. cap_a: what is drawn
    above it counts as load of the house: it is not ours to give away.
    """
    lowest, highest = hull
    if towards_a is None and min(lowest) >= 0.0 and max(highest) <= cap_a:
        return Phases((lowest[0], highest[0]), (lowest[1], highest[1]), (lowest[2], highest[2]))
    intervals = []
    for phase, least_a, most_a in zip(ALL_PHASES, lowest, highest, strict=True):
        factor = factors.get(phase)
        most_a = max(0.0, most_a)  # noqa: PLW2901 - what flows out is no draw
        if towards_a is not None and factor is not None:
            least_a = min(least_a, towards_a * factor)  # noqa: PLW2901
            most_a = max(most_a, towards_a * factor)  # noqa: PLW2901
        most_own_a = cap_a if factor is None else cap_a * factor
        intervals.append((min(max(0.0, least_a), most_own_a), min(most_a, most_own_a)))
    return Phases(*intervals)


def _hull(drawn: Sequence[tuple[float, float, float]]) -> Hull:
    """Return the lowest and the highest of the values of each phase."""
    if drawn.count(drawn[0]) == len(drawn):  # one, or all alike
        return drawn[0], drawn[0]
    first, second, third = zip(*drawn, strict=True)
    return (min(first), min(second), min(third)), (max(first), max(second), max(third))


def _speaking_of(charger: Charger, at_s: float, p: Parameters) -> list[Sample]:
    """Return the samples that tell what was drawn at a moment, or up to LOOK_BACK_S before.

    Where those from around it do not reach back so far, the last one before was true until then.
    """
    earliest_s, latest_s = at_s - LOOK_BACK_S, at_s + LOOK_AHEAD_S
    around: list[Sample] = []
    for sample in reversed(charger.samples):
        if sample.at_s > latest_s:
            continue
        if sample.at_s >= earliest_s:
            around.insert(0, sample)
            continue
        reaches_back = around and around[0].at_s <= earliest_s + PACE_S
        if not reaches_back and charger.is_vouching and is_lasting(sample, at_s, p):
            around.insert(0, sample)
        break
    return around


def _unmeasured(
    charger: Charger, standing: Standing, at_s: float, site_phases: int, p: Parameters
) -> Phases[Interval]:
    match standing:
        case Standing.NO_CAR | Standing.NEW:
            most_a = 0.0
        case Standing.READY:
            most_a = charger.may_draw_a(at_s, p)
        case _:
            most_a = reserve_a(charger, max(at_s, charger.heard_s), p)
    # The same phases that are granted or reserved: else its draw would hide a load of the house.
    if standing is Standing.READY and charger.settings.may_switch_itself:
        factors = charger.factors(site_phases, p)
        return Phases(*((0.0, most_a * factors.get(phase, 0.0)) for phase in ALL_PHASES))
    phases = might_use(charger, max(at_s, charger.heard_s), site_phases, p)
    return on_phases(phases, (0.0, most_a), (0.0, 0.0))


def _is_moving(charger: Charger, newest: Sample, at_s: float, p: Parameters) -> bool:
    """Return whether its car, seen drawing, may have been on the way to another current then.

    newest: of the samples that tell of the moment.
    """
    since_s = at_s - charger.changed_s
    if -1.0 <= since_s <= p.reaction_s + LOOK_BACK_S:
        return True
    # Where nothing came since it had time to follow, it may have stayed, or gone.
    return since_s > 0 and not charger.is_settled(newest, p)


def _may_start(charger: Charger, at_s: float, used: int, p: Parameters) -> bool:
    """Return whether its car, last seen idle, may have been starting at that moment.

    A charger that measures is believed: where it saw nothing soon after the moment either, that
    was a load of the house. One that is silent since its limit was changed may do all it may.
    used: how many phases it draws on. A start on one phase looks like any load of the house: it
    is believed only while its charger has not been heard since.
    """
    newest_s = charger.samples[-1].at_s
    if newest_s >= at_s + LAG_S:
        soon = next(s for s in charger.samples if s.at_s >= at_s + LAG_S)
        return max(soon.current_a.values()) >= 2 * p.drawing_a
    if charger.heard_s < at_s + LOOK_AHEAD_S:
        return True
    if used < 2:
        return False
    is_unheard = newest_s < charger.changed_s
    return at_s - charger.changed_s <= (p.unchanged_s if is_unheard else SILENT_S)


def _on_all_phases(
    draws: list[Phases[Interval]], sample: MeterSample, before: Sequence[Estimate]
) -> list[Phases[Interval]]:
    """Return the draws without what the meter disproves: a car takes the same on all its phases.

    So a load that rises on one phase alone is the house's, though cars are on the move there.
    """
    if not draws:
        return draws
    raws = zip(*[e.raw_a.values() for e in before], strict=True)
    drawn = zip(*[draw.values() for draw in draws], strict=True)
    new = [
        measured_a - min(raw) - sum([least_a for least_a, _ in column])
        for measured_a, raw, column in zip(sample.current_a.values(), raws, drawn, strict=True)
    ]
    return [_balanced(draw, new) for draw in draws]


def _balanced(draw: Phases[Interval], new: list[float]) -> Phases[Interval]:
    intervals = draw.values()
    if max([most - least for least, most in intervals]) <= UNEVEN_A:
        return draw
    rising = [n for n, (least, most) in zip(new, intervals, strict=True) if most > least]
    if len(rising) < 2:
        return draw
    extra_a = max(0.0, min(rising)) + UNEVEN_A
    return Phases(*[(least, min(most, least + extra_a)) for least, most in intervals])
