"""A free TCP port for a server that begins to listen a little later."""

import secrets
import socket
from collections.abc import Collection
from pathlib import Path

SYSTEM_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST, TRIES = 15_000, 200


def free_port(exclude: Collection[int] = ()) -> int:
    """Return a TCP port on loopback that was free a moment ago, none of `exclude`.

    It is none of those that the system gives to outgoing connections (Linux: from 32768 on):
    of these one may be taken again before the server that it was chosen for listens.
    """
    below = _first_of_system() - FIRST
    for _ in range(TRIES if below > 0 else 0):
        port = FIRST + secrets.randbelow(below)
        if port not in exclude and _bound(port) is not None:
            return port
    while True:
        found = _bound(0)
        if found is not None and found not in exclude:
            return found


def _bound(port: int) -> int | None:
    """Return the port when a server could listen there now (0: any), else None."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _first_of_system() -> int:
    """Return the first port of outgoing connections; 0 where the system does not tell."""
    try:
        return int(SYSTEM_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
