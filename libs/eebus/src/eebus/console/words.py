"""Events of the library as JSON objects for people and scripts. Absent values are null."""

from datetime import UTC, datetime

from eebus.events import (
    ChargingPlanChanged,
    ConnectionChanged,
    DemandChanged,
    DeviceDescribed,
    DeviceState,
    EntityChanged,
    Ev,
    EvChanged,
    Event,
    FailsafeChanged,
    HeartbeatChanged,
    LimitsChanged,
    Measured,
    Metered,
    NominalPowerChanged,
    PairingWindowChanged,
    Peer,
    PeerFound,
    PeerLost,
    PlanningOverdue,
    PowerControlChanged,
    PowerCurveChanged,
    PowerLimitChanged,
    PowerSlot,
    PricesChanged,
    ShipIdLearned,
    UseCasesChanged,
    WriteResult,
)
from eebus.ship.qr import QrCode

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Line = dict[str, Json]


def stamped(line: Line, at: datetime) -> Line:
    """Return the line with its time, RFC 3339 in UTC, first."""
    written = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"t": written, **line}


def of_event(event: Event) -> Line:
    """Return the JSON object that tells an event."""
    line: Line
    match event:
        case (
            PeerFound()
            | PeerLost()
            | ConnectionChanged()
            | ShipIdLearned()
            | PairingWindowChanged()
        ):
            line = _of_node(event)
        case DeviceDescribed():
            line = _device(event)
        case DeviceState():
            error = event.last_error_code
            line = _line("state", event.ski, value=event.operating_state, error_code=error)
        case EntityChanged():
            change = "added" if event.added else "removed"
            path: list[Json] = [*event.entity]
            line = _line("entity", event.ski, entity=path, type=event.type, change=change)
        case UseCasesChanged():
            line = _use_cases(event)
        case EvChanged():
            line = _line("ev", event.ski, plugged=event.ev is not None, **_ev(event.ev or Ev()))
        case Measured():
            line = _line(
                "measurement",
                event.ski,
                current_a=[*event.current_a],
                power_w=[*event.power_w],
                energy_wh=event.energy_wh,
                soc_percent=event.soc_percent,
            )
        case Metered():
            line = _meter(event)
        case (
            DemandChanged()
            | ChargingPlanChanged()
            | PowerCurveChanged()
            | PricesChanged()
            | PlanningOverdue()
        ):
            line = _of_planning(event)
        case LimitsChanged():
            active = any(value is not None for value in event.values)
            values: list[Json] = [*event.values]
            line = _line("limits", event.ski, kind=event.kind, active=active, values=values)
        case (
            PowerLimitChanged() | PowerControlChanged() | FailsafeChanged() | NominalPowerChanged()
        ):
            line = _of_power(event)
        case HeartbeatChanged():
            line = _line("heartbeat", event.ski, ok=event.ok)
    return line


def _of_node(
    event: PeerFound | PeerLost | ConnectionChanged | ShipIdLearned | PairingWindowChanged,
) -> Line:
    line: Line
    match event:
        case PeerFound():
            line = _peer(event.peer)
        case PeerLost():
            line = _line("peer_lost", event.ski)
        case ConnectionChanged():
            line = _line("connection", event.ski, state=event.state.value, detail=event.detail)
        case ShipIdLearned():
            line = _line("ship_id", event.ski, ship_id=event.ship_id)
        case PairingWindowChanged():
            line = _line("pairing", event.ski, open=event.is_open, remaining_s=event.remaining_s)
    return line


def _of_power(
    event: PowerLimitChanged | PowerControlChanged | FailsafeChanged | NominalPowerChanged,
) -> Line:
    line: Line
    match event:
        case PowerLimitChanged():
            line = _power_limit(event)
        case PowerControlChanged():
            line = _line(
                "limits",
                event.ski,
                kind=event.kind,
                active=event.limit_w is not None,
                values=[event.limit_w],
                state=event.state,
                remaining_s=event.remaining_s,
            )
        case FailsafeChanged():
            line = _line(
                "failsafe",
                event.ski,
                w=event.consumption_w,
                production_w=event.production_w,
                duration_s=event.duration_s,
            )
        case NominalPowerChanged():
            line = _line(
                "nominal", event.ski, w=event.consumption_w, production_w=event.production_w
            )
    return line


