"""What participants that limit the power of others have in common."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Final

from eebus.events import PowerLimitChanged, WriteResult
from eebus.participant import C_co, Participant
from eebus.spine.session import MAX_RESPONSE_TIME_S
from eebus.usecases.limitation.guard import EnergyGuard, Order
from eebus.usecases.writing import Done, unsent

# An answer is due in 10 s, or what the peer's feature asks for; the core says so when it is late.
WRITE_TIMEOUT_S: Final = MAX_RESPONSE_TIME_S + 2.0
NO_GUARD: Final = unsent("we are no energy guard")


class Guarding(Participant[C_co]):
    """A participant that may be an energy guard (LPC, LPP)."""

    @property
    @abstractmethod
    def _energy_guard(self) -> EnergyGuard | None:
        """The role, None when it is not played."""

    def power_limit(self, ski: str, kind: str = "lpc") -> PowerLimitChanged | None:
        """Return the limit a system last told, None = unknown."""
        follower = self._energy_guard.followers.get(ski) if self._energy_guard else None
        return follower.limits.get(kind) if follower else None

    async def write_power_limit(
        self, ski: str, power_w: float | None, *, kind: str = "lpc", duration_s: float | None = None
    ) -> WriteResult:
        """Limit a system, and wait for its answer, at most 10 s. Never raises for a peer.

        power_w: a magnitude, None = no limit. duration_s: None = until told otherwise. The wish
        is kept: a system that is not there now is told when it comes.
        """
        now = asyncio.get_running_loop().time()
        order = Order(power_w, None if duration_s is None else now + duration_s)
        guard = self._energy_guard
        if guard is None:
            return NO_GUARD
        return await answer_of(lambda done: guard.write_limit(ski, kind, order, now, done))

    async def write_failsafe(
        self,
        ski: str,
        power_w: float | None,
        *,
        kind: str = "lpc",
        duration_s: float | None = None,
    ) -> WriteResult:
        """Set what holds without us: a power, and for how long at least (2 h to 24 h)."""
        now = asyncio.get_running_loop().time()
        guard = self._energy_guard
        if guard is None:
            return NO_GUARD
        return await answer_of(guard.write_failsafe(ski, kind, power_w, duration_s, now))

    def untrust(self, ski: str) -> None:
        """Close the connection for good, forget the trust and what was wanted of the peer."""
        super().untrust(ski)
        if self._energy_guard is not None:
            self._energy_guard.forget(ski)


async def answer_of(act: Callable[[Done], None]) -> WriteResult:
    """Return what `act` calls its `Done` with; it always does while somebody runs us."""
    answered: asyncio.Future[WriteResult] = asyncio.get_running_loop().create_future()

    def done(result: WriteResult) -> None:
        if not answered.done():
            answered.set_result(result)

    act(done)
    try:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            return await answered
    except TimeoutError:  # nobody runs us any more
        ms = WRITE_TIMEOUT_S * 1000
        return WriteResult(ok=False, error_number=None, text="no answer in time", ms=ms)
