"""What the meter reader says and hears on the bus. The only file that knows subjects."""

import asyncio
import contextlib
from typing import Protocol

from meter_reader.core.picture import Picture
from meter_reader.messages import to_health, to_reading
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.confirming import Confirmations
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import (
    EVSE_STATE,
    GRID_CONNECTION_GET,
    METER_ADD,
    METER_DECIDE,
    METER_IDENTIFY,
    METER_LIST,
    METER_MODELS,
    METER_READING,
    METER_REMOVE,
    METER_ROSTER,
    METER_TEST,
    METER_UPDATE,
    METER_WAITING,
)
from volthus_wire.v1 import metering_pb2 as wire
from volthus_wire.v1.evse_pb2 import EvseState
from volthus_wire.v1.rpc_pb2 import Caller, Nothing
from volthus_wire.v1.site_pb2 import GetGridConnectionRequest

RECENT_S = 5.0
ASK_EVERY_S = 10.0


class Outbox:
    """Publishes readings and the roster; what cannot go out now is dropped and counted."""

    def __init__(self, bus: Bus, site: str) -> None:
        self._bus = bus
        self._site = site

    async def reading(self, picture: Picture) -> None:
        """Publish what a meter measured, with its quality and age at this moment."""
        await self._bus.publish(
            METER_READING, to_reading(picture), site=self._site, meter=picture.config.meter
        )

    async def roster(self, pictures: list[Picture]) -> None:
        """Publish which meters there are and how they are."""
        roster = wire.MeterRoster(meters=[to_health(picture) for picture in pictures])
        await self._bus.publish(METER_ROSTER, roster, site=self._site)


class Commands(Protocol):
    """Who answers; see `meter_reader.commands`."""

    async def models(
        self, question: wire.ListMeterModelsRequest, caller: Caller, /
    ) -> wire.ListMeterModelsReply:
        """Return the catalogue."""

    async def list(
        self, question: wire.ListMetersRequest, caller: Caller, /
    ) -> wire.ListMetersReply:
        """Return all meters."""

    async def add(self, question: wire.AddMeterRequest, caller: Caller, /) -> wire.MeterReply:
        """Put a meter into service."""

    async def update(self, question: wire.UpdateMeterRequest, caller: Caller, /) -> wire.MeterReply:
        """Change a meter."""

    async def remove(self, question: wire.RemoveMeterRequest, caller: Caller, /) -> Nothing:
        """Take a meter out of service."""

    async def test(self, question: wire.TestMeterRequest, caller: Caller, /) -> wire.TestMeterReply:
        """Read a meter once."""

    async def identify(
        self, question: wire.IdentifyMeterRequest, caller: Caller, /
    ) -> wire.IdentifyMeterReply:
        """Return which models fit."""


async def serve(bus: Bus, site: str, commands: Commands, waiting: Confirmations) -> None:
    """Answer the site's requests about meters from now on."""
    await bus.serve(METER_MODELS, commands.models, site=site)
    await bus.serve(METER_LIST, commands.list, site=site)
    await bus.serve(METER_ADD, waiting.parking(METER_ADD, commands.add), site=site)
    await bus.serve(METER_UPDATE, waiting.parking(METER_UPDATE, commands.update), site=site)
    await waiting.serve(bus, site, METER_WAITING, METER_DECIDE)
    await bus.serve(METER_REMOVE, commands.remove, site=site)
    await bus.serve(METER_TEST, commands.test, site=site)
    await bus.serve(METER_IDENTIFY, commands.identify, site=site)


class Surroundings:
    """What others say that helps to judge a meter: the chargers' power, the main fuse."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._drawn: dict[str, tuple[float, float | None]] = {}
        self._fuse_a: float | None = None

    async def listen(self, bus: Bus, site: str) -> None:
        """Hear every charger from now on."""
        await bus.subscribe(EVSE_STATE, self._heard, site=site)

    async def watch_fuse(self, bus: Bus, site: str) -> None:
        """Ask the CEM for the main fuse again and again; runs until cancelled.

        Asked inside the site, and not heard on the picture that goes to the cloud: a hub that fell
        to a thief can speak there too. Without an answer the last one counts.
        """
        question = GetGridConnectionRequest()
        while True:
            with contextlib.suppress(NotAnsweredError, RefusedError):
                answer = await bus.ask(GRID_CONNECTION_GET, question, site=site)
                if answer.settings.revision:
                    fuse = answer.settings.fuse_a
                    self._fuse_a = max(fuse.l1, fuse.l2, fuse.l3) or None
            await asyncio.sleep(ASK_EVERY_S)

    def fuse_a(self) -> float | None:
        """Return the largest phase of the main fuse (A), None while nobody said it."""
        return self._fuse_a

    def charging_w(self) -> float | None:
        """Return the sum of all chargers heard in the last seconds (W), None if one is unknown."""
        now_s = self._clock.monotonic()
        recent = [watts for at_s, watts in self._drawn.values() if now_s - at_s < RECENT_S]
        known = [watts for watts in recent if watts is not None]
        return sum(known) if recent and len(known) == len(recent) else None

    def _heard(self, state: EvseState, _: dict[str, str]) -> None:
        self._drawn[state.ski] = (self._clock.monotonic(), _drawn_w(state))


def _drawn_w(state: EvseState) -> float | None:
    if state.ev_known and not state.HasField("ev"):
        return 0.0
    power = state.power_w
    watts = [getattr(power, name) for name in ("a", "b", "c") if power.HasField(name)]
    return float(sum(watts)) if watts else None
