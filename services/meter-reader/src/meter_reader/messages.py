"""Our values to messages and back. No subject, no I/O."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from electrical.phases import Phase, PhaseReadings
from electrical.rotation import Rotation
from meter_profiles.profile import Profile
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from meter_reader.core.energy import Counter
from meter_reader.core.findings import Finding
from meter_reader.core.house import seen_from_house
from meter_reader.core.picture import Picture, picture_of
from meter_reader.core.reading import reading_of
from meter_reader.core.record import Pace, Quality, Record, answered
from meter_reader.core.setup import default_unit_id, mounting_of
from meter_reader.identify import Candidate, Identified
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import metering_pb2 as wire
from volthus_wire.v1.electrical_pb2 import Phases as WirePhases

ROLES = {
    Role.GRID: wire.METER_ROLE_GRID,
    Role.PV: wire.METER_ROLE_PV,
    Role.BATTERY: wire.METER_ROLE_BATTERY,
    Role.SUB: wire.METER_ROLE_SUB,
    Role.CHARGER: wire.METER_ROLE_CHARGER,
}
QUALITIES = {
    Quality.GOOD: wire.METER_QUALITY_GOOD,
    Quality.STALE: wire.METER_QUALITY_STALE,
    Quality.BAD: wire.METER_QUALITY_BAD,
    Quality.FROZEN: wire.METER_QUALITY_FROZEN,
    Quality.IMPLAUSIBLE: wire.METER_QUALITY_IMPLAUSIBLE,
}
KINDS = {
    TransportKind.TCP: wire.TRANSPORT_KIND_TCP,
    TransportKind.RTU: wire.TRANSPORT_KIND_RTU,
    TransportKind.RTU_OVER_TCP: wire.TRANSPORT_KIND_RTU_OVER_TCP,
}
_ROLE_OF = {number: role for role, number in ROLES.items()}
_KIND_OF = {number: kind for kind, number in KINDS.items()}


def to_reading(picture: Picture) -> wire.MeterReading:
    """Return the message of a meter that has answered at least once."""
    last = picture.record.last
    if last is None:
        raise ValueError(f"{picture.config.meter} has never answered")
    reading, counters = last.reading, picture.record.counters
    message = wire.MeterReading(
        meter=picture.config.meter,
        role=ROLES[picture.config.role],
        quality=QUALITIES[picture.quality],
        age_s=picture.age_s,
        sequence=picture.record.sequence,
        power_total_w=reading.power_total_w,
        frequency_hz=reading.frequency_hz,
        energy_import_wh=reading.energy_import_wh,
        energy_export_wh=reading.energy_export_wh,
        period_s=picture.period_s,
        energy_import_segment=_segment(counters.imported),
        energy_export_segment=_segment(counters.exported),
    )
    # Filled in place: messages made apart and copied into this one take twice the time.
    _fill_instant(message.measured_at, last.measured_at)
    _fill_phases(message.current_a, reading.current_a)
    _fill_phases(message.power_w, reading.power_w)
    _fill_phases(message.voltage_v, reading.voltage_v)
    return message


def _fill_instant(message: Timestamp, at: datetime) -> None:
    microseconds = at.microsecond
    message.seconds = round(at.timestamp() - microseconds / 1e6)
    message.nanos = microseconds * 1000


def _fill_phases(message: WirePhases, values: PhaseReadings) -> None:
    message.SetInParent()  # present even where no phase is known
    if values.l1 is not None:
        message.l1 = values.l1
    if values.l2 is not None:
        message.l2 = values.l2
    if values.l3 is not None:
        message.l3 = values.l3


def _segment(counter: Counter | None) -> int:
    return 0 if counter is None else counter.segment


def to_health(picture: Picture) -> wire.MeterHealth:
    """Return the message of a meter's settings and state."""
    problem = picture.problem
    return wire.MeterHealth(
        settings=to_settings(picture.config),
        last=to_reading(picture) if picture.record.last is not None else None,
        problem=problem.code if problem else "",
        problem_detail=problem.detail if problem else "",
        phases=picture.phases,
    )


def to_settings(config: MeterConfig) -> wire.MeterSettings:
    """Return the message of a set-up."""
    return wire.MeterSettings(
        meter=config.meter,
        name=config.name,
        model=config.model,
        role=ROLES[config.role],
        transport=_transport(config.line, config.wanted_unit_id),
        rotation=config.rotation.value,
        invert=config.invert,
        phase=config.phase.value if config.phase else "",
        revision=config.revision,
    )


def from_settings(message: wire.MeterSettings) -> MeterConfig:
    """Return the set-up of a message. Raises RefusedError for a word it does not know."""
    line, unit_id = from_transport(message.transport)
    return MeterConfig(
        meter=message.meter,
        name=message.name.strip(),
        model=message.model,
        role=_role(message),
        line=line,
        unit_id=unit_id,
        rotation=_rotation(message.rotation),
        invert=message.invert,
        phase=_phase(message.phase),
        revision=message.revision,
    )


