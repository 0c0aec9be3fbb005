"""How a meter is set up: which model, over which line, how it is mounted."""

from dataclasses import dataclass
from enum import StrEnum

from electrical.phases import Phase
from electrical.rotation import Rotation


class Role(StrEnum):
    """What the meter measures for the site."""

    GRID = "grid"
    PV = "pv"
    BATTERY = "battery"
    SUB = "sub"
    CHARGER = "charger"


class TransportKind(StrEnum):
    """How the registers travel."""

    TCP = "tcp"
    RTU = "rtu"
    RTU_OVER_TCP = "rtu_over_tcp"


@dataclass(frozen=True, slots=True)
class Line:
    """A connection that can have only one user: a host and port, or a serial port.

    host and port for the two TCP kinds; device and transmission parameters for a serial port.
    Zero and empty mean "not given".
    """

    kind: TransportKind
    host: str = ""
    port: int = 0
    device: str = ""
    baud: int = 0
    parity: str = ""
    stop_bits: int = 0
    data_bits: int = 0
    closes_after_poll: bool = False  # the device has few sockets and others need one

    @property
    def is_serial(self) -> bool:
        """Return whether the line is a serial port of this machine."""
        return self.kind is TransportKind.RTU

    @property
    def numbers_answers(self) -> bool:
        """Return whether an answer names its request, so that a late one does no harm."""
        return self.kind is TransportKind.TCP

    @property
    def place(self) -> str:
        """Return where the line leads, for people."""
        return self.device if self.is_serial else f"{self.host}:{self.port}"

    def is_same_place(self, other: "Line") -> bool:
        """Return whether both lead to the same socket or serial port, whatever the parameters."""
        return self.place == other.place


@dataclass(frozen=True, slots=True)
class MeterConfig:
    """One meter as it was set up. Immutable; a change makes a new revision."""

    meter: str  # id
    name: str
    model: str
    role: Role
    line: Line
    unit_id: int | None  # 0 to 255; None: not said, the model's default
    rotation: Rotation = Rotation.RST
    invert: bool = False  # clamped the wrong way round
    phase: Phase | None = None  # one-phase meter: its house phase; see house.Mounting
    revision: int = 0

    @property
    def wanted_unit_id(self) -> int:
        """Return the unit id of a set-up that was completed from its model."""
        return 1 if self.unit_id is None else self.unit_id

    def reads_like(self, other: "MeterConfig") -> bool:
        """Return whether both ask the same registers of the same device."""
        return (self.model, self.line, self.unit_id) == (other.model, other.line, other.unit_id)
