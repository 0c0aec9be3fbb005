"""One charger as the CEM remembers it: what it may draw, what it draws, what it could draw."""

from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter

from cem.core.conduct import (
    AT_ONCE,
    NO_SUN,
    NO_SWITCH,
    Former,
    Intent,
    Proving,
    Pulse,
    Sample,
    SocWord,
    Standing,
    Sun,
    Switching,
)
from cem.core.driving import ChargingMode, Goal
from cem.core.events import Link, Report
from cem.core.parameters import Parameters
from cem.core.reasons import Reason
from cem.core.site import ChargerSettings
from electrical.phases import (
    ALL_PHASES,
    Phase,
    PhaseCurrents,
    PhaseReadings,
    Phases,
)
from electrical.rotation import Rotation, to_house

NEVER = float("-inf")
IEC_LEAST_A = 6.0  # no current between 0 and 6 A over PWM
MOST_LOW_REFUSALS = 2  # of less than 6 A; then its car is led as one of IEC 61851
AS_FIRST = ChargingMode()  # a charger that was just paired charges (A10)


@dataclass(frozen=True, slots=True)
class Charger:
    """A paired charger; times are monotonic seconds, currents amperes per phase.

    met_s: when it first told what it draws, or that no car is there; None = not yet.
    granted_a: the limit we last decided; None = we never limited it.
    former: limits replaced within the last seconds, oldest first.
    unfit_since_s: since when its minimum would fit on one phase and does not on three;
    fits_three: while it charges on one, whether three would give it more.
    claim_a: what the car is believed to want; None = all it can get.
    unused_a, over_a: by how much its car steadily draws less or more than its limit, at most 1 A.
    served_as: ampere seconds on all conductors since the car came.
    """

    ski: str
    settings: ChargerSettings
    known_since_s: float = NEVER
    is_restored: bool = False  # known from before our start: it may hold an older limit
    report: Report | None = None
    heard_s: float = NEVER
    met_s: float | None = None
    samples: tuple[Sample, ...] = ()
    granted_a: float | None = None
    former: tuple[Former, ...] = ()
    changed_s: float = NEVER
    raised_s: float = NEVER
    running_since_s: float | None = None
    paused_since_s: float | None = None
    fresh_since_s: float | None = None
    lost_since_s: float | None = None
    misses: int = 0
    judged_s: float = NEVER  # the report that was judged last
    obeyed_since_s: float | None = None
    disobeys: bool = False
    foreign_since_s: float | None = None
    refused_since_s: float | None = None
    below_since_s: float | None = None
    used_since_s: float | None = None
    claim_a: float | None = None
    unused_a: float = 0.0
    over_a: float = 0.0
    served_as: float = 0.0
    served_s: float | None = None  # up to when that is counted
    intent: Intent = AT_ONCE
    sun: Sun = NO_SUN
    switching: Switching = NO_SWITCH
    unfit_since_s: float | None = None  # its minimum fits on one phase, not on three
    fits_three: bool = False
    low_refusals: int = 0  # limits below 6 A that were refused
    idle_since_s: float | None = None  # it may charge and does not
    mode: ChargingMode = AS_FIRST
    goal: Goal | None = None
    offered_phases: int | None = None  # as its local API says
    pulse: Pulse | None = None
    proving: Proving | None = None
    reason: Reason | None = None
    session: str = ""  # id of the open one, once the records have named it
    plugged_s: float | None = None  # since when its car is here; None = before we were
    soc: SocWord | None = None  # the car's own word in this session
    seen_a: float | None = None  # all that its car was seen to take when it might take more
    seen_phases: int | None = None  # on how many it was last seen to charge steadily

    def standing(self, now: float, p: Parameters) -> Standing:
        """Return what the control law may count on."""
        report = self.report
        if self._is_new(now, p):
            return Standing.NEW
        if report is None or not self.is_reached(now, p):
            return Standing.OUT_OF_REACH
        if report.operating_state == "failure":
            return Standing.FAULTY
        return Standing.NO_CAR if report.car is None else self._with_car(report, now)

    def _with_car(self, report: Report, now: float) -> Standing:
        if self.proving is not None and now < self.proving.until_s:
            return Standing.PROVING
        if self.disobeys:
            return Standing.DISOBEDIENT
        return Standing.FRESH if report.accepted is None else Standing.READY

    def is_reached(self, now: float, p: Parameters) -> bool:
        """Return whether it reports, is connected, and knows if a car is plugged."""
        report = self.report
        return (
            report is not None
            and now - self.heard_s <= p.silent_after_s
            and report.link is Link.CONNECTED
            and report.is_car_known
        )

    def _is_new(self, now: float, p: Parameters) -> bool:
        """Return whether it was paired just now and has not told yet what it draws.

        The meter sees it as it did before: neither a reserve nor a limit would be any safer.
        """
        if self.met_s is not None or self.is_restored or now - self.known_since_s > p.meeting_s:
            return False
        return self.fresh_since_s is None or now - self.fresh_since_s <= p.start_grace_s

    @property
    def has_car(self) -> bool:
        """Return whether a car was plugged when it last reported."""
        return self.report is not None and self.report.car is not None

    def phases(self, site_phases: int, p: Parameters) -> tuple[Phase, ...]:
        """Return the house phases its car uses; all that are wired while that is unknown.

        A phase that carries current is in use, whatever the car says.
        """
        wired = self.settings.wired(site_phases)
        car = self.report.car if self.report else None
        if car is None:
            return wired
        told = self.measured_phases(wired, p) if car.phases is None else car.phases
        if not told or self._is_widening or self.settings.may_switch_itself:
            return wired
        if told >= len(wired):
            return wired
        drawn = self.drawn_a
        more = [] if drawn is None else [ph for ph in wired[told:] if drawn[ph] > p.drawing_a]
        return (*wired[:told], *more)

    @property
    def _is_widening(self) -> bool:
        """Return whether it is on its way to three phases, and may be there already."""
        return self.switching.is_under_way or (self.switching.phases == 3 and self.told_phases != 3)

    def widest(self, site_phases: int) -> tuple[Phase, ...]:
        """Return the house phases its car can use at most."""
        wired = self.settings.wired(site_phases)
        car = self.report.car if self.report else None
        if car is None or car.phases is None or self.wanted_phases == 1:
            return wired
        return wired[: car.phases]

    @property
    def tells_phases(self) -> bool:
        """Return whether it tells how many phases its car uses."""
        car = self.report.car if self.report else None
        return car is not None and car.phases is not None

    @property
    def told_phases(self) -> int | None:
        """Return how many phases it says it offers; None = it does not say."""
        told = self.report.offered_phases if self.report else None
        return self.offered_phases if told is None else told

    @property
    def wanted_phases(self) -> int:
        """Return how many phases it offers, or was asked to."""
        wanted = self.switching.phases or self.told_phases
        return self.settings.phases if wanted is None else wanted

    @property
    def conductors(self) -> int:
        """Return how many phases its car charges on, or is about to."""
        car = self.report.car if self.report else None
        if self.switching.phases is not None or car is None or car.phases is None:
            return self.wanted_phases
        return car.phases

    @property
    def can_go_to_one(self) -> bool:
        """Return whether it can switch on our word, and its car would follow.

        A car on one phase has nothing to switch, and one that goes below 6 A by ISO 15118 needs
        no contactor (and refuses it).
        """
        car = self.report.car if self.report else None
        if not self.settings.can_switch or car is None or self.goes_below:
            return False
        return not (self.told_phases == 3 and car.phases == 1)

    @property
    def goes_below(self) -> bool:
        """Return whether its car follows less than 6 A (ISO 15118) and has not refused it."""
        car = self.report.car if self.report else None
        if car is None or car.min_a is None or not car.communication.startswith("iso15118"):
            return False
        return car.min_a < IEC_LEAST_A and self.low_refusals < MOST_LOW_REFUSALS

    @property
    def is_full(self) -> bool:
        """Return whether its car says that it wants no more."""
        car = self.report.car if self.report else None
        return car is not None and car.operating_state == "finished"

    @property
    def is_drawing_allowed(self) -> bool:
        """Return whether its car may charge, by its last limit."""
        return bool(self.granted_a)

    # --- what one ampere of its limit means on a phase ---

    def factors(self, site_phases: int, p: Parameters) -> dict[Phase, float]:
        """Return how many amperes each house phase may carry for one ampere of its limit.

        1 on the phases in use. A charger that switches by itself reads three limits as a power:
        on one phase it may draw the sum of them. Until its car's phase count and the measured
        currents agree, both readings are reserved (design.md section 3).
        """
        used = self.phases(site_phases, p)
        if not self.settings.may_switch_itself or len(used) < 2:
            return dict.fromkeys(used, 1.0)
        agreed = self._agreed_phases(used, p)
        wants_one = self.switching.phases == 1
        if agreed == 3 and not wants_one:
            return dict.fromkeys(used, 1.0)
        if agreed == 1 and wants_one:
            return {used[0]: float(len(used))}
        most = float(len(used))
        if not wants_one:  # from 3 x 6 A on: no more than it can draw at all
            most = min(most, max(1.0, self.settings.max_a / self.least_a))
        return {phase: most if phase is used[0] else 1.0 for phase in used}

    def _agreed_phases(self, wired: tuple[Phase, ...], p: Parameters) -> int | None:
        car, drawn = self.report.car if self.report else None, self.drawn_a
        if car is None or car.phases is None or drawn is None:
            return None
        carrying = [phase for phase in wired if drawn[phase] > 2 * p.drawing_a]
        if car.phases == len(wired) and len(carrying) == len(wired):
            return 3
        return 1 if car.phases == 1 and carrying == [wired[0]] else None

    def level_a(self, current_a: PhaseCurrents, site_phases: int) -> float:
        """Return the limit (A) that currents by phase of the house correspond to."""
        if not self.settings.may_switch_itself:
            return max(0.0, *current_a.values())
        wired = self.settings.wired(site_phases)
        levels = [current_a[p] / (len(wired) if p is wired[0] else 1) for p in wired]
        return max(0.0, *levels)

    def measured_phases(self, wired: tuple[Phase, ...], p: Parameters) -> int | None:
        """Return how many conductors carry current; None until that has been steady for long."""
        if not self.samples or self.samples[-1].at_s - self.samples[0].at_s < p.raise_every_s:
            return None
        counts = {
            sum(sample.current_a[phase] > 2 * p.drawing_a for phase in wired)
            for sample in self.samples
        }
        return counts.pop() if len(counts) == 1 and 0 not in counts else None

    # --- what it draws ---

    @property
    def drawn_a(self) -> PhaseCurrents | None:
        """Return the last measured currents by phase of the house, None = never measured."""
        return self.samples[-1].current_a if self.samples else None

    def measured_a(self, now: float, p: Parameters) -> PhaseCurrents | None:
        """Return the measured currents that can be counted on now, None = they are not known.

        Chargers notify what changes: a value without a successor is the newest truth. Only the
        time in which a car follows a new limit is covered by young measurements alone.
        """
        if not self.samples:
            return None
        newest = self.samples[-1]
        if now - newest.at_s <= p.reaction_s or self.is_settled(newest, p):
            return self.known_a(now, p)
        return None

    def known_a(self, now: float, p: Parameters) -> PhaseCurrents | None:
        """Return the last measured currents while the charger stands by them, else None.

        Energy that flows is counted and so notified; a charger silent for longer does not
        measure (any more). Where nothing flows there is nothing to notify, for as long as it takes.
        """
        if not self.samples:
            return None
        newest = self.samples[-1]
        if now - newest.at_s <= p.reaction_s:
            return newest.current_a
        if not (self.is_vouching and self.is_reached(now, p)):
            return None
        return newest.current_a if is_lasting(newest, now, p) else None

    @property
    def is_vouching(self) -> bool:
        """Return whether its last report stands by a measurement: of this car, since it came.

        Without a car it is known that nothing flows.
        """
        report = self.report
        if report is None:
            return False
        return report.measured_age_s is not None or (report.is_car_known and report.car is None)

    def is_settled(self, sample: Sample, p: Parameters) -> bool:
        """Return whether a sample is from after the car's reaction to the limit in force."""
        return sample.at_s >= self.changed_s + p.reaction_s

    def highest_drawn_a(self, now: float, p: Parameters, site_phases: int = 3) -> float:
        """Return the limit its currents correspond to; what it may draw, while unmeasured."""
        measured = self.measured_a(now, p)
        if measured is None:
            return self.may_draw_a(now, p)
        return self.level_a(measured, site_phases)

    # --- what it may and can draw ---

    @property
    def most_a(self) -> float:
        """Return the most it and its car can draw (A)."""
        car_a = self.report.car.max_a if self.report and self.report.car else None
        most_a = self.settings.max_a
        if self.settings.may_switch_itself and self.switching.phases == 1:
            # As three limits: above that it goes to three phases.
            most_a = min(most_a / self.settings.phases, self.settings.min_a - 0.1)
            return most_a if car_a is None else min(most_a, max(0.0, car_a / self.settings.phases))
        return most_a if car_a is None else min(most_a, max(0.0, car_a))

    @property
    def unbound_a(self) -> float:
        """Return what it could draw if it heeded nobody (A): the setting, or what it told if more.

        A maximum that is only set binds no charger that no longer hears our limits.
        """
        told_a = self.report.car.max_a if self.report and self.report.car else None
        return max(self.settings.max_a, told_a or 0.0)

    @property
    def least_a(self) -> float:
        """Return the lowest limit its car can charge with (A).

        Never below the setting, but where ISO 15118 follows less than the 6 A of IEC 61851, or a
        charger that switches by itself reads three times 2 A as 6 A on one phase.
        """
        car_a = self.report.car.min_a if self.report and self.report.car else None
        if self.settings.may_switch_itself and self.switching.phases == 1:
            return self.settings.min_a / self.settings.phases
        if car_a is None:
            return self.settings.min_a
        if self.goes_below and self.settings.min_a <= IEC_LEAST_A:
            return max(car_a, 1.0)
        return max(self.settings.min_a, car_a)

    @property
    def accepted_a(self) -> float | None:
        """Return the highest limit in force on its conductors; None = none is known."""
        accepted = self.report.accepted if self.report else None
        if accepted is None:
            return None
        highest_a = _highest_a(accepted.current_a, self.settings.phases)
        return self.most_a if highest_a is None else highest_a

    def may_draw_a(self, now: float, p: Parameters, window_s: float | None = None) -> float:
        """Return the highest limit its car may still follow: in force, or only just replaced.

        window_s: how long a replaced limit counts; None = the reaction time of a car.
        """
        window_s = p.reaction_s if window_s is None else window_s
        limit_a = self.most_a if self.granted_a is None else self.granted_a
        for old in self.former:
            if now - old.until_s <= window_s and old.limit_a > limit_a:
                limit_a = old.limit_a
        accepted_a = self.accepted_a or 0.0
        return min(max(limit_a, accepted_a), max(self.settings.max_a, accepted_a))


