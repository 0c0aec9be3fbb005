"""Our values to messages and back. No subject, no I/O."""

import math
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from eebus.events import Ev, PerPhase, PowerLimitChanged
from eebus_gateway.appliances import ApplianceView
from eebus_gateway.core.abilities import UseCase
from eebus_gateway.core.appliance import Offer as ApplianceOffer
from eebus_gateway.core.diagnosis import Diagnosis, Examined, LimitWrite
from eebus_gateway.core.dots import Dot, dot, sentence
from eebus_gateway.core.evse import Evse
from eebus_gateway.core.lease import Offer
from eebus_gateway.core.metering import Quality, phases
from eebus_gateway.core.operator_limits import OperatorLimit
from eebus_gateway.core.picture import Discovered, PairedView, Picture
from eebus_gateway.core.trust import Paired
from eebus_gateway.devices import MeterView
from electrical.phases import PhaseReadings, Phases
from volthus_wire.convert import from_timestamp, to_phases, to_timestamp
from volthus_wire.v1 import eebus_pb2 as wire
from volthus_wire.v1 import evse_pb2, metering_pb2, operator_pb2
from volthus_wire.v1.electrical_pb2 import Conductors

DOT_TO_WIRE = {
    Dot.NOT_CONNECTED: evse_pb2.CONNECTION_NOT_CONNECTED,
    Dot.CONNECTING: evse_pb2.CONNECTION_CONNECTING,
    Dot.CONNECTED: evse_pb2.CONNECTION_CONNECTED,
}
QUALITIES = {
    Quality.GOOD: metering_pb2.METER_QUALITY_GOOD,
    Quality.STALE: metering_pb2.METER_QUALITY_STALE,
    Quality.BAD: metering_pb2.METER_QUALITY_BAD,
    Quality.FROZEN: metering_pb2.METER_QUALITY_FROZEN,
    Quality.IMPLAUSIBLE: metering_pb2.METER_QUALITY_IMPLAUSIBLE,
}
METER_MODEL = "eebus-mgcp"  # not of the catalogue: such a meter comes with its pairing


def offer_of(message: evse_pb2.EvseLimit) -> Offer:
    """Return what a controller offers."""
    return Offer(
        current_a=_per_phase(message.current_a),
        ttl_s=message.ttl_ms / 1000,
        epoch=message.controller_epoch,
        sequence=message.sequence,
        sent_s=message.sent_s,
        fallback_a=message.fallback_a,
        reason=message.reason,
        release=message.release,
        least_a=message.least_a if 0 < message.least_a < math.inf else None,
        is_silent=message.silent,
    )


def state_message(paired: Paired, evse: Evse, now: float) -> evse_pb2.EvseState:
    """Return all that others know of a charger; now: monotonic clock, for the ages."""
    measured = evse.measured
    message = evse_pb2.EvseState(
        ski=paired.ski,
        name=paired.name,
        own=paired.own,
        connection=DOT_TO_WIRE[dot(evse.connection.state)],
        detail=sentence(evse.connection),
        brand=paired.brand,
        model=paired.model,
        serial=paired.serial,
        ship_id=paired.ship_id or "",
        ev_known=evse.ev_known,
        limit_problem=evse.writer.problem,
        reaction_s=evse.reaction.median_s,
    )
    if evse.state is not None:
        message.operating_state = evse.state.operating_state or ""
        message.error_code = evse.state.last_error_code or ""
    if evse.ev is not None:
        message.ev.CopyFrom(_ev_message(evse.ev, evse))
    if measured is not None:
        message.current_a.CopyFrom(_conductors(measured.current_a))
        message.power_w.CopyFrom(_conductors(measured.power_w))
        message.measured_age_s = now - evse.measured_at
        if measured.energy_wh is not None:
            message.energy_wh = measured.energy_wh
    if (limit := _limit_message(evse, now)) is not None:
        message.limit.CopyFrom(limit)
    return message


def picture_message(picture: Picture) -> wire.EebusPicture:
    """Return what people see of EEBUS."""
    us = picture.us
    identity = wire.EebusIdentity(
        ski=us.ski,
        ship_id=us.ship_id,
        brand=us.brand,
        model=us.model,
        qr_text=us.qr_text,
        port=us.port,
        certificate_ends=_instant(us.certificate_ends),
    )
    return wire.EebusPicture(
        identity=identity,
        discovered=[_discovered_message(item) for item in picture.discovered],
        paired=[paired_message(view) for view in picture.paired],
        accepts_until=_instant(picture.accepts_until),
    )


def paired_message(view: PairedView) -> wire.PairedDevice:
    """Return one paired device with its dot."""
    paired = view.paired
    device = wire.EebusDevice(
        ski=paired.ski,
        ship_id=paired.ship_id or "",
        brand=paired.brand,
        model=paired.model,
        type=paired.type,
        host=view.host,
        port=view.port,
    )
    return wire.PairedDevice(
        device=device,
        name=paired.name,
        connection=DOT_TO_WIRE[dot(view.connection.state)],
        detail=sentence(view.connection),
        own=paired.own,
        serial=paired.serial,
        state=view.connection.state.value,
        role=paired.role,
    )


