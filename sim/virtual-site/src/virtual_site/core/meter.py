"""The grid meter: samples with noise, shown late; energy counters. Pure, knows no register."""

from dataclasses import dataclass, field, replace

from electrical import ALL_PHASES, ZERO, PhaseCurrents, Phases
from electrical.phases import combine
from meter_profiles.quantity import CURRENTS, POWERS, VOLTAGES, Quantity
from virtual_site.core.noise import normal
from virtual_site.core.scenario import MeterBehaviour

FREQUENCY_HZ = 50.0


@dataclass(frozen=True, slots=True)
class Counters:
    """Energy since the meter was made, Wh; import and export as sum over the phases."""

    imported_wh: float = 0.0
    exported_wh: float = 0.0
    imported_by_phase_wh: PhaseCurrents = field(default=ZERO)


@dataclass(frozen=True, slots=True)
class Distortion:
    """What faults do to the samples."""

    is_frozen: bool = False
    factor: float = 1.0
    add_a: float = 0.0


@dataclass(frozen=True, slots=True)
class Meter:
    """What the meter shows, and what it measured but does not show yet."""

    behaviour: MeterBehaviour
    counters: Counters = field(default_factory=Counters)
    samples: tuple[tuple[float, PhaseCurrents], ...] = ()  # (taken at, A), oldest first
    shown_a: PhaseCurrents = ZERO


def measure(meter: Meter, t_s: float, true_a: PhaseCurrents, distortion: Distortion) -> Meter:
    """Take the currents of this instant and show the newest sample that is old enough."""
    if distortion.is_frozen:
        return meter
    samples = meter.samples
    if _is_due(meter, t_s):
        distorted = true_a.map(lambda a: a * distortion.factor + distortion.add_a)
        sample = (t_s, distorted + _noise_a(meter.behaviour, int(t_s)))
        samples = (*(s for s in samples if s[0] != t_s), sample)
    horizon_s = t_s - meter.behaviour.latency_s
    while len(samples) > 1 and samples[1][0] <= horizon_s:
        samples = samples[1:]
    return replace(meter, samples=samples, shown_a=samples[0][1])


def count(meter: Meter, true_a: PhaseCurrents, voltage_v: float, dt_s: float) -> Meter:
    """Let the energy counters run for `dt_s` seconds."""
    energy_wh = true_a * (voltage_v * dt_s / 3600)
    total_wh = sum(energy_wh.values())
    before = meter.counters
    counters = Counters(
        before.imported_wh + max(total_wh, 0.0),
        before.exported_wh + max(-total_wh, 0.0),
        combine(before.imported_by_phase_wh, energy_wh, lambda a, b: a + max(b, 0.0)),
    )
    return replace(meter, counters=counters)


def quantities(meter: Meter, voltage_v: float) -> dict[Quantity, float | None]:
    """Return everything the meter could show, in SI units; power factor is always 1."""
    power_w = meter.shown_a * voltage_v
    total_w = sum(power_w.values())
    counters = meter.counters
    values: dict[Quantity, float | None] = {
        Quantity.POWER_TOTAL: total_w,
        Quantity.POWER_TOTAL_IMPORT: max(total_w, 0.0),
        Quantity.POWER_TOTAL_EXPORT: max(-total_w, 0.0),
        Quantity.FREQUENCY: FREQUENCY_HZ,
        Quantity.POWER_FACTOR: 1.0,
        Quantity.ENERGY_IMPORT: counters.imported_wh,
        Quantity.ENERGY_EXPORT: counters.exported_wh,
        Quantity.ENERGY_IMPORT_WH64: counters.imported_wh,
        Quantity.ENERGY_EXPORT_WH64: counters.exported_wh,
    }
    for index, phase in enumerate(ALL_PHASES):
        values[CURRENTS[index]] = meter.shown_a[phase]
        values[POWERS[index]] = power_w[phase]
        values[VOLTAGES[index]] = voltage_v
        values[Quantity.POWER_FACTOR_L1.on(phase)] = 1.0
        for counter in (Quantity.ENERGY_IMPORT_L1, Quantity.ENERGY_IMPORT_WH64_L1):
            values[counter.on(phase)] = counters.imported_by_phase_wh[phase]
        values[Quantity.ENERGY_EXPORT_L1.on(phase)] = 0.0
    return values


def _is_due(meter: Meter, t_s: float) -> bool:
    """Return whether a sample is taken now; up to 1 s of period the registers are live."""
    period_s = meter.behaviour.period_s
    if period_s <= 1 or not meter.samples:
        return True
    return t_s // period_s > meter.samples[-1][0] // period_s


def _noise_a(behaviour: MeterBehaviour, second: int) -> PhaseCurrents:
    return Phases(
        *(behaviour.noise_a * normal(behaviour.seed, second, index) for index in range(3))
    )
