"""Reads a SKI as people type, paste or scan it. No I/O."""

import re

from eebus.ship.qr import parse_qr
from eebus_gateway.errors import CommandRefusedError

SKI = re.compile(r"[0-9a-f]{40}")
DECORATION = re.compile(r"[\s:\-\u2010-\u2015]+")  # blanks and dashes printed for reading
LONGEST_ECHO = 60  # of what was typed, in the answer


def parse_ski(text: str) -> str:
    """Return the SKI in the form all code uses: 40 lower-case hex digits.

    Blanks, dashes, colons and case do not matter; the text of a device's QR code will do too.
    Raises CommandRefusedError `invalid-ski`.
    """
    try:
        ski = parse_qr(text).ski
    except ValueError:
        ski = DECORATION.sub("", text).lower()
    if SKI.fullmatch(ski):
        return ski
    wrong = sorted(set(ski) - set("0123456789abcdef"))
    problem = f"it contains {wrong[0]!r}" if wrong else f"it has {len(ski)}"
    raise CommandRefusedError(
        "invalid-ski",
        f"{text[:LONGEST_ECHO]!r} is no SKI: 40 digits of 0 to 9 and a to f are expected, "
        f"{problem}.",
        field="/ski",
        ski=text[:LONGEST_ECHO],
        digits=len(ski),
    )
