"""Tells the other replicas of the front door that this one lives, and hears them."""

import asyncio

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire.subjects import WEB_REPLICA_BEAT
from volthus_wire.v1.planning_pb2 import ReplicaBeat
from web.core.sharing import Replicas

BEAT_S = 1.0


class Beating:
    """Who of us lives. Alone while the bus is away: then this one tells of every site."""

    def __init__(self, bus: Bus, clock: Clock, own: str) -> None:
        self._bus = bus
        self._clock = clock
        self._replicas = Replicas(own)

    @property
    def own(self) -> str:
        """Return our own name."""
        return self._replicas.own

    def living(self) -> tuple[str, ...]:
        """Return who lives, ourselves included."""
        return self._replicas.living(self._clock.monotonic())

    async def hear(self) -> None:
        """Hear the others; works before the first connection."""
        await self._bus.subscribe(WEB_REPLICA_BEAT, lambda beat, _: self._take(beat))

    async def run(self) -> None:
        """Beat until cancelled, and say that this one leaves."""
        try:
            while True:
                await self._say(is_leaving=False)
                await asyncio.sleep(BEAT_S)
        finally:
            await self._say(is_leaving=True)

    async def _say(self, *, is_leaving: bool) -> None:
        beat = ReplicaBeat(replica=self.own, is_leaving=is_leaving)
        await self._bus.publish(WEB_REPLICA_BEAT, beat)

    def _take(self, beat: ReplicaBeat) -> None:
        now_s = self._clock.monotonic()
        self._replicas.hear(beat.replica, now_s, is_leaving=beat.is_leaving)
