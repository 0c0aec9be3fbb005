"""`virtual-site meter`: a meter alone, of any model, over any transport, with faults on demand."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from electrical import PhaseCurrents, Phases
from meter_profiles.catalogue import profile
from meter_profiles.errors import MeterProfileError
from virtual_site.core.meter import Counters, Distortion, Meter, count, measure, quantities
from virtual_site.core.meter_fault import MeterFault, MeterFaultError, MeterFaultKind, parsed
from virtual_site.core.scenario import MeterBehaviour
from virtual_site.meter_line import MeterError, MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter, default_unit_id

ABOUT = """A virtual energy meter. Prints one JSON line saying where it is, then obeys lines on
standard input: `fault silence|busy|exception:N|late:SECONDS|frozen|drop-out|garbage|none`,
`amps 10,-5,3`, `volts 231`. Ends with Ctrl-C."""
TICK_S = 0.25
START_WH = 1_234_500.0


@dataclass(frozen=True, slots=True)
class House:
    """What the meter measures."""

    current_a: PhaseCurrents
    voltage_v: float
    noise_a: float


def main(arguments: Sequence[str]) -> int:
    """Serve a meter until it is stopped. Returns 0 then, 2 when it cannot start."""
    told = _parser().parse_args(arguments)
    try:
        return asyncio.run(_serve(told))
    except (MeterError, MeterProfileError, MeterFaultError) as error:
        sys.stderr.write(f"virtual-site meter: {error}\n")
        return 2


async def _serve(told: argparse.Namespace) -> int:
    model = profile(told.model)
    unit_ids = told.unit or [default_unit_id(model)]
    host = "0.0.0.0" if told.lan else "127.0.0.1"  # noqa: S104 - asked for by --lan
    line = MeterLine(Transport(told.transport), host, told.port)
    meters = [VirtualMeter(model) for _ in unit_ids]
    for unit_id, meter in zip(unit_ids, meters, strict=True):
        line.put(unit_id, meter.answer)
    play = _Play(line, meters, House(told.amps, told.volts, told.noise))
    await line.start()
    try:
        await play.fail(parsed(told.fault))
        sys.stdout.write(json.dumps(_place(line, told.model, unit_ids)) + "\n")
        sys.stdout.flush()
        await play.run()
    finally:
        await line.stop()
    return 0


class _Play:
    """The meters' house, second by second, and what is typed."""

    def __init__(self, line: MeterLine, meters: Sequence[VirtualMeter], house: House) -> None:
        self._line = line
        self._meters = meters
        self._house = house
        self._meter = Meter(MeterBehaviour(noise_a=house.noise_a), Counters(START_WH))
        self._stop = asyncio.Event()
        self._faults: asyncio.Queue[MeterFault | None] = asyncio.Queue()

    async def run(self) -> None:
        """Measure until INT or TERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        heard = _listening_to_input(loop, self._obey)
        t_s = 0.0
        while not self._stop.is_set():
            self._measure(t_s)
            while not self._faults.empty():
                await self.fail(self._faults.get_nowait())
            try:
                async with asyncio.timeout(TICK_S):
                    await self._stop.wait()
            except TimeoutError:
                t_s += TICK_S
        if heard:
            loop.remove_reader(sys.stdin)

    async def fail(self, fault: MeterFault | None) -> None:
        """Let the meters fail from now on."""
        if fault is not None and fault.kind is MeterFaultKind.FROZEN:
            self._measure(0.0)
        for meter in self._meters:
            meter.is_frozen = fault is not None and fault.kind is MeterFaultKind.FROZEN
        await self._line.fail(fault)

    def _measure(self, t_s: float) -> None:
        house = self._house
        self._meter = measure(self._meter, t_s, house.current_a, Distortion())
        self._meter = count(self._meter, house.current_a, house.voltage_v, TICK_S)
        shown = quantities(self._meter, house.voltage_v)
        for meter in self._meters:
            meter.show(shown)

    def _obey(self, text: str) -> None:
        """Carry out one line; one that cannot be is said on standard error."""
        word, _, rest = text.strip().partition(" ")
        try:
            match word:
                case "fault":
                    self._faults.put_nowait(parsed(rest))
                case "amps":
                    self._house = replace(self._house, current_a=_amps(rest))
                case "volts":
                    self._house = replace(self._house, voltage_v=float(rest))
                case "":
                    pass
                case _:
                    raise ValueError(f"{word!r} is none of fault, amps, volts")
        except (ValueError, MeterFaultError, argparse.ArgumentTypeError) as error:
            sys.stderr.write(f"virtual-site meter: {error}\n")


def _listening_to_input(loop: asyncio.AbstractEventLoop, obey: Callable[[str], None]) -> bool:
    """Read commands as they are typed; without an input there is nothing to hear."""

    def read() -> None:
        text = sys.stdin.readline()
        if text:
            obey(text)
        else:
            loop.remove_reader(sys.stdin)

    try:
        loop.add_reader(sys.stdin, read)
    except (OSError, ValueError):  # a file or nothing at all
        return False
    return True


def _place(line: MeterLine, model: str, unit_ids: Sequence[int]) -> dict[str, object]:
    where: dict[str, object] = (
        {"device": line.device}
        if line.transport is Transport.RTU
        else {"host": "127.0.0.1", "port": line.port}
    )
    return {"transport": line.transport.value, **where, "unit_ids": unit_ids, "model": model}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("virtual-site meter", description=ABOUT)
    add = parser.add_argument
    add("--model", required=True, metavar="ID", help="see: meter-reader models")
    add("--transport", choices=[*Transport], default="tcp", help="default: %(default)s")
    add("--port", type=int, default=0, help="0 = any free (default)")
    add("--unit", type=int, action="append", metavar="U", help="unit id; may be given repeatedly")
    add("--amps", type=_amps, default=Phases(4.0, 5.0, 6.0), metavar="L1,L2,L3")
    add("--volts", type=float, default=230.0)
    add("--noise", type=float, default=0.05, metavar="A", help="default: %(default)s")
    add("--fault", default="none", help="from the start on")
    add("--lan", action="store_true", help="all interfaces, not loopback only")
    return parser


def _amps(text: str) -> PhaseCurrents:
    try:
        l1, l2, l3 = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not three currents, as 10,-5,3") from None
    return Phases(l1, l2, l3)
