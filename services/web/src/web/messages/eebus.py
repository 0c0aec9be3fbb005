"""EEBUS messages to what the API gives."""

from volthus_wire.v1 import evse_pb2
from volthus_wire.v1.eebus_pb2 import EebusDevice as WireDevice
from volthus_wire.v1.eebus_pb2 import EebusIdentity as WireIdentity
from volthus_wire.v1.eebus_pb2 import EebusPicture as WirePicture
from volthus_wire.v1.eebus_pb2 import PairedDevice as WirePaired
from web.messages.plain import named, positive, text
from web.models.eebus import (
    Connection,
    DiscoveredDevice,
    EebusIdentity,
    EebusPicture,
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
    )


def picture(message: WirePicture) -> EebusPicture:
    """Return identity, found and paired devices."""
    return EebusPicture(
        identity=identity(message.identity),
        discovered=[discovered(one) for one in message.discovered],
        paired=[paired(one) for one in message.paired],
    )