def _of_planning(
    event: DemandChanged
    | ChargingPlanChanged
    | PowerCurveChanged
    | PricesChanged
    | PlanningOverdue,
) -> Line:
    line: Line
    match event:
        case DemandChanged():
            line = _demand(event)
        case ChargingPlanChanged():
            line = _line("plan", event.ski, slots=_powers(event.slots))
        case PowerCurveChanged():
            line = _line("curve", event.ski, slots=_powers(event.slots))
        case PricesChanged():
            prices: list[Json] = [
                [each.start_s, each.end_s, each.price_per_kwh] for each in event.slots
            ]
            line = _line("prices", event.ski, currency=event.currency, slots=prices)
        case PlanningOverdue():
            line = _line("overdue", event.ski, what=event.what)
    return line


def _powers(slots: tuple[PowerSlot, ...]) -> list[Json]:
    return [[each.start_s, each.end_s, each.power_w] for each in slots]


def _demand(event: DemandChanged) -> Line:
    demand = event.demand
    return _line(
        "demand",
        event.ski,
        strategy=demand.strategy if demand else None,
        min_wh=demand.min_wh if demand else None,
        optimal_wh=demand.optimal_wh if demand else None,
        max_wh=demand.max_wh if demand else None,
        departure_s=demand.departure_s if demand else None,
        curve_due=demand is not None and demand.curve_due,
        prices_due=demand is not None and demand.prices_due,
    )


def of_qr(code: QrCode) -> Line:
    """Return the JSON object that tells what a QR code says."""
    return _line(
        "qr",
        code.ski,
        ship_id=code.ship_id,
        brand=code.brand,
        model=code.model,
        type=code.type,
        serial=code.serial,
        categories=[*code.categories],
    )


def of_result(command_id: Json, name: str | None, result: WriteResult) -> Line:
    """Return the one answer to a command."""
    return {
        "event": "result",
        "id": command_id,
        "cmd": name,
        "ok": result.ok,
        "error_number": result.error_number,
        "text": result.text,
        "ms": round(result.ms, 3),
    }


def _line(event: str, ski: str, **values: Json) -> Line:
    return {"event": event, "ski": ski or None, **values}


def _peer(peer: Peer) -> Line:
    return _line(
        "peer",
        peer.ski,
        ship_id=peer.ship_id,
        brand=peer.brand,
        model=peer.model,
        type=peer.type,
        host=peer.host,
        port=peer.port,
    )


def _device(event: DeviceDescribed) -> Line:
    return _line(
        "device",
        event.ski,
        brand=event.brand,
        model=event.model,
        serial=event.serial,
        software=event.software,
        type=event.device_type,
        quirks=[*event.quirks],
    )


def _power_limit(event: PowerLimitChanged) -> Line:
    return _line(
        "limits",
        event.ski,
        kind=event.kind,
        active=event.active,
        values=[event.power_w],
        duration_s=event.duration_s,
    )


def _meter(event: Metered) -> Line:
    values = event.values
    return _line(
        "meter",
        event.ski,
        entity=[*event.entity],
        use_case=event.use_case,
        power_w=values.power_w,
        power_per_phase_w=[*values.power_per_phase_w],
        current_a=[*values.current_a],
        voltage_v=[*values.voltage_v],
        energy_consumed_wh=values.energy_consumed_wh,
        energy_produced_wh=values.energy_produced_wh,
        frequency_hz=values.frequency_hz,
        curtailment_factor=values.curtailment_factor,
    )


def _use_cases(event: UseCasesChanged) -> Line:
    items: list[Json] = [
        {"name": each.name, "scenarios": [*each.scenarios]}
        for each in event.items
        if each.available
    ]
    return _line("use_cases", event.ski, entity=[*event.entity], actor=event.actor, items=items)


def _ev(ev: Ev) -> Line:
    return {
        "communication": ev.communication,
        "asymmetric": ev.asymmetric,
        "phases": ev.phases,
        "min_a": ev.min_a,
        "max_a": ev.max_a,
        "pause_a": ev.pause_a,
        "state": ev.operating_state,
        "soc_percent": ev.soc_percent,
        "ids": [*ev.ids],
    }
