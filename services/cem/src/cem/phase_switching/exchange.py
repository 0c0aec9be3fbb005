"""One exchange over HTTP with a charger: bounded in time and size. The only file with httpx."""

import asyncio

import httpx

from cem.phase_switching.contract import ContractError

TIMEOUT_S = 2.0
MOST_BYTES = 4096


class Exchange:
    """A client that uses no proxy and follows no redirect."""

    def __init__(self) -> None:
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def answered(
        self, method: str, url: str, body: dict[str, int] | None = None
    ) -> tuple[int, bytes]:
        """Return status and body of an answer. Raises ContractError without a fitting one."""
        found = b""
        try:
            # httpx counts anew for every byte that comes.
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._http.stream(method, url, json=body) as answer,
            ):
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > MOST_BYTES:
                        raise ContractError(f"the answer is longer than {MOST_BYTES} bytes")
                return answer.status_code, found
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ContractError(str(error) or type(error).__name__) from error
