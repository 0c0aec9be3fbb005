"""What can go wrong between a meter and who reads it."""

from dataclasses import dataclass
from enum import StrEnum

BUSY_ANSWERS = 2  # of three requests; a patient reader still gets its values


class MeterFaultKind(StrEnum):
    """The kinds of failure, by what the reader meets."""

    SILENCE = "silence"  # connected, but no answer
    BUSY = "busy"  # exception 6 (or 5) twice, then the answer
    EXCEPTION = "exception"  # every request is refused, with 4 unless another is named
    LATE = "late"  # the answer comes, but after the reader has given up
    FROZEN = "frozen"  # answers in time, always the same
    DROP_OUT = "drop-out"  # the connection breaks and none is taken
    GARBAGE = "garbage"  # something answers that is no Modbus


@dataclass(frozen=True, slots=True)
class MeterFault:
    """One failure. number: of the exception. delay_s: of late answers."""

    kind: MeterFaultKind
    number: int = 4
    delay_s: float = 1.5


class MeterFaultError(Exception):
    """There is no such failure; the text names those there are."""


def parsed(text: str) -> MeterFault | None:
    """Return the failure a person wrote: `late:2.5`, `exception:11`, `silence`; None for `none`.

    Raises MeterFaultError.
    """
    word, _, value = text.strip().partition(":")
    if word in {"", "none"}:
        return None
    try:
        kind = MeterFaultKind(word)
    except ValueError:
        known = ", ".join(MeterFaultKind)
        raise MeterFaultError(f"no fault {word!r}; known are {known}, none") from None
    try:
        return _with(kind, value)
    except ValueError:
        raise MeterFaultError(f"{value!r} is no number for {kind}") from None


def _with(kind: MeterFaultKind, value: str) -> MeterFault:
    if kind is MeterFaultKind.BUSY:
        return MeterFault(kind, number=int(value or 6))
    if kind is MeterFaultKind.EXCEPTION:
        return MeterFault(kind, number=int(value or 4))
    if kind is MeterFaultKind.LATE:
        return MeterFault(kind, delay_s=float(value or 1.5))
    return MeterFault(kind)
