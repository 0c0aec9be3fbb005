"""Why a meter could not be read. Each code is stable: metric label, refusal and page key."""

from enum import IntEnum

from meter_profiles.sunspec import Missing

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value or count",
    4: "device failure",
    5: "acknowledged, still busy",
    6: "busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target did not answer",
}
ILLEGAL_FUNCTION = 1
REFUSED_REGISTERS = frozenset({2, 3})
BUSY = frozenset({5, 6})
GATEWAY_FAILED = frozenset({10, 11})


class Exit(IntEnum):
    """Exit status of the command line (issue 4, section 6)."""

    ANSWERED = 0
    NO_FIT = 1
    ARGUMENTS = 2
    NO_CONNECTION = 3
    NO_ANSWER = 4
    MODBUS_EXCEPTION = 5


class MeterReaderError(Exception):
    """Anything that keeps a meter from being read."""


class ReadError(MeterReaderError):
    """A poll that brought nothing.

    code: stable and of bounded count. detail: one English sentence. field: JSON pointer of the
    setting that is most likely wrong. exit: what the command line ends with.
    """

    exit = Exit.NO_ANSWER

    def __init__(self, code: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field


class LineError(ReadError):
    """There is no connection; the device itself was not asked."""

    exit = Exit.NO_CONNECTION

    @classmethod
    def after(cls, why: ReadError) -> "LineError":
        """Return that the line is still given up for the reason people were told."""
        error = cls(why.code, why.detail, why.field)
        error.exit = why.exit
        return error


class SilentError(ReadError):
    """The connection stands, but no answer came in time."""

    def __init__(
        self, place: str, unit_id: int, *, is_serial: bool = False, other: str = "RTU over TCP"
    ) -> None:
        what = (
            f"Unit id {unit_id} on {place} does not answer: wrong unit id, baud rate or parity, or "
            "A and B exchanged?"
            if is_serial
            else f"{place} accepts the connection, but unit id {unit_id} does not answer: wrong "
            f"unit id, or the device speaks {other}?"
        )
        super().__init__("no-answer", what, "/transport/unit_id")


class LateError(SilentError):
    """An answer came, but only after the time-out."""

    def __init__(self, place: str, unit_id: int, timeout_s: float) -> None:
        super().__init__(place, unit_id)
        self.detail = (
            f"Unit id {unit_id} on {place} answers, but later than {timeout_s:g} s: is the device "
            "or the line behind a gateway too slow for this many requests?"
        )
        self.args = (self.detail,)


class GarbledError(ReadError):
    """Something answered that is no Modbus answer to the question."""

    def __init__(self, place: str) -> None:
        super().__init__(
            "garbled-answer",
            f"{place} answers with something that is not Modbus: wrong port or transport?",
            "/transport/port",
        )


class ModbusExceptionError(ReadError):
    """The device answered with an exception: a sign of life."""

    exit = Exit.MODBUS_EXCEPTION

    def __init__(self, place: str, unit_id: int, number: int) -> None:
        meaning = EXCEPTIONS.get(number, "unknown")
        self.number = number
        is_gateway = number in GATEWAY_FAILED
        super().__init__(
            "gateway-target-silent" if is_gateway else "modbus-exception",
            f"{place}, unit id {unit_id}, answers with Modbus exception {number} ({meaning}).",
            "/transport/unit_id" if is_gateway else "/model",
        )


class SunSpecError(ReadError):
    """The device answers, but the meter's block is not there."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.value, f"No SunSpec meter found: {missing.value}.", "/model")
