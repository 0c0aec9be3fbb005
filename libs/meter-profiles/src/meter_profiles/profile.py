"""A meter model as data: where its values are, how words become numbers. Code knows no brand."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from electrical.phases import ALL_PHASES
from meter_profiles.quantity import CURRENTS, Quantity

FunctionCode = Literal[3, 4]
MAX_READ = 125  # registers in one request, Modbus application protocol 6.3
MAX_GAP = 8  # undefined registers that a request may run across


class Datatype(StrEnum):
    """How the words of one value are to be read."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def words(self) -> int:
        """Return how many 16-bit registers one value takes."""
        return _WORDS[self]

    @property
    def is_float(self) -> bool:
        """Return whether the words are an IEEE 754 number."""
        return self in {Datatype.FLOAT32, Datatype.FLOAT64}


_WORDS = {datatype: int(datatype.value[-2:]) // 16 for datatype in Datatype}


class Sign(StrEnum):
    """What the sign of a register's number means."""

    IMPORT_POSITIVE = "import_positive"
    EXPORT_POSITIVE = "export_positive"  # the reader turns it round
    NONE = "none"  # a magnitude, whatever the direction
    VARIES = "varies"  # signed on some devices of the family: never rely on it


@dataclass(frozen=True, slots=True)
class Point:
    """One value that a meter model offers."""

    quantity: Quantity
    address: int  # from 0, as on the wire; manuals often print it plus 30001 or 40001
    datatype: Datatype
    word_order: Literal["big", "little"] = "big"  # big: the high word comes first
    scale: float = 1.0  # raw value x scale = value in the quantity's unit
    scale_address: int | None = None  # and times ten to the power of this signed register
    minus_address: int | None = None  # subtract this register: import and export kept apart
    sign: Sign = Sign.IMPORT_POSITIVE
    no_value: int | None = None  # all bits of "I have none"
    no_value_high_word: int | None = None  # the same, told by the high word alone
    tenfold_above: float | None = None  # a value above this is in a unit ten times finer
    four_quadrants: bool = False  # power factor that goes on to +-2 for a leading current
    confidence: str = "high"
    note: str = ""

    @property
    def registers(self) -> tuple[tuple[int, int], ...]:
        """Return (address, count) of everything that has to be read at one instant."""
        spans = [(self.address, self.datatype.words)]
        if self.minus_address is not None:
            spans.append((self.minus_address, self.datatype.words))
        if self.scale_address is not None:
            spans.append((self.scale_address, 1))
        return tuple(spans)

    def moved(self, distance: int) -> "Point":
        """Return the point with every address moved, for blocks that are found by a walk."""
        return replace(
            self,
            address=self.address + distance,
            scale_address=None if self.scale_address is None else self.scale_address + distance,
            minus_address=None if self.minus_address is None else self.minus_address + distance,
        )


@dataclass(frozen=True, slots=True)
class TcpDefaults:
    """What a Modbus TCP connection to the device usually needs."""

    port: int
    unit_id: int


@dataclass(frozen=True, slots=True)
class SerialDefaults:
    """Transmission parameters the device leaves the factory with; None where nobody knows."""

    unit_id: int
    baud: int | None
    parity: Literal["N", "E", "O"] | None
    stop_bits: int | None
    data_bits: int = 8
    checked: Literal["yes", "no", "conflict"] = "no"


@dataclass(frozen=True, slots=True)
class SunSpecLayout:
    """The points count from a SunSpec block that has to be looked for."""

    models: tuple[int, ...]  # any of these ids is the meter
    before: tuple[tuple[int, int], ...]  # the usual chain of (id, length) in front of it

    @property
    def usual_start(self) -> int:
        """Return where the meter's block usually is: 40000, the mark, and the chain before it."""
        return 40002 + sum(length + 2 for _, length in self.before)


@dataclass(frozen=True, slots=True)
class Profile:
    """A meter model (or family with one register map)."""

    model: str
    manufacturer: str
    name: str
    phases: tuple[int, ...]  # numbers of phases its types have
    function: FunctionCode
    points: tuple[Point, ...]
    other_function: FunctionCode | None = None  # gives the same data
    max_read: int = MAX_READ  # registers in one request
    tcp: TcpDefaults | None = None  # None: only through a gateway
    serial: SerialDefaults | None = None
    sunspec: SunSpecLayout | None = None
    confidence: str = "high"
    note: str = ""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Return what the model measures, in the order of its file."""
        return tuple(point.quantity for point in self.points)

    @property
    def max_gap(self) -> int:
        """Return how many unused registers a request may span: a SunSpec block has no holes."""
        return MAX_GAP if self.sunspec is None else self.max_read

    @property
    def has_phase_currents(self) -> bool:
        """Return whether it can protect a fuse: a current for each phase it has."""
        wanted = CURRENTS[: max(self.phases)]
        return all(quantity in self.quantities for quantity in wanted)

    @property
    def has_phase_powers(self) -> bool:
        """Return whether the direction of each phase current can be known."""
        wanted = (f"power_{phase.lower()}" for phase in ALL_PHASES[: max(self.phases)])
        return all(quantity in self.quantities for quantity in wanted)

    @property
    def knows_direction(self) -> bool:
        """Return whether feed-in can be told from draw."""
        total = (p for p in self.points if p.quantity is Quantity.POWER_TOTAL)
        return all(point.sign is not Sign.NONE for point in total)

    @property
    def signs_power_factor(self) -> bool:
        """Return whether its power factor is negative while feeding in."""
        factors = (p for p in self.points if p.quantity is Quantity.POWER_FACTOR)
        return all(not p.datatype.value.startswith("uint") for p in factors)

    def points_at(self, start: int | None = None) -> tuple[Point, ...]:
        """Return the points at their addresses on the wire.

        start: address of the model id register that the walk found; the usual place when left
        out. Means nothing for a model with fixed addresses.
        """
        if self.sunspec is None:
            return self.points
        distance = self.sunspec.usual_start if start is None else start
        return tuple(point.moved(distance) for point in self.points)