@lru_cache(maxsize=1024)  # asked for seven times in a decision, and changes now and then
def _highest_a(limits_a: PhaseReadings, conductors: int) -> float | None:
    """Return the highest of the limits on so many conductors; None = none of them is limited."""
    known = [limit_a for limit_a in limits_a.values()[:conductors] if limit_a is not None]
    return max(known, default=None)


def is_lasting(sample: Sample, now: float, p: Parameters) -> bool:
    """Return whether a sample may still be true at `now` although nothing came after it."""
    is_drawing = max(sample.current_a.values()) > p.drawing_a
    return not is_drawing or now - sample.at_s <= p.unchanged_s


def house_currents(
    settings: ChargerSettings, site_phases: int, report: Report
) -> PhaseCurrents | None:
    """Turn a charger's currents into phases of the house; None where a used one is unknown.

    A conductor the car says it does not use is measured by no charger: it carries nothing.
    """
    wired = settings.phases if site_phases == 3 else 1
    told = report.car.phases if report.car else None
    used = ALL_PHASES[: min(wired, told or wired)]
    if any(report.current_a[conductor] is None for conductor in used):
        return None
    currents: Phases[float] = report.current_a.map(lambda value: value or 0.0)
    return currents if site_phases == 1 else to_house(Rotation(settings.wiring), currents)


# --- changing one ---

_FIELDS = tuple(field.name for field in fields(Charger))
_SETTERS = {name: Charger.__dict__[name].__set__ for name in _FIELDS}
_values = attrgetter(*_FIELDS)


def changed(charger: Charger, **changes: object) -> Charger:
    """Return `dataclasses.replace(charger, **changes)` in a tenth of its time.

    Every charger changes every second, and `replace` takes half of a decision on a large site.
    Raises KeyError for a field there is not; the types are not checked here.
    """
    copy = object.__new__(Charger)
    for setter, value in zip(_SETTERS.values(), _values(charger), strict=True):
        setter(copy, value)
    for name, value in changes.items():
        _SETTERS[name](copy, value)
    return copy
