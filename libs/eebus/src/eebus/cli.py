"""The command `eebus`: be any participant; JSON lines out, JSON commands in."""

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
from typing import Final

from eebus.cem import Cem
from eebus.charger import Charger
from eebus.console import arguments as given
from eebus.console.commands import Command, CommandError, Desk, refused
from eebus.console.desks import CemDesk, ChargerDesk, ControlBoxDesk, MeterDesk
from eebus.console.trust import TrustBook
from eebus.console.words import Line, of_event, of_qr, of_result, stamped
from eebus.controlbox import ControlBox
from eebus.errors import EebusError
from eebus.events import Event, PairingWindowChanged, ShipIdLearned, TrustedPeer
from eebus.identity import Identity, load_or_create
from eebus.meter import GridMeter
from eebus.participant import Core, Options, Participant
from eebus.ship.announcement import Announcement
from eebus.ship.qr import parse_qr, qr_text
from eebus.transcript import FrameHook, Transcript
from eebus.transport.discovery import Discovery

MAX_LINE: Final = 65536
STOPPED: Final = "this program stops"

logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    arguments = given.read(argv)
    status = 0
    try:
        if arguments.command == "qr":
            say(of_qr(parse_qr(arguments.text)))
        elif arguments.command == "discover":
            asyncio.run(_discover(arguments))
        else:
            asyncio.run(_participate(arguments))
    except* KeyboardInterrupt:
        status = 130
    except* (EebusError, OSError, ValueError) as group:
        print(f"eebus: {_reason(group)}", file=sys.stderr)
        status = 1
    return status


def say(line: Line) -> None:
    """Print one JSON object. When nobody reads us any more we end as if asked to."""
    try:
        print(json.dumps(stamped(line, datetime.now(UTC)), ensure_ascii=False), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        signal.raise_signal(signal.SIGTERM)


def _reason(error: BaseException) -> BaseException:
    """Return what stands at the bottom of nested groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _discover(arguments: argparse.Namespace) -> None:
    nobody = Announcement("eebus-discover", "", "", "")
    discovery = Discovery(
        "",
        nobody,
        given.network(arguments).interfaces,
        lambda event: say(of_event(event)),
        is_wanted=lambda _: False,
    )
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(arguments.seconds):
            await discovery.run(None)


async def _participate(arguments: argparse.Namespace) -> None:
    peers = given.trusted(arguments)
    identity = load_or_create(arguments.state, f"eebus {arguments.command}")
    book = TrustBook(arguments.state)
    for peer in peers:
        book.add(peer)

    def tell(event: Event) -> None:
        if isinstance(event, ShipIdLearned):
            book.name(event.ski, event.ship_id)
        if isinstance(event, PairingWindowChanged) and event.ski:
            book.add(TrustedPeer(event.ski))
        say(of_event(event))

    with _recording(arguments) as record:
        announcement = given.announcement(arguments, identity)
        options = Options(trusted=book.peers, on_event=tell, record=record)
        participant, desk = _role(arguments, identity, announcement, options, book)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, desk.quit.set)
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(participant.run())
            await _started(participant, serving)
            if serving.done():
                return  # the group tells why
            qr = qr_text(announcement, participant.ski)
            say({"event": "listening", "ski": participant.ski, "port": participant.port, "qr": qr})
            if arguments.dial:  # its user waits: no pause before the first dial
                participant.trust(peers[0].ski)
            if arguments.accept:
                participant.open_pairing(arguments.accept)
            reading = tasks.create_task(_obey_lines(desk))
            await desk.quit.wait()
            reading.cancel()
            serving.cancel()


def _role(
    arguments: argparse.Namespace,
    identity: Identity,
    announcement: Announcement,
    options: Options,
    book: TrustBook,
) -> tuple[Participant[Core], Desk]:
    """Return the participant of the command, and who obeys for it."""
    network = given.network(arguments)
    if arguments.command == "controlbox":
        box = ControlBox(identity, announcement, network, **options)
        return box, ControlBoxDesk(box, book)
    if arguments.command == "meter":
        meter = GridMeter(identity, announcement, network, **options)
        return meter, MeterDesk(meter, book)
    system = given.controllable(arguments)
    if arguments.command == "charger":
        charger = Charger(
            identity, announcement, network, controllable=system, metered=True, **options
        )
        return charger, ChargerDesk(charger, book)
    cem = Cem(
        identity,
        announcement,
        network,
        controllable=system,
        guards=True,
        plans=arguments.plans,
        **options,
    )
    return cem, CemDesk(cem, book)


@contextlib.contextmanager
def _recording(arguments: argparse.Namespace) -> Iterator[FrameHook | None]:
    """Write what is said on the wire into the file the user named, line by line."""
    if arguments.record is None:
        yield None
        return
    with arguments.record.open("w", buffering=1) as file:
        yield Transcript(
            given.ROLES[arguments.command][0],
            lambda line: file.write(line + "\n"),
            time.monotonic,
            limit_bytes=int(arguments.record_limit * given.MEBIBYTE),
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

    def take(line: str) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    # A thread, because standard input may be a file, a pipe or a terminal; it ends with us.
    threading.Thread(target=_read_lines, args=(take,), daemon=True).start()
    async with asyncio.TaskGroup() as tasks:
        while True:
            tasks.create_task(_obey(desk, await lines.get()))


async def _obey(desk: Desk, line: str) -> None:
    """Obey a line, and answer it exactly once, whatever it is and whatever becomes of us."""
    try:
        command = Command.read(line)
    except CommandError as error:
        say(of_result(None, None, refused(str(error))))
        return
    try:
        result = await desk.obey(command)
    except asyncio.CancelledError:
        say(of_result(command.id, command.name, refused(STOPPED)))
        raise
    except Exception:
        logger.exception("a command failed")
        result = refused("this program failed, see its log")
    say(of_result(command.id, command.name, result))


def _read_lines(take: Callable[[str], None]) -> None:
    """Pass each line on. Reads without Python's buffers, whose locks would hold up our end.

    Of a line that is longer than any command only the beginning is passed on, as nonsense.
    """
    begun, is_too_long = b"", False
    with contextlib.suppress(RuntimeError, ValueError, OSError):  # the loop or the input is gone
        while piece := os.read(sys.stdin.fileno(), MAX_LINE):
            *whole, begun = (begun + piece).split(b"\n")
            if is_too_long and whole:
                whole, is_too_long = whole[1:], False
            if is_too_long or len(begun) > MAX_LINE:
                whole = whole if is_too_long else [*whole, begun]
                begun, is_too_long = b"", True
            for line in whole:
                if line.strip():
                    take(line.decode(errors="replace"))
        if begun.strip():
            take(begun.decode(errors="replace"))
