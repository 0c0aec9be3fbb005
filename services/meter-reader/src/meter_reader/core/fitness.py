"""Does what a device answered look like a meter of this model? Judged by physics, not by names.

A wrong register map still yields numbers. They betray themselves: a voltage that no house has, a
power that voltage and current cannot make, phases that do not add up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from electrical.phases import ALL_PHASES
from electrical.plausible import CURRENT_RANGE_A, FREQUENCY_RANGE_HZ, VOLTAGE_RANGE_V
from meter_profiles.profile import Profile
from meter_profiles.quantity import CURRENTS, POWERS, VOLTAGES, Quantity

MOST_COUNTER_WH = 1e11  # a century at 100 kW
NOTICEABLE_VA = 50.0  # below it a product of two small numbers proves nothing
SLACK_W = 25.0
NAMED = 10  # a name outweighs what two layouts of one standard have in common
LEAST_EVIDENCE = 3  # two hits may be chance

Values = Mapping[Quantity, float | None]


class Verdict(StrEnum):
    """What one check says for the model."""

    FOR = "for"
    AGAINST = "against"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Fit:
    """How well an answer suits a model."""

    model: str
    hits: int  # checks that speak for it
    checks: int  # checks that could be made

    @property
    def share(self) -> float:
        """Return the part of the checks that speak for the model, 0 to 1."""
        return self.hits / self.checks if self.checks else 0.0


def fit_of(profile: Profile, values: Values, names: str = "") -> Fit | None:
    """Return how well the values suit the model, None when they cannot be its values.

    names: what a SunSpec device calls itself. A layout of one maker fits no other maker's device:
    they differ in sign.
    """
    is_named = profile.manufacturer.lower() in names.lower()
    if names and profile.sunspec is not None and not is_named and not _is_generic(profile):
        return None
    verdicts = [verdict for verdict in _verdicts(profile, values) if verdict is not Verdict.SILENT]
    if Verdict.AGAINST in verdicts or len(verdicts) < LEAST_EVIDENCE:
        return None
    known = sum(bool(value) for value in values.values())  # many devices answer 0 anywhere
    named = NAMED if is_named and names else 0
    checks = len(verdicts) + len(profile.points) + named
    return Fit(profile.model, len(verdicts) + known + named, checks)


def _is_generic(profile: Profile) -> bool:
    return profile.manufacturer.lower().startswith("sunspec")


def best_first(fits: Mapping[str, Fit], confidence: Mapping[str, str]) -> tuple[Fit, ...]:
    """Return the fits, the one with the most evidence first; better known models break a tie."""
    ranks = {"high": 0, "medium": 1, "low": 2}
    return tuple(
        sorted(
            fits.values(),
            key=lambda fit: (-fit.hits, -fit.share, ranks.get(confidence[fit.model], 3), fit.model),
        )
    )


def looks_live(profile: Profile, values: Values) -> bool:
    """Return whether the voltages read so far can be those of the model; the cheap first test."""
    return all(_voltage(values.get(q)) is not Verdict.AGAINST for q in VOLTAGES) and any(
        values.get(q) is not None for q in VOLTAGES[: max(profile.phases)]
    )


def _verdicts(profile: Profile, values: Values) -> Iterator[Verdict]:
    for quantity in VOLTAGES:
        yield _voltage(values.get(quantity))
    yield _within(values.get(Quantity.FREQUENCY), *FREQUENCY_RANGE_HZ)
    for quantity in CURRENTS:
        yield _not_beyond(values.get(quantity), CURRENT_RANGE_A[1])
    for phase in ALL_PHASES:
        yield _power_of_phase(values, VOLTAGES[0].on(phase), CURRENTS[0].on(phase))
    yield _sum_of_phases(profile, values)
    yield _not_beyond(values.get(Quantity.POWER_FACTOR), 1.001)
    for counter in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT):
        yield _counter(values.get(counter))


def _voltage(volts: float | None) -> Verdict:
    return _within(volts, *VOLTAGE_RANGE_V)


def _within(value: float | None, least: float, most: float) -> Verdict:
    if value is None:
        return Verdict.SILENT
    return Verdict.FOR if least < value < most else Verdict.AGAINST


def _not_beyond(value: float | None, most: float) -> Verdict:
    """Object to a value out of range; one within proves little, since zeros are everywhere."""
    return Verdict.AGAINST if value is not None and abs(value) > most else Verdict.SILENT


def _counter(energy_wh: float | None) -> Verdict:
    if energy_wh is None:
        return Verdict.SILENT
    return Verdict.SILENT if 0 <= energy_wh <= MOST_COUNTER_WH else Verdict.AGAINST


def _power_of_phase(values: Values, voltage: Quantity, current: Quantity) -> Verdict:
    """Active power is at most voltage times current."""
    phase = voltage.phase
    watts = values.get(POWERS[0].on(phase)) if phase else None
    volts, amperes = values.get(voltage), values.get(current)
    if watts is None or volts is None or amperes is None:
        return Verdict.SILENT
    apparent_va = volts * abs(amperes)
    if abs(watts) > 1.1 * apparent_va + SLACK_W:
        return Verdict.AGAINST
    return Verdict.FOR if apparent_va > NOTICEABLE_VA else Verdict.SILENT


def _sum_of_phases(profile: Profile, values: Values) -> Verdict:
    phases = [values.get(quantity) for quantity in POWERS[: max(profile.phases)]]
    total_w = values.get(Quantity.POWER_TOTAL)
    known = [watts for watts in phases if watts is not None]
    if total_w is None or len(known) < len(phases):
        return Verdict.SILENT
    most_w = sum(abs(watts) for watts in known)
    if abs(total_w - sum(known)) > 0.05 * most_w + SLACK_W:
        return Verdict.AGAINST
    return Verdict.FOR if most_w > NOTICEABLE_VA else Verdict.SILENT
