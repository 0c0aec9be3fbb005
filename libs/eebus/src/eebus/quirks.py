"""What real chargers do otherwise, in one place, matched by brand and model. Pure.

Wherever a tolerance costs nothing it is given to everyone, by what a device announces and not by
its name (no partial writes, empty ranges, use cases at the wrong address): a charger nobody has
met behaves as oddly as these. So an entry says what was seen, what it means for whoever stands
before the charger, and which of our rules takes care of it; `DeviceDescribed.quirks` names them.

What is known of Audi and of Bender comes from public threads of users and makers of evcc and
eebus-go, named below; nobody here has met one. Cars' own oddities are not in this list.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Quirk(StrEnum):
    """One thing a charger does otherwise; its text is for diagnostics."""

    ODD_CERTIFICATE = "certificate with a BOOLEAN of 01; read by point, not by a strict parser"
    HARD_HEARTBEAT = "falls back at the announced heartbeat time; ours come at half of it"
    NEEDS_HEARTBEAT_SCENARIO = "hangs up on a guard that does not announce scenario 3"
    REFUSES_AT_FIRST = "refuses limits in its first seconds with error 1; written again"
    ODD_LIMIT_IDS = "limits have ids such as 1, 4, 7; found by their descriptions"
    NO_RANGE = "tells no permitted currents; 6 A and the charger's setting are used"
    RANGE_OF_ONE_PHASE = "tells permitted currents of one phase only; taken for the others too"
    BARE_LIMITS = "lists limits with nothing but ids until one is written; taken as not active"
    NO_POWER = "announces powers and never tells them; current times 230 V is used"
    NO_CONSTRAINTS = "has no constraints of measurements and limits; they are not read"
    WHOLE_LIST_WRITES = "takes no partial writes; the whole list is written"
    GENERIC_CLIENT = "subscribes from a client feature of type Generic; accepted"
    USE_CASES_AT_CHARGER = "announces the car's use cases at the charger; looked up at the car too"
    ZERO_AFTER_TEXT = "ends its texts with a zero byte; dropped"
    SLOW_AFTER_CUT = "takes a new session only minutes after an unclean end; always closed cleanly"
    PAIR_AS_HEMS = "pair it under its HEMS/EEBUS page, not under its own energy management page"


@dataclass(frozen=True, slots=True)
class Known:
    """Chargers known by what they say. A pattern None = not looked at; all given must match.

    brand, model: of the manufacturer's data; address: the SPINE device address.
    """

    quirks: frozenset[Quirk]
    brand: str | None = None
    model: str | None = None
    address: str | None = None

    def fits(self, brand: str | None, model: str | None, address: str | None) -> bool:
        """Whether a device that says this is meant. What is not said fits no pattern."""
        pairs = ((self.brand, brand), (self.model, model), (self.address, address))
        return all(
            pattern is None
            or (said is not None and re.search(pattern, said, re.IGNORECASE) is not None)
            for pattern, said in pairs
        )


_ELLI: Final = frozenset({Quirk.HARD_HEARTBEAT, Quirk.SLOW_AFTER_CUT, Quirk.PAIR_AS_HEMS})
_ELLI_CONNECT: Final = _ELLI | {Quirk.ODD_CERTIFICATE}
_ELLI_FIRST: Final = frozenset({Quirk.NO_RANGE, Quirk.NO_POWER, Quirk.NO_CONSTRAINTS})
# (field): each from public logs of users, see the docstring for what is done about it.
KNOWN: Final = (
    Known(_ELLI, brand=r"\belli\b"),
    Known(_ELLI, address=r"^d:_i:47859_"),
    Known(_ELLI_FIRST, address=r"^d:_i:47859_Elli-Wallbox-"),
    # Audi's boxes are Elli's first generation under another name, bad certificate included
    # (evcc-io/eebus#1, evcc-io/evcc#32651).
    Known(_ELLI_CONNECT | _ELLI_FIRST, brand=r"\baudi\b"),
    # Bender's controllers are in chargers of many brands (enbility/eebus-go#102).
    Known(frozenset({Quirk.RANGE_OF_ONE_PHASE, Quirk.BARE_LIMITS}), brand=r"\b(bender|ebee)\b"),
    Known(frozenset({Quirk.RANGE_OF_ONE_PHASE, Quirk.BARE_LIMITS}), model=r"\bCC61[23]\b"),
    Known(_ELLI_CONNECT, brand=r"\belli\b", model=r"\bconnect\b"),
    Known(
        frozenset({Quirk.NEEDS_HEARTBEAT_SCENARIO}),
        brand=r"\belli\b",
        model=r"\bconnect\s*2\b|\bcharger\s*2\b",
    ),
    Known(
        frozenset({Quirk.REFUSES_AT_FIRST, Quirk.ODD_LIMIT_IDS, Quirk.WHOLE_LIST_WRITES}),
        brand=r"\belli\b",
        model=r"\bpro\s*2\b",
    ),
    Known(
        frozenset(
            {
                Quirk.WHOLE_LIST_WRITES,
                Quirk.GENERIC_CLIENT,
                Quirk.USE_CASES_AT_CHARGER,
                Quirk.ZERO_AFTER_TEXT,
                Quirk.NO_CONSTRAINTS,
            }
        ),
        address=r"^d:_i:19667_PorscheEVSE-",
    ),
    Known(
        frozenset({Quirk.WHOLE_LIST_WRITES, Quirk.GENERIC_CLIENT, Quirk.USE_CASES_AT_CHARGER}),
        brand=r"\bporsche\b",
    ),
)


def quirks_of(brand: str | None, model: str | None, address: str | None) -> tuple[Quirk, ...]:
    """Return what a device is known for, in the order of `Quirk`; empty for one unknown."""
    found = {
        quirk for known in KNOWN if known.fits(brand, model, address) for quirk in known.quirks
    }
    return tuple(quirk for quirk in Quirk if quirk in found)
