"""The command `eebus`: be a CEM, a charger, a control box; JSON lines out, JSON commands in."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from eebus.cem import Cem
from eebus.charger import Charger
from eebus.console.commands import (
    CemDesk,
    ChargerDesk,
    Command,
    CommandError,
    ControlBoxDesk,
    Desk,
    refused,
)
from eebus.console.trust import TrustBook
from eebus.console.words import Line, of_event, of_result, stamped
from eebus.controlbox import ControlBox
from eebus.errors import EebusError
from eebus.events import Event, ShipIdLearned, TrustedPeer
from eebus.identity import Identity, load_or_create
from eebus.participant import Core, Options, Participant
from eebus.ship.certificate import normalise_ski
from eebus.transcript import FrameHook, Transcript
from eebus.transport.discovery import Discovery
from eebus.transport.node import Announcement, Network
from eebus.usecases.limitation.system import SystemProfile

MAX_LINE = 65536
ROLES = {
    "cem": ("CEM", "EnergyManagementSystem", (2,)),
    "controlbox": ("ControlBox", "ElectricitySupplySystem", (1,)),
    "charger": ("Charger", "ChargingStation", (3,)),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    arguments = _parser().parse_args(argv)
    work = _discover(arguments) if arguments.command == "discover" else _participate(arguments)
    status = 0
    try:
        asyncio.run(work)
    except* KeyboardInterrupt:
        status = 130
    except* (EebusError, OSError, ValueError) as group:
        print(f"eebus: {_reason(group)}", file=sys.stderr)
        status = 1
    return status


def say(line: Line) -> None:
    """Print one JSON object."""
    print(json.dumps(stamped(line, datetime.now(UTC)), ensure_ascii=False), flush=True)


def _reason(error: BaseException) -> BaseException:
    """Return what stands at the bottom of nested groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="eebus",
        description="Speak EEBUS: one JSON object per event on standard output, "
        "one JSON command per line on standard input.",
    )
    parser.add_argument(
        "--lan",
        action="store_true",
        default=os.environ.get("VOLTHUS_LAN") == "1",
        help="speak on all network interfaces; default is loopback only (or VOLTHUS_LAN=1)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    discover = commands.add_parser("discover", help="list the SHIP nodes that announce themselves")
    discover.add_argument("--seconds", type=float, default=5.0, help="how long to look (5)")
    for name, text in (
        ("cem", "be an energy manager: report chargers and cars, write limits"),
        ("charger", "be a charger: plug cars, obey limits"),
        ("controlbox", "be a grid operator's control box: limit power by LPC and LPP"),
    ):
        role = commands.add_parser(name, help=text)
        role.add_argument("--state", type=Path, required=True, help="folder of key and certificate")
        role.add_argument("--listen", type=int, default=0, metavar="PORT", help="0 = any free port")
        role.add_argument("--trust", action="append", default=[], metavar="SKI", help="repeatable")
        role.add_argument("--dial", metavar="HOST:PORT", help="where the one trusted SKI is")
        role.add_argument("--name", default="", help="model name to announce")
        role.add_argument(
            "--record", type=Path, metavar="FILE", help="write a transcript of all frames there"
        )
        if name in {"cem", "charger"}:
            for kind, limited in (("lpc", "consumption"), ("lpp", "production")):
                said = f"let a control box limit our {limited}; W is the contract's maximum"
                role.add_argument(f"--{kind}", type=float, metavar="W", help=said)
        role.add_argument("--no-mdns", action="store_true", help="do not announce, do not look")
    return parser


async def _discover(arguments: argparse.Namespace) -> None:
    nobody = Announcement("eebus-discover", "", "", "")
    discovery = Discovery(
        "",
        nobody,
        _network(arguments).interfaces,
        lambda event: say(of_event(event)),
        is_wanted=lambda _: False,
    )
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(arguments.seconds):
            await discovery.run(None)


async def _participate(arguments: argparse.Namespace) -> None:
    given = _trusted(arguments.trust, arguments.dial)
    identity = load_or_create(arguments.state, f"eebus {arguments.command}")
    book = TrustBook(arguments.state)
    for peer in given:
        book.add(peer)

    def tell(event: Event) -> None:
        if isinstance(event, ShipIdLearned):
            book.name(event.ski, event.ship_id)
        say(of_event(event))

    with _recording(arguments) as record:
        participant, desk = _role(arguments, identity, book, tell, record)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, desk.quit.set)
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(participant.run())
            await _started(participant, serving)
            if serving.done():
                return  # the group tells why
            say({"event": "listening", "port": participant.port, "ski": participant.ski})
            if arguments.dial:  # its user waits: no pause before the first dial
                participant.trust(given[0].ski)
            reading = tasks.create_task(_obey_lines(desk))
            await desk.quit.wait()
            reading.cancel()
            serving.cancel()


