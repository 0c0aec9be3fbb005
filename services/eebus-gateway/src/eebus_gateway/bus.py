"""Messages to our values and back. The only file of the gateway that knows subjects."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from eebus.events import Ev, PerPhase
from eebus_gateway.core.dots import Dot, dot, sentence
from eebus_gateway.core.evse import Evse
from eebus_gateway.core.lease import Offer
from eebus_gateway.core.picture import Discovered, PairedView, Picture
from eebus_gateway.core.trust import Paired, Wish
from eebus_gateway.errors import CommandRefusedError
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_wire.subjects import (
    EEBUS_PAIR,
    EEBUS_PICTURE,
    EEBUS_PICTURE_GET,
    EEBUS_RENAME,
    EEBUS_UNPAIR,
    EVSE_LIMIT,
    EVSE_ROSTER,
    EVSE_STATE,
)
from volthus_wire.v1 import eebus_pb2 as wire
from volthus_wire.v1 import evse_pb2
from volthus_wire.v1.electrical_pb2 import Conductors
from volthus_wire.v1.rpc_pb2 import Caller, Nothing

R = TypeVar("R", bound=Message)

DOT_TO_WIRE = {
    Dot.NOT_CONNECTED: evse_pb2.CONNECTION_NOT_CONNECTED,
    Dot.CONNECTING: evse_pb2.CONNECTION_CONNECTING,
    Dot.CONNECTED: evse_pb2.CONNECTION_CONNECTED,
}


class Outbox:
    """What the gateway tells; a message that cannot go out now is dropped by the bus."""

    def __init__(self, bus: Bus, site: str) -> None:
        self._bus = bus
        self._site = site

    async def state(self, paired: Paired, evse: Evse, now: float) -> None:
        """Tell how a charger is."""
        message = state_message(paired, evse, now)
        await self._bus.publish(EVSE_STATE, message, site=self._site, ski=paired.ski)

    async def roster(self, skis: list[str]) -> None:
        """Tell which chargers there are."""
        await self._bus.publish(EVSE_ROSTER, evse_pb2.EvseRoster(skis=skis), site=self._site)

    async def picture(self, picture: Picture) -> None:
        """Tell what is found and paired."""
        await self._bus.publish(EEBUS_PICTURE, picture_message(picture), site=self._site)


FAR = "cloud"


class Commands(Protocol):
    """Who carries out the user's commands."""

    async def pair(self, wish: Wish, actor: str, *, is_far: bool) -> PairedView:
        """Trust a device; is_far: asked from the cloud."""

    async def rename(self, typed_ski: str, typed_name: str, actor: str) -> PairedView:
        """Name a paired device."""

    async def unpair(self, typed_ski: str, actor: str) -> None:
        """Forget the trust."""


class Inbox:
    """What the gateway hears and answers."""

    def __init__(self, bus: Bus, site: str) -> None:
        self._bus = bus
        self._site = site

    async def limits(self, heard: Callable[[str, Offer], None]) -> None:
        """Call `heard(ski, offer)` for every limit on the bus."""

        def on_limit(message: evse_pb2.EvseLimit, tokens: dict[str, str]) -> None:
            heard(tokens["ski"], offer_of(message))

        await self._bus.subscribe(EVSE_LIMIT, on_limit, site=self._site)

    async def requests(self, picture: Callable[[], Picture], commands: Commands) -> None:
        """Answer everything asked about EEBUS devices."""

        async def get(_: wire.GetEebusPictureRequest, __: Caller) -> wire.EebusPicture:
            return picture_message(picture())

        async def pair(ask: wire.PairRequest, by: Caller) -> wire.PairedReply:
            wish = Wish(ask.ski, ask.name, ask.host, ask.port)
            view = await _obeyed(commands.pair(wish, by.actor, is_far=by.origin == FAR))
            return wire.PairedReply(paired=paired_message(view))

        async def rename(ask: wire.RenameRequest, by: Caller) -> wire.PairedReply:
            view = await _obeyed(commands.rename(ask.ski, ask.name, by.actor))
            return wire.PairedReply(paired=paired_message(view))

        async def unpair(ask: wire.UnpairRequest, by: Caller) -> Nothing:
            await _obeyed(commands.unpair(ask.ski, by.actor))
            return Nothing()

        await self._bus.serve(EEBUS_PICTURE_GET, get, site=self._site)
        await self._bus.serve(EEBUS_PAIR, pair, site=self._site)
        await self._bus.serve(EEBUS_RENAME, rename, site=self._site)
        await self._bus.serve(EEBUS_UNPAIR, unpair, site=self._site)


T = TypeVar("T")


async def _obeyed(command: Awaitable[T]) -> T:
    try:
        return await command
    except CommandRefusedError as no:
        raise RefusedError(no.code, no.detail, field=no.field, **no.params) from no


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
    )
    return wire.EebusPicture(
        identity=identity,
        discovered=[_discovered_message(item) for item in picture.discovered],
        paired=[paired_message(view) for view in picture.paired],
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
        state=view.connection.state.value,
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
