"""What the updaters of sites tell: in memory, each replica hears them all."""

from dataclasses import dataclass

from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_wire.subjects import UPDATE_STATE
from volthus_wire.v1.updating_pb2 import UpdateState

GONE_AFTER_S = 45.0  # it tells every 10 s


@dataclass(frozen=True, slots=True)
class _Heard:
    state: UpdateState
    at_s: float  # monotonic


class Updaters:
    """The last word of each site's updater. All calls on the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    async def hear(self, bus: Bus) -> None:
        """Hear them; works before the first connection."""
        await bus.subscribe(UPDATE_STATE, lambda state, at: self.heard(at["site"], state))

    def heard(self, site: str, state: UpdateState) -> None:
        """Take what an updater told."""
        self._heard[site] = _Heard(state, self._clock.monotonic())

    def state(self, site: str) -> UpdateState | None:
        """Return how an updater stands; None where there is none, or none was heard lately."""
        heard = self._heard.get(site)
        if heard is None or self._clock.monotonic() - heard.at_s > GONE_AFTER_S:
            return None
        return heard.state
