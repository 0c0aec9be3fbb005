"""What every EEBUS device of the site knows of energy managers: which peer may be one, and pairing.

Beside the devices, so that none needs to import from its sibling.
"""

import socket
from typing import Final

from eebus.events import Peer
from eebus.transport.node import Network

CHARGING_STATION: Final = "ChargingStation"
CONTROL_BOX: Final = "ElectricitySupplySystem"
METER: Final = "SubMeter"
HEAT_PUMP: Final = "HeatGenerationSystem"
NO_MANAGERS: Final = frozenset({CHARGING_STATION, CONTROL_BOX, METER, HEAT_PUMP})


class PairedAlreadyError(Exception):
    """The device trusts another energy manager, whose SKI is `ski`."""

    def __init__(self, ski: str) -> None:
        super().__init__(f"paired with {ski}; unpair it first")
        self.ski = ski


def is_energy_manager(peer: Peer) -> bool:
    """Whether a peer may be an energy manager; makers are free in what they call theirs."""
    return peer.type not in NO_MANAGERS


def usable_port(network: Network, wanted: int) -> int:
    """Return the port of last time if it is free, else 0 (any)."""
    if wanted == 0:
        return 0
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((network.listen_host, wanted))
        except OSError:
            return 0
    return wanted