def _role(
    arguments: argparse.Namespace,
    identity: Identity,
    book: TrustBook,
    tell: Callable[[Event], None],
    record: FrameHook | None,
) -> tuple[Participant[Core], Desk]:
    """Return the participant of the command, and who obeys for it."""
    announcement, network = _announcement(arguments, identity), _network(arguments)
    common = Options(trusted=book.peers, on_event=tell, record=record)
    if arguments.command == "controlbox":
        box = ControlBox(identity, announcement, network, **common)
        return box, ControlBoxDesk(box, book)
    nominal_w = {"lpc": arguments.lpc} if arguments.lpc else {}
    nominal_w |= {"lpp": arguments.lpp} if arguments.lpp else {}
    controllable = SystemProfile(nominal_w) if nominal_w else None
    if arguments.command == "charger":
        charger = Charger(identity, announcement, network, **common, controllable=controllable)
        return charger, ChargerDesk(charger, book)
    cem = Cem(identity, announcement, network, **common, controllable=controllable)
    return cem, CemDesk(cem, book)


@contextlib.contextmanager
def _recording(arguments: argparse.Namespace) -> Iterator[FrameHook | None]:
    """Write what is said on the wire into the file the user named, line by line."""
    if arguments.record is None:
        yield None
        return
    with arguments.record.open("w", buffering=1) as file:
        yield Transcript(
            ROLES[arguments.command][0], lambda line: file.write(line + "\n"), time.monotonic
        )


async def _started(participant: Participant[Core], serving: asyncio.Task[None]) -> None:
    """Wait until it listens, or fails to: then the task group tells the error."""
    started = asyncio.ensure_future(participant.started())
    await asyncio.wait({started, serving}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()


async def _obey_lines(desk: Desk) -> None:
    """Obey each line as it comes; a slow answer holds up nobody."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    # A thread, because standard input may be a file, a pipe or a terminal; it ends with us.
    threading.Thread(target=_read_lines, args=(loop, lines), daemon=True).start()
    async with asyncio.TaskGroup() as tasks:
        while True:
            tasks.create_task(_obey(desk, await lines.get()))


async def _obey(desk: Desk, line: str) -> None:
    try:
        command = Command.read(line)
    except CommandError as error:
        say(of_result(None, None, refused(str(error))))
        return
    say(of_result(command.id, command.name, await desk.obey(command)))


def _read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    with contextlib.suppress(RuntimeError, ValueError):  # the loop or the input was closed
        while line := sys.stdin.readline(MAX_LINE):
            if line.strip():
                loop.call_soon_threadsafe(lines.put_nowait, line)


def _trusted(skis: Sequence[str], dial: str | None) -> list[TrustedPeer]:
    """Return the peers named on the command line. Raises ValueError for what makes no sense."""
    if dial is None:
        return [TrustedPeer(normalise_ski(ski)) for ski in skis]
    if len(skis) != 1:
        raise ValueError("--dial needs exactly one --trust SKI: who is expected there")
    host, _, port = dial.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"--dial expects HOST:PORT, not {dial!r}")
    return [TrustedPeer(normalise_ski(skis[0]), host=host.strip("[]"), port=int(port))]


def _announcement(arguments: argparse.Namespace, identity: Identity) -> Announcement:
    model, type_, categories = ROLES[arguments.command]
    model = arguments.name or model
    serial = identity.ski[:12]
    ship_id = f"eebus-{model}-{serial}"[:63]
    return Announcement(ship_id, "eebus", model, type_, serial=serial, categories=categories)


def _network(arguments: argparse.Namespace) -> Network:
    """Return where to speak: loopback unless the user opened the LAN."""
    port = getattr(arguments, "listen", 0)
    mdns = not getattr(arguments, "no_mdns", False)
    if arguments.lan:
        return Network(listen_host="", port=port, mdns=mdns, interfaces=())
    return Network(port=port, mdns=mdns)
