"""What the meter reader says and hears on the bus. The only file that knows subjects."""

from typing import Protocol

from meter_reader.core.picture import Picture
from meter_reader.messages import to_health, to_reading
from volthus_kit.bus import Bus
from volthus_wire.subjects import (
    METER_ADD,
    METER_LIST,
    METER_MODELS,
    METER_READING,
    METER_REMOVE,
    METER_ROSTER,
    METER_TEST,
    METER_UPDATE,
)
from volthus_wire.v1 import metering_pb2 as wire
from volthus_wire.v1.rpc_pb2 import Caller, Nothing


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


async def serve(bus: Bus, site: str, commands: Commands) -> None:
    """Answer the site's requests about meters from now on."""
    await bus.serve(METER_MODELS, commands.models, site=site)
    await bus.serve(METER_LIST, commands.list, site=site)
    await bus.serve(METER_ADD, commands.add, site=site)
    await bus.serve(METER_UPDATE, commands.update, site=site)
    await bus.serve(METER_REMOVE, commands.remove, site=site)
    await bus.serve(METER_TEST, commands.test, site=site)
