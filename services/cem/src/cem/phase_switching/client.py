"""Speaks the phase switching contract over HTTP; knows no charger but its address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from cem.phase_switching.contract import Answer, ContractError, read

if TYPE_CHECKING:
    from cem.phase_switching.exchange import Exchange

ACCEPTED = (HTTPStatus.OK, HTTPStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request to switch. is_accepted: it has begun, or it is so already."""

    answer: Answer
    is_accepted: bool


class Client:
    """Asks chargers. Every call ends within about two seconds or raises ContractError."""

    def __init__(self) -> None:
        self._exchange: Exchange | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Client"]:
        """Yield a client, and close it."""
        client = cls()
        try:
            yield client
        finally:
            if client._exchange is not None:
                await client._exchange.close()

    async def look(self, url: str) -> Answer:
        """Return how a charger's relay stands."""
        status, body = await self._opened().answered("GET", url)
        if status != HTTPStatus.OK:
            raise ContractError(f"GET is answered with status {status}")
        return read(body)

    async def switch(self, url: str, phases: int) -> Asked:
        """Ask a charger to offer one phase or three."""
        status, body = await self._opened().answered("PUT", url, {"phases": phases})
        if status not in (*ACCEPTED, HTTPStatus.CONFLICT):
            raise ContractError(f"PUT is answered with status {status}")
        return Asked(read(body), status in ACCEPTED)

    def _opened(self) -> "Exchange":
        """Return what speaks HTTP, loaded with the first charger that is asked.

        httpx and its certificates are 15 MB, and few sites have such a charger.
        """
        if self._exchange is None:
            from cem.phase_switching.exchange import Exchange  # noqa: PLC0415 - on first use

            self._exchange = Exchange()
        return self._exchange
