"""Finds out which model answers at an address: tries the catalogue, one request at a time."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from meter_profiles.blocks import plan
from meter_profiles.catalogue import profiles
from meter_profiles.compiled import compiled
from meter_profiles.profile import Profile
from meter_profiles.quantity import VOLTAGES, Quantity
from meter_reader.core.configuration import Line, TransportKind
from meter_reader.core.fitness import Fit, best_first, fit_of, looks_live
from meter_reader.device import Device
from meter_reader.errors import (
    GATEWAY_FAILED,
    GarbledError,
    LineError,
    ModbusExceptionError,
    ReadError,
    SilentError,
)
from meter_reader.lines import LineOwner, Lines
from volthus_kit.clock import Clock

USUAL_UNIT_IDS = (1, 71, 247, 255, 240, 200, 2, 3, 0)  # README of the facts, "Unit id"
MODBUS_PORT = 502

Values = dict[Quantity, float | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that fits, with what it reads there."""

    profile: Profile
    fit: Fit
    values: Values


@dataclass(frozen=True, slots=True)
class Identified:
    """What answers at an address. No candidate: something that is no meter we know."""

    line: Line
    unit_id: int
    candidates: tuple[Candidate, ...]  # best first
    is_complete: bool  # False: the time was up before every model was tried


COMMON_NAMES = (40004, 32)  # manufacturer and model, 16 registers each, of the first device


class OutOfTimeError(ReadError):
    """There is no time left to ask."""


async def identify(
    lines: Lines, line: Line, unit_ids: Sequence[int], clock: Clock, for_s: float
) -> Identified:
    """Return which models fit the device at an address, for at most about `for_s` seconds.

    Zero and empty parameters of the line are tried in the order of how usual they are; no unit id
    means the usual ones. Raises the first ReadError when nothing shows a sign of life.
    """
    until_s = clock.monotonic() + for_s
    first: ReadError | None = None
    for place in to_try(line):
        try:
            async with lines.lease(place) as owner:
                memory = Memory(owner, clock, until_s)
                unit_id = await _living(memory, unit_ids or USUAL_UNIT_IDS)
                return await _compared(memory, place, unit_id)
        except ReadError as error:
            first = first or error
            if isinstance(error, OutOfTimeError):
                break
    raise first or LineError("no-answer", "There is nothing to try.")


def to_try(line: Line) -> tuple[Line, ...]:
    """Return the lines that a half-given one may mean, the usual first."""
    if not line.is_serial:
        place = replace(line, port=line.port or MODBUS_PORT)
        return (place,)
    usual = Counter(
        (serial.baud, serial.parity, serial.stop_bits)
        for serial in (profile.serial for profile in profiles().values())
        if serial is not None and serial.baud and serial.parity and serial.stop_bits
    )
    found = dict.fromkeys(
        replace(
            line,
            baud=line.baud or baud or 9600,
            parity=line.parity or parity or "N",
            stop_bits=line.stop_bits or stop_bits or 1,
            data_bits=line.data_bits or 8,
        )
        for (baud, parity, stop_bits), _ in usual.most_common()
    )
    return tuple(found)


class Memory:
    """A line that asks the device each question once, as long as there is time."""

    def __init__(self, owner: LineOwner, clock: Clock, until_s: float) -> None:
        self._owner = owner
        self._clock = clock
        self._until_s = until_s
        self._said: dict[tuple[int, int, int, int], bytes | ReadError] = {}

    connects = 1  # what was heard stays true for this short while

    @property
    def is_connected(self) -> bool:
        """Return whether a connection stands."""
        return self._owner.is_connected

    async def connect(self) -> None:
        """Make sure there is a connection, waiting out the quiet after a silence."""
        retry_at_s = self._owner.retry_at_s
        if retry_at_s is not None:
            await asyncio.sleep(max(0.0, retry_at_s - self._clock.monotonic()))
        await self._owner.connect()

    async def ask(self, unit_id: int, function: int, address: int, count: int) -> bytes:
        """Return registers, or raise what the device said to the same question before."""
        question = (unit_id, function, address, count)
        if question not in self._said:
            if self._clock.monotonic() > self._until_s:
                raise OutOfTimeError("no-answer", "The time to identify the meter is up.")
            await self.connect()
            try:
                self._said[question] = await self._owner.ask(*question)
            except (SilentError, GarbledError, ModbusExceptionError) as error:
                self._said[question] = error
        said = self._said[question]
        if isinstance(said, ReadError):
            raise said.with_traceback(None)
        return said


async def _living(memory: Memory, unit_ids: Sequence[int]) -> int:
    """Return the first unit id that answers anything; an exception is a sign of life."""
    first: ReadError | None = None
    await memory.connect()
    for unit_id in unit_ids:
        try:
            await memory.ask(unit_id, 3, 0, 2)
        except ModbusExceptionError as error:
            if error.number not in GATEWAY_FAILED:
                return unit_id
            first = first or error
        except (SilentError, GarbledError) as error:
            first = first or error
        except OutOfTimeError:
            break
        else:
            return unit_id
    raise first or LineError("no-answer", "No unit id was tried.")


async def _compared(memory: Memory, line: Line, unit_id: int) -> Identified:
    found: dict[str, Candidate] = {}
    is_complete = True
    for profile in profiles().values():
        if line.kind is not TransportKind.TCP and profile.serial is None:
            continue
        try:
            candidate = await _candidate(profile, memory, unit_id)
        except OutOfTimeError:
            is_complete = False
            break
        except ReadError:
            continue
        if candidate is not None:
            found[profile.model] = candidate
    order = best_first(
        {model: one.fit for model, one in found.items()},
        {model: one.profile.confidence for model, one in found.items()},
    )
    return Identified(line, unit_id, tuple(found[fit.model] for fit in order), is_complete)


async def _candidate(profile: Profile, memory: Memory, unit_id: int) -> Candidate | None:
    """Return the model as a candidate; its voltages alone tell most of the wrong ones apart."""
    volts = [point for point in profile.points if point.quantity in VOLTAGES]
    if volts and profile.sunspec is None:
        block = plan(volts, profile.max_read, profile.max_gap)[0]
        data = await memory.ask(unit_id, profile.function, block.address, block.count)
        if not looks_live(profile, compiled(block)(data)):
            return None
    values = await Device(profile, memory, unit_id).read(everything=True)
    names = "" if profile.sunspec is None else await _names(memory, profile, unit_id)
    fit = fit_of(profile, values, names)
    return None if fit is None else Candidate(profile, fit, values)


async def _names(memory: Memory, profile: Profile, unit_id: int) -> str:
    """Return what a SunSpec device calls itself, empty where it does not say."""
    try:
        names = await memory.ask(unit_id, profile.function, *COMMON_NAMES)
    except ModbusExceptionError:
        return ""
    return names.decode("ascii", "replace")
