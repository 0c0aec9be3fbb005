"""Records to messages of the bus and back. Knows protobuf, no subjects."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from cem.messages.operating import limit_message
from cem.records.core.sealing import entry_of
from cem.records.tables import (
    ChargerMinuteRow,
    DecisionRow,
    EvidenceRow,
    MinuteRow,
    SessionRow,
)
from electrical.phases import Phases
from volthus_wire.convert import to_phases, to_timestamp
from volthus_wire.v1 import operator_pb2, records_pb2, site_pb2


def instant(ms: int) -> datetime:
    """Return the aware time of ms since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def ms_of(moment: datetime) -> int:
    """Return ms since 1970."""
    return round(moment.timestamp() * 1000)


def session_message(row: SessionRow) -> records_pb2.ChargingSession:
    """Return a session; a cost that is not known is left out."""
    message = records_pb2.ChargingSession(
        session=row.id,
        ski=row.ski,
        charger_name=row.charger_name,
        car=row.car,
        started=to_timestamp(instant(row.started_ms)),
        state=row.standing,
        energy_wh=row.energy_wh,
        sun_wh=row.sun_wh,
        grid_wh=max(0.0, row.energy_wh - row.sun_wh),
        charging_s=row.charging_s,
        highest_w=row.highest_w,
        soc_start_percent=row.soc_start_percent,
        soc_end_percent=row.soc_end_percent,
        cost=None if row.cost is None else float(Decimal(row.cost)),
        currency=row.currency,
        mode=row.mode,
        revision=row.revision,
        price_series=row.price_series,
        co2_g=row.co2_g,
        at_once_cost=None if row.at_once_cost is None else float(Decimal(row.at_once_cost)),
        at_once_co2_g=row.at_once_co2_g,
    )
    if row.ended_ms is not None:
        message.ended.CopyFrom(to_timestamp(instant(row.ended_ms)))
    return message


def minute_message(row: MinuteRow, chargers: Iterable[ChargerMinuteRow]) -> records_pb2.EnergySpan:
    """Return one minute of energy."""
    message = span_message(row.start_s, 60, (row.import_wh, row.export_wh, row.sun_wh))
    message.revision = row.revision
    for charger in chargers:
        add_charger(message, charger.ski, charger.energy_wh, charger.sun_wh)
    return message


def span_message(
    start_s: int, length_s: int, known: tuple[float | None, float | None, float | None]
) -> records_pb2.EnergySpan:
    """Return a span; known: import, export and sun in Wh."""
    import_wh, export_wh, sun_wh = known
    return records_pb2.EnergySpan(
        start=to_timestamp(instant(start_s * 1000)),
        end=to_timestamp(instant((start_s + length_s) * 1000)),
        import_wh=import_wh,
        export_wh=export_wh,
        sun_wh=sun_wh,
    )


def add_charger(message: records_pb2.EnergySpan, ski: str, energy_wh: float, sun_wh: float) -> None:
    """Add what one charger took to a span."""
    message.charger_wh[ski] = energy_wh
    message.charger_sun_wh[ski] = sun_wh
    message.charging_wh += energy_wh
    message.charging_sun_wh += sun_wh


def decision_message(row: DecisionRow) -> records_pb2.DecisionRecord:
    """Return one line of the why-history."""
    message = records_pb2.DecisionRecord(
        number=row.number or 0,
        at=to_timestamp(instant(row.at_ms)),
        ski=row.ski,
        mode=row.mode,
        ladder=row.ladder,
    )
    if row.has_limit:
        limit_a = Phases(row.limit_l1_a, row.limit_l2_a, row.limit_l3_a)
        message.limit_a.CopyFrom(to_phases(limit_a))
    if row.kind:
        message.limited_by.CopyFrom(
            site_pb2.LimitedBy(kind=row.kind, element=row.element, phase=row.phase, value=row.value)
        )
        if row.since_ms is not None:
            message.limited_by.since.CopyFrom(to_timestamp(instant(row.since_ms)))
        if row.until_ms is not None:
            message.limited_by.until.CopyFrom(to_timestamp(instant(row.until_ms)))
    return message


def evidence_message(row: EvidenceRow) -> operator_pb2.Evidence:
    """Return an entry of the evidence log."""
    entry = entry_of(json.loads(row.fields))
    return operator_pb2.Evidence(
        number=row.number,
        at=to_timestamp(entry.at),
        event=entry.event,
        limit=limit_message(entry.limit),
        grid_import_w=entry.grid_import_w,
        charging_w=entry.charging_w,
        reached_s=entry.reached_s,
        reference=entry.limit.reference,
        appliances=entry.appliances,
        hash=row.hash,
        before=row.before,
    )
