"""The records on the bus: the readings they count, the questions they answer."""

from collections.abc import Callable, Iterable
from math import isfinite

from cem.core.state import State
from cem.messages.hearing import BELIEVED
from cem.records.answers import RecordAnswers
from cem.records.core.counting import Measured
from cem.records.core.ledger import GridMeasured
from cem.records.recorder import Recorder, SunMeasured
from electrical.phases import ALL_PHASES
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire import subjects
from volthus_wire.convert import from_phases
from volthus_wire.v1 import metering_pb2


async def hear(
    bus: Bus, site: str, recorder: Recorder, clock: Clock, state: Callable[[], State]
) -> None:
    """Count every believed reading of the grid meter and of PV meters."""

    def on_reading(message: metering_pb2.MeterReading, _: dict[str, str]) -> None:
        if message.quality not in BELIEVED:
            return
        now_s, known = clock.monotonic(), state()
        if message.role == metering_pb2.METER_ROLE_GRID and message.meter == known.meter.id:
            battery_w = known.battery_w if known.has_battery else 0.0
            recorder.metered(grid_measured(message, now_s, known.site_phases, battery_w))
        elif message.role == metering_pb2.METER_ROLE_PV:
            recorder.metered(sun_measured(message, now_s))

    await bus.subscribe(subjects.METER_READING, on_reading, site=site)


async def answer(bus: Bus, site: str, answers: RecordAnswers) -> None:
    """Let `answers` answer the questions about records."""
    await bus.serve(subjects.SESSION_LIST, answers.list_sessions, site=site)
    await bus.serve(subjects.SESSION_SUMMARY, answers.summarize_sessions, site=site)
    await bus.serve(subjects.ENERGY_GET, answers.get_energy, site=site)
    await bus.serve(subjects.DECISION_LIST, answers.list_decisions, site=site)
    await bus.serve(subjects.EVIDENCE_LIST, answers.list_evidence, site=site)
    await bus.serve(subjects.FACTS_RESEND, answers.resend_facts, site=site)


def grid_measured(
    message: metering_pb2.MeterReading,
    now_s: float,
    site_phases: int,
    battery_w: float | None = 0.0,
) -> GridMeasured:
    """Return what a reading of the grid meter says of energy; now_s: monotonic.

    battery_w: what charges the home batteries, - = they give, None = nobody knows.

    Its power is unknown while that of one phase of the site is: unknown is not zero.
    """
    by_phase = from_phases(message.power_w)
    power_w = _power_w(message, (by_phase[phase] for phase in ALL_PHASES[:site_phases]))
    import_w = None if power_w is None else max(0.0, power_w)
    export_w = None if power_w is None else max(0.0, -power_w)
    imported = message.energy_import_wh if message.HasField("energy_import_wh") else None
    exported = message.energy_export_wh if message.HasField("energy_export_wh") else None
    return GridMeasured(
        message.meter,
        power_w,
        Measured(now_s, import_w, imported, message.energy_import_segment),
        Measured(now_s, export_w, exported, message.energy_export_segment),
        battery_w,
    )


def sun_measured(message: metering_pb2.MeterReading, now_s: float) -> SunMeasured:
    """Return what a PV meter says: production is its export, positive here.

    A phase it does not name is one the inverter does not feed.
    """
    named = (value for value in from_phases(message.power_w).values() if value is not None)
    power_w = _power_w(message, named)
    produced_w = None if power_w is None else max(0.0, -power_w)
    counter_wh = message.energy_export_wh if message.HasField("energy_export_wh") else None
    measured = Measured(now_s, produced_w, counter_wh, message.energy_export_segment)
    return SunMeasured(message.meter, measured)


def _power_w(message: metering_pb2.MeterReading, by_phase: Iterable[float | None]) -> float | None:
    """Return the power over all phases as told, else as their sum; None when one is not known."""
    powers = [message.power_total_w] if message.HasField("power_total_w") else list(by_phase)
    known = [value for value in powers if value is not None and isfinite(value)]
    return sum(known) if known and len(known) == len(powers) else None
