"""Messages to our values and back. The only file of the gateway that knows subjects."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from eebus_gateway.appliances import ApplianceView
from eebus_gateway.core.appliance import Offer as ApplianceOffer
from eebus_gateway.core.diagnosis import Examined
from eebus_gateway.core.evse import Evse
from eebus_gateway.core.lease import Offer
from eebus_gateway.core.operator_limits import OperatorLimit
from eebus_gateway.core.picture import PairedView, Picture
from eebus_gateway.core.trust import Paired, Wish
from eebus_gateway.devices import MeterView
from eebus_gateway.errors import CommandRefusedError
from eebus_gateway.messages import (
    appliance_offer_of,
    appliances_message,
    diagnostics_message,
    meter_id,
    meters_message,
    offer_of,
    operator_message,
    paired_message,
    picture_message,
    reading_message,
    state_message,
    window_message,
)
from volthus_kit.bus import FAR, Bus
from volthus_kit.confirming import Confirmations
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import (
    APPLIANCE_LIMIT,
    APPLIANCES,
    EEBUS_ACCEPT_WINDOW,
    EEBUS_DECIDE,
    EEBUS_DIAGNOSTICS,
    EEBUS_METERS,
    EEBUS_PAIR,
    EEBUS_PICTURE,
    EEBUS_PICTURE_GET,
    EEBUS_RENAME,
    EEBUS_UNPAIR,
    EEBUS_WAITING,
    EVSE_LIMIT,
    EVSE_ROSTER,
    EVSE_STATE,
    METER_READING,
    OPERATOR_GET,
    OPERATOR_LIMITS,
)
from volthus_wire.v1 import eebus_pb2 as wire
from volthus_wire.v1 import evse_pb2, operator_pb2
from volthus_wire.v1.operator_pb2 import GetOperatorRequest, OperatorSettings
from volthus_wire.v1.rpc_pb2 import Caller, Nothing


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

    async def reading(self, view: MeterView, now: float) -> None:
        """Tell what a paired grid meter told just now."""
        message = reading_message(view, now)
        meter = meter_id(view.paired.ski)
        await self._bus.publish(METER_READING, message, site=self._site, meter=meter)

    async def meters(self, views: list[MeterView], now: float) -> None:
        """Tell which grid meters come with a pairing, and how they are."""
        await self._bus.publish(EEBUS_METERS, meters_message(views, now), site=self._site)

    async def operator(self, limits: tuple[OperatorLimit, ...]) -> None:
        """Tell what the grid operator's control box means now."""
        await self._bus.publish(OPERATOR_LIMITS, operator_message(limits), site=self._site)

    async def appliances(self, views: list[ApplianceView], now: float) -> None:
        """Tell which paired devices can be limited as a whole, and how they are."""
        await self._bus.publish(APPLIANCES, appliances_message(views, now), site=self._site)


class Commands(Protocol):
    """Who carries out the user's commands."""

    async def pair(self, wish: Wish, actor: str, *, is_far: bool) -> PairedView:
        """Trust a device; is_far: asked from the cloud."""

    async def rename(self, typed_ski: str, typed_name: str, actor: str) -> PairedView:
        """Name a paired device."""

    async def unpair(self, typed_ski: str, actor: str) -> None:
        """Forget the trust."""

    async def open_window(
        self, seconds: int, actor: str, *, is_far: bool = False
    ) -> datetime | None:
        """Trust the first device that asks, for some time; 0 closes the window."""

    def examine(self, typed_ski: str) -> Examined:
        """Return all there is to know of a paired device."""


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

    async def appliance_limits(self, heard: Callable[[str, ApplianceOffer], None]) -> None:
        """Call `heard(ski, offer)` for every limit of an appliance on the bus."""

        def on_limit(message: operator_pb2.ApplianceLimit, tokens: dict[str, str]) -> None:
            heard(tokens["ski"], appliance_offer_of(message))

        await self._bus.subscribe(APPLIANCE_LIMIT, on_limit, site=self._site)

    async def requests(
        self, picture: Callable[[], Picture], commands: Commands, waiting: Confirmations
    ) -> None:
        """Answer everything asked about EEBUS devices. waiting: for somebody at the site."""

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

        async def examine(ask: wire.GetDiagnosticsRequest, _: Caller) -> wire.DeviceDiagnostics:
            return diagnostics_message(await _obeyed(_at_once(commands.examine, ask.ski)))

        async def window(ask: wire.OpenAcceptWindowRequest, by: Caller) -> wire.AcceptWindow:
            is_far = by.origin == FAR
            return window_message(
                await _obeyed(commands.open_window(ask.seconds, by.actor, is_far=is_far))
            )

        await self._bus.serve(EEBUS_DIAGNOSTICS, examine, site=self._site)
        parked = waiting.parking(EEBUS_ACCEPT_WINDOW, window)
        await self._bus.serve(EEBUS_ACCEPT_WINDOW, parked, site=self._site)
        await self._bus.serve(EEBUS_PICTURE_GET, get, site=self._site)
        await self._bus.serve(EEBUS_PAIR, waiting.parking(EEBUS_PAIR, pair), site=self._site)
        await self._bus.serve(EEBUS_RENAME, rename, site=self._site)
        await self._bus.serve(EEBUS_UNPAIR, unpair, site=self._site)
        await waiting.serve(self._bus, self._site, EEBUS_WAITING, EEBUS_DECIDE)

    async def operator_settings(self) -> OperatorSettings | None:
        """Return how the site obeys its grid operator, by the CEM; None while it is away."""
        try:
            reply = await self._bus.ask(OPERATOR_GET, GetOperatorRequest(), site=self._site)
        except (NotAnsweredError, RefusedError):
            return None
        return reply.settings


T = TypeVar("T")


async def _at_once(answer: Callable[[str], T], typed_ski: str) -> T:
    return answer(typed_ski)


async def _obeyed(command: Awaitable[T]) -> T:
    try:
        return await command
    except CommandRefusedError as no:
        raise RefusedError(no.code, no.detail, field=no.field, **no.params) from no
