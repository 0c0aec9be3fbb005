"""The records on the bus: the readings they count, the questions they answer."""

from collections.abc import Callable
from math import isfinite

from cem.records.answers import RecordAnswers
from cem.records.core.counting import Measured
from cem.records.core.ledger import GridMeasured
from cem.records.recorder import Recorder, SunMeasured
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire import subjects
from volthus_wire.v1 import metering_pb2

BELIEVED = (metering_pb2.METER_QUALITY_GOOD, metering_pb2.METER_QUALITY_STALE)


async def hear(
    bus: Bus, site: str, recorder: Recorder, clock: Clock, grid_meter: Callable[[], str | None]
) -> None:
    """Count every believed reading of the grid meter and of PV meters."""

    def on_reading(message: metering_pb2.MeterReading, _: dict[str, str]) -> None:
        if message.quality not in BELIEVED:
            return
        now_s = clock.monotonic()
        if message.role == metering_pb2.METER_ROLE_GRID and message.meter == grid_meter():
            recorder.metered(grid_measured(message, now_s))
        elif message.role == metering_pb2.METER_ROLE_PV:
            recorder.metered(sun_measured(message, now_s))

    await bus.subscribe(subjects.METER_READING, on_reading, site=site)


async def answer(bus: Bus, site: str, answers: RecordAnswers) -> None:
    """Let `answers` answer the questions about records."""
    await bus.serve(subjects.SESSION_LIST, answers.list_sessions, site=site)
    await bus.serve(subjects.ENERGY_GET, answers.get_energy, site=site)
    await bus.serve(subjects.DECISION_LIST, answers.list_decisions, site=site)
    await bus.serve(subjects.EVIDENCE_LIST, answers.list_evidence, site=site)


def grid_measured(message: metering_pb2.MeterReading, now_s: float) -> GridMeasured:
    """Return what a reading of the grid meter says of energy; now_s: monotonic."""
    power_w = _power_w(message)
    import_w = None if power_w is None else max(0.0, power_w)
    export_w = None if power_w is None else max(0.0, -power_w)
    imported = message.energy_import_wh if message.HasField("energy_import_wh") else None
    exported = message.energy_export_wh if message.HasField("energy_export_wh") else None
    return GridMeasured(
        message.meter,
        power_w,
        Measured(now_s, import_w, imported, message.energy_import_segment),
        Measured(now_s, export_w, exported, message.energy_export_segment),
    )


def sun_measured(message: metering_pb2.MeterReading, now_s: float) -> SunMeasured:
    """Return what a PV meter says: production is its export, positive here."""
    power_w = _power_w(message)
    produced_w = None if power_w is None else max(0.0, -power_w)
    counter_wh = message.energy_export_wh if message.HasField("energy_export_wh") else None
    measured = Measured(now_s, produced_w, counter_wh, message.energy_export_segment)
    return SunMeasured(message.meter, measured)


def _power_w(message: metering_pb2.MeterReading) -> float | None:
    """Return the power over all phases; None when it is not known."""
    if message.HasField("power_total_w"):
        return message.power_total_w if isfinite(message.power_total_w) else None
    phases = message.power_w
    known = [getattr(phases, p) for p in ("l1", "l2", "l3") if phases.HasField(p)]
    return sum(known) if known and all(map(isfinite, known)) else None
