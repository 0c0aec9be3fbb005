"""The tools beside the service: `meter-reader probe`, `identify` and `models`."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TypeVar

from meter_profiles.catalogue import profiles
from meter_profiles.errors import MeterProfileError
from meter_profiles.profile import Profile
from meter_reader import arguments as command_line
from meter_reader.arguments import Asked
from meter_reader.core.configuration import TransportKind
from meter_reader.core.printout import Printed, quantities_of
from meter_reader.errors import Exit, ReadError
from meter_reader.identify import Identified, identify
from meter_reader.lines import Lines
from meter_reader.probe import RefusedArgumentError, probe
from volthus_kit.clock import SystemClock

T = TypeVar("T")

IDENTIFY_TIMEOUT_S = 0.5  # for one answer: many questions will stay without one
IDENTIFY_FOR_S = 60.0


def run(arguments: Sequence[str]) -> int:
    """Carry out one command and return its exit status; see `meter-reader probe --help`."""
    asked = command_line.read(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # standard error is for one line
    try:
        match asked.command:
            case "models":
                return _models(asked)
            case "identify":
                return _identify(asked)
            case "probe":
                return _probe(asked)
    except (MeterProfileError, RefusedArgumentError) as error:
        return _end(Exit.ARGUMENTS, str(error))
    except BrokenPipeError:  # who read our output has seen enough
        sys.stderr.close()
        return Exit.ANSWERED


def _probe(asked: Asked) -> int:
    show = _print_line if asked.json else _print_table
    error = _until_done(probe(asked, SystemClock(), show))
    return Exit.ANSWERED if error is None else _end(error.exit, error.detail)


def _print_line(one: Printed) -> None:
    print(json.dumps(one), flush=True)


def _print_table(one: Printed) -> None:
    print(f"{one['t']}  {one['quality']}")
    quantities = one["quantities"]
    for name, value in quantities.items() if isinstance(quantities, dict) else ():
        print(f"  {name:22} {'unknown' if value is None else format(value, '.6g')}")
    sys.stdout.flush()


def _identify(asked: Asked) -> int:
    try:
        found = _until_done(_identified(asked))
    except ReadError as error:
        return _end(error.exit, error.detail)
    if asked.json:
        print(json.dumps(_found(found), indent=1))
    else:
        print(f"{found.line.place} ({found.line.kind}), unit id {found.unit_id}:")
        for one in found.candidates:
            name = f"{one.profile.manufacturer} {one.profile.name}"
            print(f"  {one.profile.model:22} {name:48} fits {one.fit.share:.0%}")
    if not found.candidates:
        why = f"{found.line.place}, unit id {found.unit_id}, answers, but fits no known model."
        return _end(Exit.NO_FIT, why)
    return Exit.ANSWERED


async def _identified(asked: Asked) -> Identified:
    """Try the framing that was said, or else Modbus TCP first and RTU frames over TCP then."""
    kinds = [asked.line.kind]
    if not asked.line.is_serial and not asked.is_kind_said:
        kinds.append(TransportKind.RTU_OVER_TCP)
    timeout_s = asked.timeout_s or IDENTIFY_TIMEOUT_S
    clock = SystemClock()
    lines = Lines(clock, timeout_s, timeout_s)
    unit_ids = () if asked.unit_id is None else (asked.unit_id,)
    for kind in kinds:
        line = replace(asked.line, kind=kind)
        try:
            return await identify(lines, line, unit_ids, clock, IDENTIFY_FOR_S)
        except ReadError as error:
            if kind is kinds[-1] or error.exit is Exit.NO_CONNECTION:
                raise
    raise AssertionError("the last kind returns or raises")


def _found(found: Identified) -> dict[str, object]:
    return {
        "transport": found.line.kind.value.replace("_", "-"),
        "place": found.line.place,
        "unit_id": found.unit_id,
        "complete": found.is_complete,
        "candidates": [
            {
                "model": one.profile.model,
                "manufacturer": one.profile.manufacturer,
                "name": one.profile.name,
                "fit": round(one.fit.share, 3),
                "quantities": quantities_of(one.profile, one.values),
            }
            for one in found.candidates
        ],
    }


def _models(asked: Asked) -> int:
    if asked.json:
        print(json.dumps([_model(one) for one in profiles().values()], indent=1))
        return Exit.ANSWERED
    for one in profiles().values():
        transports = "/".join(_model_transports(one))
        name = f"{one.manufacturer} {one.name}"
        print(f"{one.model:22} {name:48} {max(one.phases)} phases  {transports}")
    return Exit.ANSWERED


def _model(one: Profile) -> dict[str, object]:
    serial = one.serial
    return {
        "model": one.model,
        "manufacturer": one.manufacturer,
        "name": one.name,
        "phases": max(one.phases),
        "transports": _model_transports(one),
        "port": one.tcp.port if one.tcp else None,
        "unit_id": one.tcp.unit_id if one.tcp else serial and serial.unit_id,
        "baud": serial and serial.baud,
        "parity": serial and serial.parity,
        "stop_bits": serial and serial.stop_bits,
        "quantities": [quantity.value for quantity in one.quantities],
        "confidence": one.confidence,
        "note": one.note,
    }


def _model_transports(one: Profile) -> list[str]:
    """Return what the device itself has; through a gateway any of them is read over TCP too."""
    return ["tcp"] * (one.tcp is not None) + ["rtu"] * (one.serial is not None)


def _until_done(work: Coroutine[object, object, T]) -> T:
    """Run to the end; Ctrl-C ends the program without a traceback."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _end(status: Exit, why: str) -> int:
    line = " ".join(why.split())
    sys.stderr.write(f"meter-reader: {line}\n")
    return status
