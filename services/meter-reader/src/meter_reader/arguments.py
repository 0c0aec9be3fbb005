"""The command line of the tools beside the service: what to ask, and where."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from electrical.phases import Phase
from electrical.rotation import Rotation
from meter_reader.core.configuration import Line, TransportKind

Command = Literal["probe", "identify", "models"]
COMMANDS = ("probe", "identify", "models")
KINDS = {"tcp": TransportKind.TCP, "rtu-over-tcp": TransportKind.RTU_OVER_TCP}

NOWHERE = Line(TransportKind.TCP)

EXITS = """exit status: 0 answered, 2 the arguments cannot be, 3 no connection, 4 connected but no
answer, 5 the device answers with a Modbus exception (identify besides: 1 it answers, but fits no
model). One line on standard error says what is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; zero, empty and None stand for the model's own values."""

    command: Command
    model: str = ""
    line: Line = NOWHERE
    is_kind_said: bool = True  # False: tcp, but RTU over TCP may be meant
    unit_id: int | None = None
    rotation: Rotation = Rotation.RST
    invert: bool = False
    phase: Phase | None = None
    count: int = 1
    interval_s: float = 1.0
    timeout_s: float | None = None
    json: bool = False


def read(arguments: Sequence[str]) -> Asked:
    """Return what is asked for. Leaves with status 2 and a text when it cannot be."""
    parser = _parser()
    told = parser.parse_args(arguments)
    if told.command == "models":
        return Asked("models", json=told.json)
    why = _contradiction(told)
    if why:
        parser.error(why)
    place = Asked(
        told.command,
        line=_line(told),
        is_kind_said=bool(told.serial or told.transport),
        unit_id=told.unit,
        timeout_s=told.timeout,
        json=told.json,
    )
    if told.command == "identify":
        return place
    return Asked(
        "probe",
        model=told.model,
        line=place.line,
        unit_id=place.unit_id,
        rotation=told.rotation,
        invert=told.invert,
        phase=told.phase,
        count=told.count,
        interval_s=told.interval,
        timeout_s=place.timeout_s,
        json=place.json,
    )


def _contradiction(told: argparse.Namespace) -> str:
    """Return why the place cannot be, empty if it can."""
    if bool(told.host) == bool(told.serial):
        return "say either --host or --serial"
    if told.serial and (told.transport or told.port):
        return "--transport and --port belong to --host"
    return ""


def _line(told: argparse.Namespace) -> Line:
    if told.serial:
        return Line(
            TransportKind.RTU,
            device=told.serial,
            baud=told.baud or 0,
            parity=told.parity or "",
            stop_bits=told.stop_bits or 0,
            data_bits=told.data_bits or 0,
        )
    return Line(KINDS[told.transport or "tcp"], host=told.host, port=told.port or 0)


class _Parser(argparse.ArgumentParser):
    """Says in one line what cannot be; the usage is what --help is for."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("meter-reader", epilog=EXITS)
    commands = parser.add_subparsers(dest="command", required=True)
    probe = commands.add_parser("probe", help="read a meter of a known model", epilog=EXITS)
    identify = commands.add_parser("identify", help="find out which model answers", epilog=EXITS)
    models = commands.add_parser("models", help="list the models of the catalogue")
    _add_place(probe)
    _add_place(identify)
    _add_mounting(probe)
    for command in (probe, identify, models):
        command.add_argument("--json", action="store_true", help="print JSON and nothing else")
    return parser


def _add_place(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", help="address of the meter or of its gateway")
    add("--port", type=_whole(1, 65535), help="default: the model's, else 502")
    add("--transport", choices=sorted(KINDS), help="with --host; default tcp")
    add("--serial", metavar="DEV", help="serial port (Modbus RTU), in place of --host")
    add("--baud", type=_whole(300, 1_000_000), help="default: as the model leaves the factory")
    add("--parity", choices=("N", "E", "O"))
    add("--stop-bits", type=int, choices=(1, 2))
    add("--data-bits", type=int, choices=(7, 8))
    add("--unit", type=_whole(0, 255), metavar="U", help="unit id; default: the model's")
    add("--timeout", type=_seconds, metavar="S", help="for one answer; default 1 (serial: 2)")


def _add_mounting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", required=True, metavar="ID", help="see: meter-reader models")
    add("--rotation", type=_rotation, default=Rotation.RST, metavar="RST", help="one of the six")
    add("--invert", action="store_true", help="the clamps sit the wrong way round")
    add("--phase", type=_phase, metavar="L1", help="a one-phase meter: its phase of the house")
    add("--count", type=_whole(1, 10**9), default=1, metavar="N", help="polls; default 1")
    add("--interval", type=_seconds, default=1.0, metavar="S", help="between polls; default 1")


class _whole:  # noqa: N801 - read as a word in the tables above
    """A whole number within limits."""

    def __init__(self, least: int, most: int) -> None:
        self._range = (least, most)

    def __call__(self, text: str) -> int:
        number = int(text)
        if not self._range[0] <= number <= self._range[1]:
            least, most = self._range
            raise argparse.ArgumentTypeError(f"{number} is not between {least} and {most}")
        return number

    def __repr__(self) -> str:
        return "whole number"


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.05 <= number <= 3600:
        raise argparse.ArgumentTypeError(f"{text} s is not between 0.05 and 3600 s")
    return number


def _rotation(text: str) -> Rotation:
    try:
        return Rotation(text.upper())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(Rotation)}") from None


def _phase(text: str) -> Phase:
    try:
        return Phase(text.upper())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of L1, L2, L3") from None