def _discovered_message(item: Discovered) -> wire.EebusDevice:
    peer = item.peer
    return wire.EebusDevice(
        ski=peer.ski,
        ship_id=peer.ship_id or "",
        brand=peer.brand or "",
        model=peer.model or "",
        type=peer.type or "",
        host=peer.host,
        port=peer.port,
        requests_pairing=item.requests_pairing,
    )


def _ev_message(ev: Ev, evse: Evse) -> evse_pb2.Ev:
    soc_percent = ev.soc_percent
    if soc_percent is None and evse.measured is not None:
        soc_percent = evse.measured.soc_percent
    return evse_pb2.Ev(
        communication=ev.communication or "",
        asymmetric=ev.asymmetric,
        phases=ev.phases,
        min_a=ev.min_a,
        max_a=ev.max_a,
        pause_a=ev.pause_a,
        operating_state=ev.operating_state or "",
        soc_percent=soc_percent,
        takes_limits=evse.takes_limits,
        plug=evse.plugs,
        ev_id=next(iter(ev.ids), ""),
    )


def _limit_message(evse: Evse, now: float) -> evse_pb2.LimitInForce | None:
    accepted = evse.writer.accepted
    if accepted is None:
        return None
    return evse_pb2.LimitInForce(
        current_a=_conductors(accepted.values),
        controller_epoch=accepted.wanted.epoch,
        sequence=accepted.wanted.sequence,
        accepted_age_s=now - accepted.at,
        is_fallback=accepted.wanted.is_fallback,
    )


def _conductors(values: PerPhase) -> Conductors:
    a, b, c = values
    return Conductors(a=a, b=b, c=c)


def _per_phase(message: Conductors) -> PerPhase:
    return (
        message.a if message.HasField("a") else None,
        message.b if message.HasField("b") else None,
        message.c if message.HasField("c") else None,
    )


# --- grid meters ---------------------------------------------------------------------------------


def meter_id(ski: str) -> str:
    """Return the id under which a paired grid meter is known on the bus."""
    return f"hems-{ski[:8]}"


def reading_message(view: MeterView, now: float) -> metering_pb2.MeterReading:
    """Return what a grid meter told last; now: monotonic clock, for the age."""
    meter, values = view.meter, view.meter.values
    return metering_pb2.MeterReading(
        meter=meter_id(view.paired.ski),
        role=metering_pb2.METER_ROLE_GRID,
        quality=QUALITIES[view.quality],
        measured_at=_instant(meter.measured_at),
        age_s=max(0.0, now - meter.heard_at),
        sequence=meter.sequence,
        current_a=to_phases(_phases(values.current_a)),
        power_w=to_phases(_phases(values.power_per_phase_w)),
        power_total_w=values.power_w,
        voltage_v=to_phases(_phases(values.voltage_v)),
        frequency_hz=values.frequency_hz,
        period_s=meter.period_s,
        energy_import_wh=values.energy_consumed_wh,
        energy_export_wh=values.energy_produced_wh,
        energy_import_segment=meter.imported.segment,
        energy_export_segment=meter.exported.segment,
    )


def meters_message(views: list[MeterView], now: float) -> metering_pb2.MeterRoster:
    """Return the roster of the grid meters that come with a pairing."""
    return metering_pb2.MeterRoster(meters=[_meter_health(view, now) for view in views])


def _meter_health(view: MeterView, now: float) -> metering_pb2.MeterHealth:
    paired, problem = view.paired, view.problem
    settings = metering_pb2.MeterSettings(
        meter=meter_id(paired.ski),
        name=paired.name or f"{paired.brand} {paired.model}".strip(),
        model=METER_MODEL,
        role=metering_pb2.METER_ROLE_GRID,
        transport=metering_pb2.MeterTransport(
            kind=metering_pb2.TRANSPORT_KIND_EEBUS, ski=paired.ski
        ),
        rotation="RST",
    )
    return metering_pb2.MeterHealth(
        settings=settings,
        last=reading_message(view, now) if view.meter.sequence else None,
        problem=problem.code if problem else "",
        problem_detail=problem.detail if problem else "",
        phases=phases(view.meter),
    )


# --- limits of the grid operator -----------------------------------------------------------------


def operator_message(limits: tuple[OperatorLimit, ...]) -> operator_pb2.OperatorLimits:
    """Return what the grid operator's control box means now."""
    return operator_pb2.OperatorLimits(limits=[_operator_limit(limit) for limit in limits])


