"""Serves an ASGI app inside the service's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Literal

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `volthus_kit.service`, which stops every task in order."""
        yield


async def serve_app(app: ASGIApp, host: str, port: int, *, proxy_headers: bool = False) -> None:
    """Serve until cancelled; open requests get 3 s to end.

    Raises OSError when the address is taken.
    """
    with socket.create_server((host, port), backlog=512) as listener:
        # Accepted sockets inherit it. asyncio would set it only on sockets made with an explicit
        # protocol number; without it a kept-alive connection waits 40 ms for each answer's body.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            app,
            http=_http(),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",  # nobody speaks WebSocket here: its library need not be loaded
            proxy_headers=proxy_headers,
            timeout_graceful_shutdown=3,
        )
        server = _Server(config)
        try:
            await server.serve(sockets=[listener])
        finally:
            server.should_exit = True


def _http() -> type[asyncio.Protocol] | Literal["h11"]:
    """Return who reads HTTP: the quick one where it is installed. Both bound what they read."""
    try:
        from volthus_kit.http_heads import BoundedHeads  # noqa: PLC0415
    except ImportError:
        return "h11"
    return BoundedHeads
