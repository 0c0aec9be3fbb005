"""SunSpec: a chain of blocks that has to be walked, never a fixed address.

The walk is a pure function of the registers read so far. It says which two registers it needs
next, or what it found. Source: SunSpec device information model specification, chapter 6.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from meter_profiles.profile import Profile

MARK = (0x5375, 0x6E53)  # "SunS"
PLACES = (40000, 50000, 0)
END = 0xFFFF
COMMON_BLOCK = 1
INTEGER_METER_LENGTH = 105
FLOAT_METER_LENGTH = 124
MAX_BLOCKS = 64  # a longer chain is a loop or garbage
LAST_REGISTER = 0xFFFF


@dataclass(frozen=True, slots=True)
class Need:
    """Read these registers and ask again."""

    address: int
    count: int = 2


@dataclass(frozen=True, slots=True)
class Found:
    """The meter's block: its id register, its model number and the length of its body."""

    start: int
    model: int
    length: int


class Missing(StrEnum):
    """Why there is no meter block."""

    NO_MARK = "no-sunspec-mark"
    NO_METER = "no-sunspec-meter"
    BROKEN_CHAIN = "broken-sunspec-chain"


def walk(
    models: Collection[int],
    registers: Mapping[int, int],
    refused: Collection[int] = frozenset(),
    ordinal: int = 1,
) -> Need | Found | Missing:
    """Take the next step towards the block of a meter.

    models: ids that count as the meter. registers: all words read so far. refused: addresses whose
    read the device answered with an exception. ordinal: 1 = the first meter (an inverter may
    carry three).
    """
    for place in PLACES:
        if place in refused:
            continue
        if place not in registers or place + 1 not in registers:
            return Need(place)
        if (registers[place], registers[place + 1]) == MARK:
            return _along(place + 2, models, registers, refused, ordinal)
    return Missing.NO_MARK


def _along(
    address: int,
    models: Collection[int],
    registers: Mapping[int, int],
    refused: Collection[int],
    ordinal: int,
) -> Need | Found | Missing:
    for _ in range(MAX_BLOCKS):
        if address + 1 > LAST_REGISTER or address in refused:
            return Missing.BROKEN_CHAIN
        if address not in registers or address + 1 not in registers:
            return Need(address)
        model, length = registers[address], registers[address + 1]
        if model == END:
            return Missing.NO_METER
        if model in models:
            ordinal -= 1
            if ordinal == 0:
                return Found(address, model, length)
        address += length + 2
    return Missing.BROKEN_CHAIN


def chain(profile: Profile) -> dict[int, int]:
    """Return the registers around a meter's block as a device would show them, {} if not SunSpec.

    Blocks before the meter have a header, a body of zeros, and the names in a common block.
    """
    layout = profile.sunspec
    if layout is None:
        return {}
    registers = dict(enumerate(MARK, start=PLACES[0]))
    address = PLACES[0] + 2
    for model, length in layout.before:
        body = _common(profile, length) if model == COMMON_BLOCK else [0] * length
        registers.update(enumerate([model, length, *body], start=address))
        address += length + 2
    # The last id of a layout is the three-phase meter with delta or wye; 3 is the usual one.
    number = layout.models[2] if len(layout.models) > 2 else layout.models[-1]
    length = FLOAT_METER_LENGTH if number > 210 else INTEGER_METER_LENGTH
    registers.update(enumerate([number, length, *[0] * length], start=address))
    registers.update(enumerate([END, 0], start=address + length + 2))
    return registers


def _common(profile: Profile, length: int) -> list[int]:
    """Return the body of a common block: manufacturer and model, 16 registers each."""
    body = [*_text(profile.manufacturer, 16), *_text(profile.model, 16)]
    return (body + [0] * length)[:length]


def _text(text: str, count: int) -> list[int]:
    packed = text.encode("ascii", "replace")[: 2 * count].ljust(2 * count, b"\0")
    return [int.from_bytes(packed[i : i + 2], "big") for i in range(0, 2 * count, 2)]