def from_transport(transport: wire.MeterTransport) -> tuple[Line, int | None]:
    """Return the line and the unit id, None if it is not said. Raises RefusedError."""
    kind = _KIND_OF.get(transport.kind)
    if kind is None:
        raise RefusedError(
            "transport-missing",
            "The transport is tcp, rtu or rtu_over_tcp.",
            field="/transport/kind",
        )
    return _line(kind, transport), transport.unit_id if transport.HasField("unit_id") else None


def to_finding(finding: Finding) -> wire.MeterFinding:
    """Return the message of one finding of a test."""
    return wire.MeterFinding(
        check=finding.check,
        phase=finding.phase,
        verdict=finding.verdict.value,
        value=finding.value,
        detail=finding.detail,
    )


def to_identified(found: Identified, clock: Clock) -> wire.IdentifyMeterReply:
    """Return the message of what answers at an address."""
    return wire.IdentifyMeterReply(
        candidates=[_candidate(one, found, clock) for one in found.candidates],
        transport=_transport(found.line, found.unit_id),
        complete=found.is_complete,
    )


def _candidate(one: Candidate, found: Identified, clock: Clock) -> wire.MeterCandidate:
    model = one.profile
    config = MeterConfig("", "", model.model, Role.GRID, found.line, found.unit_id)
    seen = seen_from_house(one.values, mounting_of(config, model))
    now_s = clock.monotonic()
    record = answered(Record(), reading_of(seen), now_s, clock.now())
    picture = picture_of(config, max(model.phases), record, now_s, Pace(1.0))
    return wire.MeterCandidate(
        model=to_model(model), fit=one.fit.share, reading=to_reading(picture)
    )


def to_model(profile: Profile) -> wire.MeterModel:
    """Return the message of a catalogue entry.

    A model with a serial port is read over TCP too, through a gateway.
    """
    kinds = [TransportKind.TCP]
    if profile.serial is not None:
        kinds += [TransportKind.RTU, TransportKind.RTU_OVER_TCP]
    kind = TransportKind.TCP if profile.tcp is not None else TransportKind.RTU
    serial = profile.serial
    return wire.MeterModel(
        model=profile.model,
        manufacturer=profile.manufacturer,
        name=profile.name,
        phases=max(profile.phases),
        transports=[KINDS[k] for k in kinds],
        defaults=wire.MeterTransport(
            kind=KINDS[kind],
            port=profile.tcp.port if profile.tcp else 0,
            unit_id=default_unit_id(profile, kind),
            baud=(serial and serial.baud) or 0,
            parity=(serial and serial.parity) or "",
            stop_bits=(serial and serial.stop_bits) or 0,
            data_bits=serial.data_bits if serial else 0,
        ),
        quantities=[quantity.value for quantity in profile.quantities],
        has_phase_currents=profile.has_phase_currents,
        note=profile.note,
    )


def _transport(line: Line, unit_id: int) -> wire.MeterTransport:
    return wire.MeterTransport(
        kind=KINDS[line.kind],
        host=line.host,
        port=line.port,
        unit_id=unit_id,
        device=line.device,
        baud=line.baud,
        parity=line.parity,
        stop_bits=line.stop_bits,
        data_bits=line.data_bits,
        closes_after_poll=line.closes_after_poll,
    )


def _line(kind: TransportKind, transport: wire.MeterTransport) -> Line:
    """Return the line, without what does not belong to its kind."""
    if kind is TransportKind.RTU:
        return Line(
            kind=kind,
            device=transport.device.strip(),
            baud=transport.baud,
            parity=transport.parity.upper(),
            stop_bits=transport.stop_bits,
            data_bits=transport.data_bits,
        )
    return Line(
        kind=kind,
        host=transport.host.strip().lower(),
        port=transport.port,
        closes_after_poll=transport.closes_after_poll,
    )


def _role(message: wire.MeterSettings) -> Role:
    role = _ROLE_OF.get(message.role)
    if role is None:
        detail = f"The role is one of {', '.join(Role)}."
        raise RefusedError("role-missing", detail, field="/role")
    return role


def _rotation(word: str) -> Rotation:
    try:
        return Rotation(word.upper() or Rotation.RST)
    except ValueError:
        detail = f"{word!r} is none of {', '.join(Rotation)}."
        raise RefusedError("rotation-unknown", detail, field="/rotation") from None


def _phase(word: str) -> Phase | None:
    try:
        return Phase(word.upper()) if word else None
    except ValueError:
        detail = f"{word!r} is none of L1, L2, L3."
        raise RefusedError("phase-unknown", detail, field="/phase") from None
