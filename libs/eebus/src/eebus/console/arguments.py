"""The command line's arguments: what they are, and what each becomes."""

import argparse
import os
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from eebus.console import help as told
from eebus.events import TrustedPeer
from eebus.identity import Identity
from eebus.ship.qr import ski_of
from eebus.transcript import LIMIT_BYTES
from eebus.transport.node import Announcement, Network
from eebus.usecases.limitation.system import SystemProfile

LAYOUT: Final = partial(argparse.RawDescriptionHelpFormatter, max_help_position=26)
MEBIBYTE: Final = 1024 * 1024
# command -> (model, SPINE device type, device categories)
ROLES: Final = {
    "cem": ("CEM", "EnergyManagementSystem", (2,)),
    "charger": ("Charger", "ChargingStation", (3,)),
    "controlbox": ("ControlBox", "ElectricitySupplySystem", (1,)),
    "meter": ("Meter", "SubMeter", (7,)),
}
SUMMARIES: Final = {
    "cem": ("be an energy manager: report chargers and cars, write limits", told.OF_CEM),
    "charger": ("be a charger: plug cars, obey limits", told.OF_CHARGER),
    "controlbox": ("be a grid operator's control box: limit power", told.OF_CONTROLBOX),
    "meter": ("be the meter at the grid connection: tell what it shows", told.OF_METER),
}
NOMINAL_W: Final = {"cem": 32000.0, "charger": 22000.0}  # LPC, unless --lpc says otherwise


def read(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; prints help or what is wrong and leaves, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="eebus",
        description=told.DESCRIPTION,
        epilog=told.EXAMPLES,
        formatter_class=LAYOUT,
    )
    parser.add_argument("--version", action="version", version=f"eebus {version('eebus')}")
    parser.add_argument(
        "--lan",
        action="store_true",
        default=os.environ.get("VOLTHUS_LAN") == "1",
        help="speak on all network interfaces; default is loopback only (or VOLTHUS_LAN=1)",
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", title="commands"
    )
    discover = commands.add_parser("discover", help="list the devices that announce themselves")
    discover.add_argument("--seconds", type=float, default=5.0, help="how long to look (5)")
    qr = commands.add_parser("qr", help="read the text of a device's QR code")
    qr.add_argument("text", metavar="TEXT", help="SHIP;SKI:...;ENDSHIP;")
    for name, (summary, epilog) in SUMMARIES.items():
        _add_role(
            commands.add_parser(
                name,
                help=summary,
                description=summary[0].upper() + summary[1:] + ".",
                epilog=epilog,
                formatter_class=LAYOUT,
            ),
            name,
        )
    return parser.parse_args(argv)


def _add_role(role: argparse.ArgumentParser, name: str) -> None:
    role.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="keeps key, certificate and trust"
    )
    role.add_argument("--listen", type=int, default=0, metavar="PORT", help="0 = any free port")
    role.add_argument(
        "--trust", action="append", default=[], metavar="SKI", help="or a QR text; repeatable"
    )
    role.add_argument("--dial", metavar="HOST:PORT", help="where the one trusted SKI is")
    role.add_argument(
        "--accept", type=float, metavar="SECONDS", help="trust the next device that asks (to 300)"
    )
    role.add_argument("--name", default="", help="model name to announce")
    role.add_argument("--record", type=Path, metavar="FILE", help="write all frames there")
    role.add_argument(
        "--record-limit",
        type=float,
        default=LIMIT_BYTES / MEBIBYTE,
        metavar="MIB",
        help="how large that file may get (64)",
    )
    if name in NOMINAL_W:
        role.add_argument(
            "--lpc",
            type=float,
            default=NOMINAL_W[name],
            metavar="W",
            help=f"what a control box may limit ({NOMINAL_W[name]:.0f}; 0 = nothing)",
        )
        role.add_argument(
            "--lpp", type=float, default=0.0, metavar="W", help="the same of production (0)"
        )
    if name == "cem":
        role.add_argument(
            "--plans", action="store_true", help="plan charging with cars that can (CEVC)"
        )
    role.add_argument("--no-mdns", action="store_true", help="do not announce, do not look")


def trusted(arguments: argparse.Namespace) -> list[TrustedPeer]:
    """Return the peers named on the command line. Raises ValueError for what makes no sense."""
    if arguments.dial is None:
        return [TrustedPeer(ski_of(text)) for text in arguments.trust]
    if len(arguments.trust) != 1:
        raise ValueError("--dial needs exactly one --trust SKI: who is expected there")
    host, _, port = arguments.dial.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"--dial expects HOST:PORT, not {arguments.dial!r}")
    return [TrustedPeer(ski_of(arguments.trust[0]), host=host.strip("[]"), port=int(port))]


def controllable(arguments: argparse.Namespace) -> SystemProfile | None:
    """Return what a control box may limit, None for nothing."""
    offered = {"lpc": arguments.lpc, "lpp": arguments.lpp}
    nominal_w = {kind: power_w for kind, power_w in offered.items() if power_w}
    return SystemProfile(nominal_w) if nominal_w else None


def announcement(arguments: argparse.Namespace, identity: Identity) -> Announcement:
    """Return what we say of ourselves: constant for one state folder and name."""
    model, type_, categories = ROLES[arguments.command]
    model = arguments.name or model
    serial = identity.ski[:12]
    ship_id = f"eebus-{model}-{serial}"[:63]
    return Announcement(ship_id, "eebus", model, type_, serial=serial, categories=categories)


def network(arguments: argparse.Namespace) -> Network:
    """Return where to speak: loopback unless the user opened the LAN."""
    port = getattr(arguments, "listen", 0)
    mdns = not getattr(arguments, "no_mdns", False)
    if arguments.lan:
        return Network(listen_host="", port=port, mdns=mdns, interfaces=())
    return Network(port=port, mdns=mdns)
