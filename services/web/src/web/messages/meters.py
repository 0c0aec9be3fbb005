"""Meters: settings both ways, readings and models to what the API gives."""

from volthus_wire.v1 import metering_pb2 as wire
from web.messages.plain import instant_in, named, number_in, phases_in, positive, text, word
from web.models.common import ByPhase, PhaseName
from web.models.meters import (
    FindingVerdict,
    Meter,
    MeterCandidate,
    MeterFinding,
    MeterIdentity,
    MeterModel,
    MeterPlace,
    MeterRoleName,
    MeterSettings,
    MeterTest,
    Quality,
    Reading,
    ShownKind,
    Transport,
    TransportDefaults,
    TransportSettings,
)

ROLES: dict[int, MeterRoleName] = {
    wire.METER_ROLE_GRID: "grid",
    wire.METER_ROLE_PV: "pv",
    wire.METER_ROLE_BATTERY: "battery",
    wire.METER_ROLE_SUB: "sub",
    wire.METER_ROLE_CHARGER: "charger",
}
KINDS: dict[int, ShownKind] = {
    wire.TRANSPORT_KIND_TCP: "tcp",
    wire.TRANSPORT_KIND_RTU: "rtu",
    wire.TRANSPORT_KIND_RTU_OVER_TCP: "rtu_over_tcp",
    wire.TRANSPORT_KIND_EEBUS: "eebus",
}
QUALITIES: dict[int, Quality] = {
    wire.METER_QUALITY_UNSPECIFIED: "unknown",
    wire.METER_QUALITY_GOOD: "good",
    wire.METER_QUALITY_STALE: "stale",
    wire.METER_QUALITY_BAD: "bad",
    wire.METER_QUALITY_FROZEN: "frozen",
    wire.METER_QUALITY_IMPLAUSIBLE: "implausible",
}
_ROLE_WORDS = {name: wire.MeterRole.Name(number) for number, name in ROLES.items()}
_KIND_WORDS = {name: wire.TransportKind.Name(number) for number, name in KINDS.items()}


def reading(message: wire.MeterReading) -> Reading:
    """Return one poll of a meter."""
    return Reading(
        measured_at=instant_in(message, "measured_at"),
        age_s=message.age_s,
        quality=named(message.quality, QUALITIES),
        current_a=phases_in(message, "current_a") or ByPhase(),
        power_w=phases_in(message, "power_w") or ByPhase(),
        power_total_w=number_in(message, "power_total_w"),
        voltage_v=phases_in(message, "voltage_v") or ByPhase(),
        frequency_hz=number_in(message, "frequency_hz"),
        energy_import_wh=number_in(message, "energy_import_wh"),
        energy_export_wh=number_in(message, "energy_export_wh"),
        energy_import_segment=positive(message.energy_import_segment),
        energy_export_segment=positive(message.energy_export_segment),
    )


def meter(message: wire.MeterHealth) -> Meter:
    """Return a meter and how it is doing."""
    settings = message.settings
    return Meter(
        id=settings.meter,
        name=text(settings.name),
        model=settings.model,
        role=named(settings.role, ROLES),
        transport=_transport(settings.transport),
        rotation=settings.rotation,
        invert=settings.invert,
        phase=phase_name(settings.phase),
        phases=positive(message.phases),
        problem=text(message.problem),
        problem_detail=text(message.problem_detail),
        last=reading(message.last) if message.HasField("last") else None,
        revision=settings.revision,
    )


def meter_test(message: wire.TestMeterReply) -> MeterTest:
    """Return what a meter answered to a test."""
    return MeterTest(
        reading=reading(message.reading),
        warnings=list(message.warnings),
        findings=[_finding(one) for one in message.findings],
        answer_ms=message.answer_ms,
    )


def _finding(message: wire.MeterFinding) -> MeterFinding:
    return MeterFinding(
        check=message.check,
        phase=phase_name(message.phase),
        verdict=_verdict(message.verdict),
        value=number_in(message, "value"),
        detail=message.detail,
    )


def _verdict(value: str) -> FindingVerdict:
    """Return a verdict. Raises NotUnderstoodError for another word."""
    match value:
        case "fine" | "suspect" | "unknown":
            return value
        case _:
            word(value, FindingVerdict)
            return "unknown"


def meter_identity(message: wire.IdentifyMeterReply) -> MeterIdentity:
    """Return which models fit."""
    return MeterIdentity(
        candidates=[
            MeterCandidate(model=meter_model(one.model), fit=one.fit, reading=reading(one.reading))
            for one in message.candidates
        ],
        transport=_transport(message.transport),
        complete=message.complete,
    )


def to_place(wanted: MeterPlace) -> wire.IdentifyMeterRequest:
    """Return the message that asks what answers at a place."""
    return wire.IdentifyMeterRequest(transport=_to_transport(wanted.transport))


def meter_model(message: wire.MeterModel) -> MeterModel:
    """Return a compatible model."""
    defaults = message.defaults
    return MeterModel(
        id=message.model,
        manufacturer=message.manufacturer,
        name=message.name,
        phases=message.phases,
        transports=[named(kind, KINDS) for kind in message.transports],
        defaults=TransportDefaults(
            port=positive(defaults.port),
            unit_id=defaults.unit_id if defaults.HasField("unit_id") else None,
            baud=positive(defaults.baud),
            parity=text(defaults.parity),
            stop_bits=positive(defaults.stop_bits),
        ),
        quantities=list(message.quantities),
        has_phase_currents=message.has_phase_currents,
        note=text(message.note),
    )


def phase_name(value: str) -> PhaseName | None:
    """Return L1, L2, L3 or None for the empty text. Raises NotUnderstoodError for another."""
    match value:
        case "L1" | "L2" | "L3":
            return value
        case "":
            return None
        case _:
            word(value, PhaseName)
            return None


def to_meter_settings(
    wanted: MeterSettings, meter_id: str = "", revision: int = 0
) -> wire.MeterSettings:
    """Return the message that asks for these settings; left-out parameters stay 0 or empty."""
    return wire.MeterSettings(
        meter=meter_id,
        name=wanted.name or "",
        model=wanted.model,
        role=_ROLE_WORDS[wanted.role],
        transport=_to_transport(wanted.transport),
        rotation=wanted.rotation,
        invert=wanted.invert,
        phase=wanted.phase or "",
        revision=revision,
    )


def _to_transport(wanted: TransportSettings) -> wire.MeterTransport:
    return wire.MeterTransport(
        kind=_KIND_WORDS[wanted.kind],
        host=wanted.host or "",
        port=wanted.port or 0,
        unit_id=wanted.unit_id,
        device=wanted.device or "",
        baud=wanted.baud or 0,
        parity=wanted.parity or "",
        stop_bits=wanted.stop_bits or 0,
        closes_after_poll=wanted.closes_after_poll,
    )


def _transport(message: wire.MeterTransport) -> Transport:
    return Transport(
        kind=named(message.kind, KINDS),
        host=text(message.host),
        port=positive(message.port),
        unit_id=message.unit_id,
        device=text(message.device),
        baud=positive(message.baud),
        parity=text(message.parity),
        stop_bits=positive(message.stop_bits),
        closes_after_poll=message.closes_after_poll,
    )
