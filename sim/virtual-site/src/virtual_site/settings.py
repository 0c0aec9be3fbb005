"""The command line of `virtual-site` as one frozen value."""

import argparse
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from virtual_site.core.relay import PhaseSwitching
from virtual_site.meter_line import Transport

ABOUT = """The outside world of a site, over the real protocols: a Modbus TCP grid meter, EEBUS
chargers with cars, household, sun and faults. It plays a scenario (cem-scenario/1) and idles on
when that is over. Time is real time times --speed; the protocols' own clocks do not speed up.
`virtual-site meter --help` starts a meter alone."""
DEFAULT_MODEL = "cg_em24_e1"  # signed power, 1 mA, everything in one request


@dataclass(frozen=True, slots=True)
class Settings:
    """What to play and where to listen."""

    state: Path
    port: int = 0
    meter_port: int = 0
    meter_model: str = DEFAULT_MODEL
    meter_transport: Transport = Transport.TCP
    meter_latency_s: float | None = None  # None: as the scenario says
    chargers: int | None = None  # None: as many as the scenario has
    phase_switching: PhaseSwitching | None = None  # of all chargers; None: as the scenario says
    scenario: str = "villa"
    speed: float = 1.0
    ready_file: Path | None = None
    lan: bool = False
    hems: bool = False
    control_box: bool = False
    heat_pump: bool = False

    @property
    def host(self) -> str:
        """Return the address to listen on."""
        return "0.0.0.0" if self.lan else "127.0.0.1"  # noqa: S104 - asked for by --lan


def read(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a command line. Leaves with status 2 and a text if it is wrong."""
    told = _parser().parse_args(arguments)
    return Settings(
        state=told.state,
        port=told.port,
        meter_port=told.meter_port,
        meter_model=told.meter_model,
        meter_transport=Transport(told.meter_transport),
        meter_latency_s=told.meter_latency,
        chargers=told.chargers,
        phase_switching=None
        if told.phase_switching is None
        else PhaseSwitching(told.phase_switching),
        scenario=told.scenario,
        speed=told.speed,
        ready_file=told.ready_file,
        lan=told.lan or environment.get("VOLTHUS_LAN") == "1",
        hems=told.hems or environment.get("VOLTHUS_VIRTUAL_HEMS") == "1",
        heat_pump=told.heat_pump or environment.get("VOLTHUS_VIRTUAL_HEAT_PUMP") == "1",
        control_box=told.control_box or environment.get("VOLTHUS_VIRTUAL_CONTROL_BOX") == "1",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("virtual-site", description=ABOUT)
    add = parser.add_argument
    add("--state", type=Path, required=True, metavar="DIR", help="identities, pairings, counters")
    add("--port", type=_port, default=0, help="web pages and control API; 0 = any free (default)")
    add("--meter-port", type=_port, default=0, help="Modbus TCP; 0 = any free (default)")
    add("--meter-model", default=DEFAULT_MODEL, metavar="ID", help="default: %(default)s")
    add("--meter-transport", choices=[*Transport], default="tcp", help="default: %(default)s")
    add("--meter-latency", type=_not_negative, metavar="S", help="age of what the meter shows")
    add(
        "--chargers", type=_count, metavar="N", help="at least those of the scenario; the rest idle"
    )
    add(
        "--phase-switching",
        choices=[*PhaseSwitching],
        help="how every charger changes phases (default: as the scenario says)",
    )
    add("--scenario", default="villa", metavar="NAME|FILE", help="default: %(default)s")
    add("--speed", type=_positive, default=1.0, metavar="X", help="times real time (default: 1)")
    add("--ready-file", type=Path, metavar="FILE", help="written as JSON once everything listens")
    add("--hems", action="store_true", help="a HEMS on EEBUS (or VOLTHUS_VIRTUAL_HEMS=1)")
    add(
        "--control-box",
        action="store_true",
        help="a control box of the grid operator (or VOLTHUS_VIRTUAL_CONTROL_BOX=1)",
    )
    add(
        "--heat-pump",
        action="store_true",
        help="a heat pump that can be limited (or VOLTHUS_VIRTUAL_HEAT_PUMP=1)",
    )
    add("--lan", action="store_true", help="all interfaces, not loopback only (or VOLTHUS_LAN=1)")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port, expected 0 to 65535")
    return port


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 50:
        raise argparse.ArgumentTypeError(f"{count} chargers, expected 1 to 50")
    return count


def _positive(text: str) -> float:
    number = _not_negative(text)
    if number == 0:
        raise argparse.ArgumentTypeError("expected more than 0")
    return number


def _not_negative(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or number < 0:
        raise argparse.ArgumentTypeError(f"{text} is no number from 0 on")
    return number
