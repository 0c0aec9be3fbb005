"""What a site's own PV meter teaches: its gain, and how far a forecast is off. Pure.

The gain is the middle one of the last days' ratios of measured to modelled energy, so that a day
of snow or of a switched-off inverter moves little. Beside it a small table holds, by clearness of
the sky and height of the sun, the middle and the low fifth of measured over forecast power.
All of it can be learned again from the meter's energies and the weather of then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats, Instants
from smart_charging.solar.core.weather import Bases, Basis

DAY_S = 86_400
DAYS = 28  # that count for the gain
PRIOR_DAYS = 2.0  # a gain of 1 counts as much as so many usual days
LEAST_GAIN, MOST_GAIN = 0.4, 1.6
LEAST_SHARE = 0.02  # of the clear sky's highest power: below it a ratio is noise
OFF_SHARE = 0.05  # measured below this share of the model: snow, or switched off
FLAT_SHARE = 0.003  # three quarters as even as this, below the model: held down
HELD_SHARE = 0.9
MOST_LEFT_OUT = 0.5  # of a day's modelled energy; a day with more left out tells nothing

CLEARNESS = (0.25, 0.5, 0.75, 0.92)  # edges of classes: power over clear-sky power
HEIGHT = (0.17, 0.42, 0.71)  # sine: 10, 25, 45 degrees
# Before anything is learned, by clearness: how much of the forecast is there in 4 of 5 cases.
PRIOR_LOW = (0.50, 0.55, 0.65, 0.80, 0.88)
PRIOR_LOW_USUAL = 0.45  # of climatology
PRIOR_COUNT = 40.0
LOW, MIDDLE = 0.2, 0.5
SLOWEST = 0.004
MOST_RATIO = 3.0

Classes = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ratios:
    """What was learned on one basis. days: day since 1970 -> (measured Wh, modelled Wh).

    gain: measured over modelled energy. low, middle, counts: [clearness, height].
    """

    days: Mapping[int, tuple[float, float]]
    gain: float
    low: Floats
    middle: Floats
    counts: Floats


def gain_of(days: Mapping[int, tuple[float, float]]) -> float:
    """Return measured over modelled energy: the weighted median of the days, bounded."""
    ratios = [1.0, *(measured / modelled for measured, modelled in days.values())]
    told = [modelled for _, modelled in days.values()]
    usual = float(np.median(told)) if told else 1.0
    weights = np.array([PRIOR_DAYS * usual, *told])
    order = np.argsort(ratios)
    passed = np.cumsum(weights[order]) - weights[order] / 2
    middle = np.interp(weights.sum() / 2, passed, np.array(ratios)[order])
    return float(np.clip(middle, LEAST_GAIN, MOST_GAIN))


def unlearned(basis: Basis) -> Ratios:
    """Return what is reckoned with before anything was learned."""
    shape = len(CLEARNESS) + 1, len(HEIGHT) + 1
    low = np.array(PRIOR_LOW) if basis is Basis.WEATHER else np.full(shape[0], PRIOR_LOW_USUAL)
    return Ratios({}, 1.0, np.repeat(low[:, None], shape[1], 1), np.ones(shape), np.zeros(shape))


@dataclass(frozen=True, slots=True, eq=False)
class SolarLearned:
    """All that is learned of a site's sun, by basis. learned_until_s: nothing is learned twice."""

    weather: Ratios = field(default_factory=lambda: unlearned(Basis.WEATHER))
    climatology: Ratios = field(default_factory=lambda: unlearned(Basis.CLIMATOLOGY))
    learned_until_s: int = 0

    def of(self, basis: Basis) -> Ratios:
        """Return what holds for slots of a basis."""
        return self.weather if basis is Basis.WEATHER else self.climatology


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Slots of the past, [slots]. modelled_w and clear_w: of the site's roofs, without a gain.

    measured_w: NaN = not known. up: sine of the sun's height.
    """

    starts_s: Instants
    slot_s: int
    measured_w: Floats
    modelled_w: Floats
    clear_w: Floats
    up: Floats
    basis: Bases


def learn(learned: SolarLearned, told: Lesson, usual: Lesson) -> SolarLearned:
    """Return what is known after a lesson of slots that were not learned before.

    told: with the weather that was forecast; its slots without are passed over. usual: the same
    slots with the usual weather only, so that this is learned also where there is a source.
    Left out: unknown slots, the dark, snow and off (next to nothing measured under a model that
    sees sun), and a plant held down (power that stays even below the model).
    """
    here = told.basis == Basis.WEATHER
    return SolarLearned(
        _taught(learned.weather, told, here) if here.any() else learned.weather,
        _taught(learned.climatology, usual, np.ones(len(here), dtype=bool)),
        int(told.starts_s[-1]) + told.slot_s,
    )


def classes(share: Floats, up: Floats) -> tuple[Classes, Classes]:
    """Return the class of clearness and of height; share: power over clear-sky power."""
    return np.searchsorted(CLEARNESS, share), np.searchsorted(HEIGHT, up)


def clear_share(power_w: Floats, clear_w: Floats) -> Floats:
    """Return power over clear-sky power; 0 where there is none."""
    share = np.zeros(np.broadcast_shapes(power_w.shape, clear_w.shape))
    np.divide(power_w, clear_w, out=share, where=clear_w > 0)
    return share


def _usable(lesson: Lesson) -> Flags:
    measured = np.nan_to_num(lesson.measured_w, nan=-1.0)
    bright = lesson.modelled_w > LEAST_SHARE * max(float(lesson.clear_w.max(initial=0.0)), 1e-9)
    is_off = (measured < OFF_SHARE * lesson.modelled_w) & bright
    return bright & (measured >= 0) & ~is_off & ~_held_down(measured, lesson.modelled_w)


def _held_down(measured: Floats, modelled: Floats) -> Flags:
    """Return slots in a run of three even ones that the model sees higher and moving."""
    held = np.zeros(len(measured), dtype=bool)
    if len(measured) < 3:
        return held
    runs = np.lib.stride_tricks.sliding_window_view(measured, 3)
    model = np.lib.stride_tricks.sliding_window_view(modelled, 3)
    top = runs.max(axis=1)
    even = (top > 0) & (np.ptp(runs, axis=1) < FLAT_SHARE * top)
    above = (model * HELD_SHARE > top[:, None]).all(axis=1)
    for shift in range(3):
        held[shift : len(held) - 2 + shift] |= even & above
    return held


def _taught(known: Ratios, lesson: Lesson, here: Flags) -> Ratios:
    usable = _usable(lesson) & here
    days = _days(known.days, lesson, here, usable)
    gain = gain_of(days)
    forecast = gain * lesson.modelled_w
    kinds, heights = classes(clear_share(lesson.modelled_w, lesson.clear_w), lesson.up)
    low, middle, counts = known.low.copy(), known.middle.copy(), known.counts.copy()
    for slot in np.flatnonzero(usable):
        cell = kinds[slot], heights[slot]
        ratio = min(lesson.measured_w[slot] / forecast[slot], MOST_RATIO)
        counts[cell] += 1
        step = max(SLOWEST, 1 / (PRIOR_COUNT + counts[cell]))
        low[cell] += step * (LOW - (ratio < low[cell]))
        middle[cell] += step * (MIDDLE - (ratio < middle[cell]))
    return Ratios(days, gain, np.clip(low, 0, middle), np.clip(middle, 0.5, 1.5), counts)


def _days(
    known: Mapping[int, tuple[float, float]],
    lesson: Lesson,
    here: Flags,
    usable: Flags,
) -> Mapping[int, tuple[float, float]]:
    """Return the days with the lesson's in it; a day may be learned in several lessons."""
    days = dict(known)
    numbers = lesson.starts_s // DAY_S
    hours = lesson.slot_s / 3600
    for number in np.unique(numbers[here]):
        today = here & (numbers == number)
        whole = float(lesson.modelled_w[today].sum())
        used = today & usable
        modelled = float(lesson.modelled_w[used].sum())
        if whole <= 0 or modelled < (1 - MOST_LEFT_OUT) * whole:
            continue
        before = days.get(int(number), (0.0, 0.0))
        measured = float(lesson.measured_w[used].sum())
        days[int(number)] = before[0] + measured * hours, before[1] + modelled * hours
    return {number: days[number] for number in sorted(days)[-DAYS:]}
