"""Speaks the phase switching contract over HTTP; knows no charger but its address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from cem.phase_switching.contract import Answer, ContractError, read

TIMEOUT_S = 2.0
MOST_BYTES = 4096
ACCEPTED = (httpx.codes.OK, httpx.codes.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request to switch. is_accepted: it has begun, or it is so already."""

    answer: Answer
    is_accepted: bool


class Client:
    """Asks chargers. Every call ends within about two seconds or raises ContractError."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Client"]:
        """Yield a client that uses no proxy and follows no redirect."""
        async with httpx.AsyncClient(
            timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        ) as http:
            yield cls(http)

    async def look(self, url: str) -> Answer:
        """Return how a charger's relay stands."""
        status, body = await self._exchange("GET", url)
        if status != httpx.codes.OK:
            raise ContractError(f"GET is answered with status {status}")
        return read(body)

    async def switch(self, url: str, phases: int) -> Asked:
        """Ask a charger to offer one phase or three."""
        status, body = await self._exchange("PUT", url, {"phases": phases})
        if status not in (*ACCEPTED, httpx.codes.CONFLICT):
            raise ContractError(f"PUT is answered with status {status}")
        return Asked(read(body), status in ACCEPTED)

    async def _exchange(
        self, method: str, url: str, body: dict[str, int] | None = None
    ) -> tuple[int, bytes]:
        found = b""
        try:
            async with self._http.stream(method, url, json=body) as answer:
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > MOST_BYTES:
                        raise ContractError(f"the answer is longer than {MOST_BYTES} bytes")
                return answer.status_code, found
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ContractError(str(error) or type(error).__name__) from error
