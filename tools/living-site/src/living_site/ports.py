"""Finds free ports, and keeps them from one run to the next."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path

from living_site.settings import DEFAULT_WEB_PORT, how_to_forget
from volthus_kit.ports import free_port

NAMES = (
    "nats",
    "simulator",
    "meter",
    "health-meter-reader",
    "health-eebus-gateway",
    "health-cem",
    "health-smart-charging",
    "health-web",
)
SAVED_ELSEWHERE = {"meter": "the virtual meter (its address is saved in the site's settings)"}


class PortTakenError(Exception):
    """A port that cannot be changed is in use by another program."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_web_port(wanted: int | None) -> int:
    """Return the port for the page. Raises PortTakenError for a wanted one that is in use."""
    if wanted is not None:
        if not is_free(wanted):
            raise PortTakenError(
                f"port {wanted} (VOLTHUS_PORT) is taken by another program; choose another one: "
                f"VOLTHUS_PORT={wanted + 1} make run"
            )
        return wanted
    for port in range(DEFAULT_WEB_PORT, DEFAULT_WEB_PORT + 100):
        if is_free(port):
            return port
    raise PortTakenError(f"ports {DEFAULT_WEB_PORT} to {DEFAULT_WEB_PORT + 99} are all taken")


def choose(remembered: Path, taken: int, names: Sequence[str] = NAMES) -> dict[str, int]:
    """Return a port for each name: last time's where it is free, else a new one.

    taken: a port not to use. Raises PortTakenError for one that others have saved.
    """
    last = _read(remembered)
    ports: dict[str, int] = {}
    for name in names:
        port = last.get(name)
        if port is not None and port != taken and is_free(port):
            ports[name] = port
        elif port is not None and name in SAVED_ELSEWHERE:
            raise PortTakenError(
                f"port {port} of {SAVED_ELSEWHERE[name]} is taken by another program; "
                f"stop that program, or start afresh with: {how_to_forget(remembered.parent)}"
            )
        else:
            ports[name] = free_port(exclude={taken, *ports.values()})
    remembered.write_text(json.dumps(ports, indent=1))
    return ports


def _read(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): int(port) for name, port in found.items()}
