"""Calls addresses that strangers chose: bounded in time and size, and never our own network.

The name is resolved here and the very address that was checked is connected to, so that a name
which answers differently the second time gains nothing. No redirects, no proxies, no cookies.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore

from web.core.addresses import AddressError, check_url, is_callable

MOST_S = 10.0  # from the name's look-up to the end of the answer
CONNECT_S = 5.0
MOST_ANSWER_BYTES = 64 * 1024
RESOLVERS = 4  # names are looked up in threads of their own: one that hangs holds up no database

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class CallError(Exception):
    """A call that got no answer. kind: timeout, refused-address, unreachable, protocol."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; nobody needs more of it."""

    status: int
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class CallRules:
    """private: networks of one's own may be called. plain_hosts: also without TLS."""

    private: bool = False
    plain_hosts: frozenset[str] = frozenset()


class Caller:
    """POSTs to addresses that strangers chose. Connections are not kept between calls."""

    def __init__(self, rules: CallRules, *, most_s: float = MOST_S) -> None:
        self.rules = rules
        self._most_s = most_s
        self._network = _GuardedNetwork(rules)
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body, return the answer's status. Raises CallError."""
        try:
            check_url(url, self.rules.plain_hosts)
            async with asyncio.timeout(self._most_s), self._pool() as pool:
                return await _post(pool, url, headers, body)
        except TimeoutError as late:
            raise CallError("timeout", f"no whole answer in {self._most_s:g} s") from late
        except AddressError as no:
            raise CallError("refused-address", str(no)) from no
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError) as odd:
            raise CallError("protocol", type(odd).__name__) from odd
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as gone:
            raise CallError("unreachable", type(gone).__name__) from gone

    @asynccontextmanager
    async def _pool(self) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        if self._tls is None:  # reads the machine's certificates: 20 ms, once
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        async with httpcore.AsyncConnectionPool(
            ssl_context=self._tls, max_connections=1, network_backend=self._network
        ) as pool:
            yield pool


async def _post(
    pool: httpcore.AsyncConnectionPool, url: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    async with pool.stream("POST", url, headers=fields, content=body) as response:
        read = 0
        async for chunk in response.aiter_stream():
            read += len(chunk)
            if read > MOST_ANSWER_BYTES:
                break  # the status is all we wanted; closing tells the other side
        found = (v for n, v in response.headers if n.lower() == b"retry-after")
        after = next(found, None)
        return Answer(response.status, after.decode("latin-1") if after is not None else None)


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that may be called."""

    def __init__(self, rules: CallRules) -> None:
        self._rules = rules
        self._inner = httpcore.AnyIOBackend()
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="names")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a name that may be called and answers."""
        found = await self._addresses(host, port)
        allowed = [one for one in found if is_callable(one, private=self._rules.private)]
        if not allowed:
            raise AddressError("address-refused", f"{host} leads into a network of our own.")
        failure: Exception | None = None
        for address in allowed[:3]:
            try:
                return await self._inner.connect_tcp(
                    address, port, CONNECT_S, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as gone:
                failure = gone
        raise failure or httpcore.ConnectError(host)

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()

        def look_up() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(one[4][0]) for one in found))

        return await loop.run_in_executor(self._threads, look_up)
