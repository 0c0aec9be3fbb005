"""EEBUS messages to what the API gives."""

from volthus_wire.v1 import eebus_pb2, evse_pb2
from volthus_wire.v1.eebus_pb2 import EebusDevice as WireDevice
from volthus_wire.v1.eebus_pb2 import EebusIdentity as WireIdentity
from volthus_wire.v1.eebus_pb2 import EebusPicture as WirePicture
from volthus_wire.v1.eebus_pb2 import PairedDevice as WirePaired
from web.messages.plain import instant_in, named, number_in, positive, text
from web.models.eebus import (
    AnnouncedUseCase,
    ByConductor,
    Connection,
    DeviceDiagnostics,
    DiscoveredDevice,
    EebusIdentity,
    EebusPicture,
    HeldPowerLimit,
    LimitWrite,
    PairedDevice,
)

CONNECTIONS: dict[int, Connection] = {
    evse_pb2.CONNECTION_NOT_CONNECTED: "not_connected",
    evse_pb2.CONNECTION_CONNECTING: "connecting",
    evse_pb2.CONNECTION_CONNECTED: "connected",
}


def connection(number: int) -> Connection:
    """Return the connection's word. Raises NotUnderstoodError for one we have none for."""
    return named(number, CONNECTIONS)


def identity(message: WireIdentity) -> EebusIdentity:
    """Return who the site is to EEBUS devices."""
    return EebusIdentity(
        ski=message.ski,
        ship_id=message.ship_id,
        brand=message.brand,
        model=message.model,
        qr_text=message.qr_text,
        port=positive(message.port),
        certificate_ends=instant_in(message, "certificate_ends"),
    )


def discovered(message: WireDevice) -> DiscoveredDevice:
    """Return a device that was found."""
    return DiscoveredDevice(
        ski=message.ski,
        ship_id=message.ship_id,
        brand=message.brand,
        model=message.model,
        type=message.type,
        host=text(message.host),
        port=positive(message.port),
        requests_pairing=message.requests_pairing,
    )


def paired(message: WirePaired) -> PairedDevice:
    """Return a device that is trusted."""
    return PairedDevice(
        **discovered(message.device).model_dump(),
        name=text(message.name),
        connection=connection(message.connection),
        detail=message.detail,
        state=message.state,
        own=message.own,
        role=text(message.role),
        serial=text(message.serial),
    )


def picture(message: WirePicture) -> EebusPicture:
    """Return identity, found and paired devices."""
    return EebusPicture(
        identity=identity(message.identity),
        discovered=[discovered(one) for one in message.discovered],
        paired=[paired(one) for one in message.paired],
        accepts_until=instant_in(message, "accepts_until"),
    )


def diagnostics(message: eebus_pb2.DeviceDiagnostics) -> DeviceDiagnostics:
    """Return what an installer or developer wants to know of a device."""
    return DeviceDiagnostics(
        device=paired(message.paired),
        handshake=message.handshake,
        use_cases=[_use_case(one) for one in message.use_cases],
        entities=list(message.entities),
        writes=[_limit_write(one) for one in message.writes],
        power_limits=[
            HeldPowerLimit(
                kind=one.kind,
                active=one.active,
                power_w=number_in(one, "power_w"),
                duration_s=number_in(one, "duration_s"),
                failsafe_w=number_in(one, "failsafe_w"),
            )
            for one in message.power_limits
        ],
        reaction_s=number_in(message, "reaction_s"),
        quirks=list(message.quirks),
        connections=message.connections,
        connected_since=instant_in(message, "connected_since"),
        heartbeat_age_s=number_in(message, "heartbeat_age_s"),
        last_error=text(message.last_error),
        last_error_at=instant_in(message, "last_error_at"),
    )


def _use_case(message: eebus_pb2.AnnouncedUseCase) -> AnnouncedUseCase:
    return AnnouncedUseCase(
        entity=message.entity,
        entity_type=message.entity_type,
        actor=message.actor,
        name=message.name,
        scenarios=list(message.scenarios),
        used=message.used,
    )


def _limit_write(message: eebus_pb2.LimitWrite) -> LimitWrite:
    current = message.current_a
    return LimitWrite(
        at=instant_in(message, "at"),
        kind=message.kind,
        current_a=ByConductor(
            a=number_in(current, "a"), b=number_in(current, "b"), c=number_in(current, "c")
        )
        if message.HasField("current_a")
        else None,
        power_w=number_in(message, "power_w"),
        ok=message.ok,
        error_number=message.error_number if message.HasField("error_number") else None,
        text=text(message.text),
        answer_ms=number_in(message, "answer_ms"),
        reaction_s=number_in(message, "reaction_s"),
    )