def _operator_limit(limit: OperatorLimit) -> operator_pb2.OperatorLimit:
    return operator_pb2.OperatorLimit(
        kind=limit.kind,
        source="eebus",
        ski=limit.box.ski,
        state=limit.state,
        limit_w=limit.limit_w,
        until=_instant(limit.until),
        failsafe_w=limit.failsafe.power_w,
        failsafe_s=limit.failsafe.duration_s,
        connected=limit.box.is_connected,
        since=_instant(limit.since),
        heard=_instant(limit.box.heard),
        name=limit.box.name,
    )


# --- appliances ----------------------------------------------------------------------------------


def appliance_offer_of(message: operator_pb2.ApplianceLimit) -> ApplianceOffer:
    """Return what a controller offers for an appliance."""
    return ApplianceOffer(
        limit_w=message.limit_w if message.HasField("limit_w") else None,
        until=from_timestamp(message.until) if message.HasField("until") else None,
        ttl_s=message.ttl_ms / 1000,
        epoch=message.controller_epoch,
        sequence=message.sequence,
        sent_s=message.sent_s,
        fallback_w=message.fallback_w,
        release=message.release,
    )


def appliances_message(views: list[ApplianceView], now: float) -> operator_pb2.Appliances:
    """Return how every paired appliance is; now: monotonic clock, for the ages."""
    return operator_pb2.Appliances(appliances=[_appliance(view, now) for view in views])


def _appliance(view: ApplianceView, now: float) -> operator_pb2.Appliance:
    paired, appliance = view.paired, view.appliance
    written = appliance.written
    is_answered = written.answered_at > -math.inf
    return operator_pb2.Appliance(
        ski=paired.ski,
        name=paired.name or f"{paired.brand} {paired.model}".strip(),
        only_this=view.is_only_this,
        connected=appliance.is_connected,
        heard=appliance.is_heard,
        silent_s=None if appliance.lost_at is None else now - appliance.lost_at,
        power_w=appliance.fresh_power_w(now),
        nominal_w=appliance.nominal_w,
        failsafe_w=appliance.failsafe_w,
        held_w=appliance.held_w,
        answer=written.told_answer.value,
        problem=written.problem,
        answer_age_s=now - written.answered_at if is_answered else None,
        asked_w=written.limit_w,
    )


# --- diagnostics ---------------------------------------------------------------------------------


def diagnostics_message(examined: Examined) -> wire.DeviceDiagnostics:
    """Return all there is to know of one paired device."""
    diagnosis = examined.diagnosis
    entities = sorted(diagnosis.tree.entities.items())
    return wire.DeviceDiagnostics(
        paired=paired_message(examined.view),
        use_cases=[_use_case(each) for each in diagnosis.tree.listed()],
        handshake=examined.phase,
        writes=[_limit_write(write) for write in diagnosis.writes],
        reaction_s=examined.reaction_s,
        quirks=list(diagnosis.quirks),
        connections=diagnosis.connections,
        connected_since=_instant(diagnosis.connected_since),
        last_error=diagnosis.last_error,
        last_error_at=_instant(diagnosis.last_error_at),
        heartbeat_age_s=examined.heartbeat_age_s,
        entities=[f"{_address(address)} {type_}".rstrip() for address, type_ in entities],
        power_limits=[_held_limit(limit, diagnosis) for _, limit in sorted(diagnosis.held.items())],
    )


def _held_limit(limit: PowerLimitChanged, diagnosis: Diagnosis) -> wire.HeldPowerLimit:
    safe = diagnosis.failsafe
    safe_w = None
    if safe is not None:
        safe_w = safe.consumption_w if limit.kind == "lpc" else safe.production_w
    return wire.HeldPowerLimit(
        kind=limit.kind,
        active=limit.active,
        power_w=limit.power_w,
        duration_s=limit.duration_s,
        failsafe_w=safe_w,
    )


def _use_case(use_case: UseCase) -> wire.AnnouncedUseCase:
    return wire.AnnouncedUseCase(
        entity=_address(use_case.entity),
        entity_type=use_case.entity_type,
        actor=use_case.actor,
        name=use_case.name,
        scenarios=use_case.scenarios,
        used=use_case.is_used,
    )


def _limit_write(write: LimitWrite) -> wire.LimitWrite:
    return wire.LimitWrite(
        at=_instant(write.at),
        kind=write.kind,
        current_a=None if write.current_a is None else _conductors(write.current_a),
        power_w=write.power_w,
        ok=write.ok,
        error_number=write.error_number,
        text=write.text,
        answer_ms=write.answer_ms,
        reaction_s=write.reaction_s,
    )


def window_message(until: datetime | None) -> wire.AcceptWindow:
    """Return how long the accept window is open; None = it is closed."""
    return wire.AcceptWindow(until=_instant(until))


def _address(entity: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in entity)


def _phases(values: PerPhase) -> PhaseReadings:
    """Return what a meter of the grid connection tells by conductor: a is the house's L1."""
    a, b, c = values
    return Phases(a, b, c)


def _instant(at: datetime | None) -> Timestamp | None:
    return None if at is None else to_timestamp(at)
