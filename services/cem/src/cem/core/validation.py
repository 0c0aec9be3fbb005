"""Whether settings may be saved: each object by itself, and the whole of the failsafe currents."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from cem.core.failsafe import excess
from cem.core.parameters import DEFAULTS
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from electrical.phases import ALL_PHASES, Phase

LEAST_FUSE_A = 1.0
MOST_FUSE_A = 1000.0
MOST_CHARGER_A = 80.0  # IEC 61851-1: the end of the duty cycle's scale
LEAST_CHARGER_A = 1.0  # ISO 15118 cars follow less than 6 A
SKI = re.compile(r"[0-9a-f]{40}")
ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")  # of circuits and cars
MOST_NAME = 60


@dataclass(frozen=True, slots=True)
class Objection:
    """Why settings are refused.

    pointer: JSON pointer of the setting. params: values for a translated sentence.
    """

    code: str
    detail: str
    pointer: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


def object_to_grid(grid: GridConnection, chargers: Iterable[ChargerSettings]) -> Objection | None:
    """Return what is wrong with a grid connection for these paired chargers, None if nothing."""
    if grid.phases not in (1, 3):
        detail = f"A grid connection has 1 or 3 phases, not {grid.phases}."
        return Objection("phases-not-supported", detail, "/phases", {"phases": grid.phases})
    for phase in grid.live:
        objection = _to_phase(grid, phase)
        if objection is not None:
            return objection
    if grid.unbalance_a is not None and not is_within(grid.unbalance_a, 1.0, MOST_FUSE_A):
        return out_of_range("unbalance", "/unbalance_a", grid.unbalance_a, 1.0, MOST_FUSE_A)
    return _to_failsafe(grid, chargers, "/fuse_a")


def object_to_charger(
    charger: ChargerSettings, grid: GridConnection | None, others: Iterable[ChargerSettings]
) -> Objection | None:
    """Return what is wrong with a charger's settings beside `others`, None if nothing."""
    if SKI.fullmatch(charger.ski) is None:
        detail = f"A SKI has 40 hexadecimal digits; {charger.ski!r} is none."
        return Objection("invalid-ski", detail, "/ski", {"ski": charger.ski})
    if charger.phases not in (1, 3):
        detail = f"A charger has 1 or 3 phases, not {charger.phases}."
        return Objection("phases-not-supported", detail, "/phases", {"phases": charger.phases})
    for name, value_a, least_a, most_a in (
        ("max", charger.max_a, LEAST_CHARGER_A, MOST_CHARGER_A),
        ("min", charger.min_a, LEAST_CHARGER_A, charger.max_a),
        ("failsafe", charger.failsafe_a, 0.0, charger.max_a),
        ("priority", float(charger.priority), 1.0, 9.0),
    ):
        if not is_within(value_a, least_a, most_a):
            pointer = "/priority" if name == "priority" else f"/{name}_a"
            return out_of_range(name, pointer, value_a, least_a, most_a)
    return None if grid is None else _to_failsafe(grid, [*others, charger], "/failsafe_a")


def object_to_energy_management(wanted: EnergyManagement) -> Objection | None:
    """Return why energy management may not be switched on: nobody confirmed (A1)."""
    if not wanted.on or wanted.confirmed_no_other:
        return None
    return Objection(
        "confirmation-needed",
        "Confirm first that no other energy or load manager controls the chargers.",
        "/confirmed_no_other",
    )


def needs_site(wanted: GridConnection, before: GridConnection | None) -> bool:
    """Return whether a change takes protection away.

    A higher fuse, a smaller margin, more for chargers once the meter is lost: from afar it needs
    somebody at the site (design.md section 1).
    """
    if before is None or wanted.phases != before.phases:
        return True
    margins_a, before_a = wanted.margins_a(DEFAULTS), before.margins_a(DEFAULTS)
    return any(
        wanted.fuse_a[phase] > before.fuse_a[phase]
        or (wanted.margin_a != before.margin_a and margins_a[phase] < before_a[phase])
        or wanted.base_load_a[phase] < before.base_load_a[phase]
        or wanted.share_a(phase, DEFAULTS) > before.share_a(phase, DEFAULTS)
        for phase in ALL_PHASES
    )


def _to_phase(grid: GridConnection, phase: Phase) -> Objection | None:
    fuse_a, at = grid.fuse_a[phase], f"/{phase.lower()}"
    if not is_within(fuse_a, LEAST_FUSE_A, MOST_FUSE_A):
        return out_of_range("fuse", "/fuse_a" + at, fuse_a, LEAST_FUSE_A, MOST_FUSE_A, phase)
    if grid.margin_a is not None and not is_within(grid.margin_a, 0.0, fuse_a / 2):
        return out_of_range("margin", "/margin_a", grid.margin_a, 0, fuse_a / 2, phase)
    if not is_within(grid.base_load_a[phase], 0.0, fuse_a):
        base_a = grid.base_load_a[phase]
        return out_of_range("base-load", "/base_load_a" + at, base_a, 0, fuse_a, phase)
    share_a = grid.static_share_a[phase]
    if share_a is not None and not is_within(share_a, 0.0, fuse_a):
        return out_of_range("static-share", "/static_share_a" + at, share_a, 0, fuse_a, phase)
    return None


def _to_failsafe(
    grid: GridConnection, chargers: Iterable[ChargerSettings], pointer: str
) -> Objection | None:
    found = excess(grid, chargers)
    if found is None:
        return None
    return Objection(
        "failsafe-sum-too-high",
        f"On {found.phase} the failsafe currents of all chargers ({found.failsafe_sum_a:g} A) "
        f"and the design base load ({found.base_load_a:g} A) exceed the fuse "
        f"({found.fuse_a:g} A).",
        pointer,
        {
            "phase": found.phase.value,
            "sum_a": f"{found.failsafe_sum_a:g}",
            "base_load_a": f"{found.base_load_a:g}",
            "fuse_a": f"{found.fuse_a:g}",
        },
    )


def is_within(value: float, least: float, most: float) -> bool:
    """Return whether a value is a number between two, both included."""
    return isfinite(value) and least <= value <= most


def out_of_range(  # noqa: PLR0913, PLR0917 - one sentence's words
    name: str,
    pointer: str,
    value: float,
    least: float,
    most: float,
    phase: Phase | None = None,
) -> Objection:
    """Return that a value is outside of what can be, with code `{name}-out-of-range`."""
    where = f" on {phase}" if phase else ""
    return Objection(
        f"{name}-out-of-range",
        f"The value of {pointer}{where} is {value:g}; expected {least:g} to {most:g}.",
        pointer,
        {"value": f"{value:g}", "least": f"{least:g}", "most": f"{most:g}"},
    )


def unknown_circuit(pointer: str, circuit: str) -> Objection:
    """Return that there is no such circuit."""
    detail = f"There is no circuit {circuit!r}."
    return Objection("unknown-circuit", detail, pointer, {"circuit": circuit})


def unknown_charger(pointer: str, ski: str) -> Objection:
    """Return that there is no such charger."""
    return Objection("unknown-charger", f"No charger {ski!r} is known here.", pointer, {"ski": ski})


def unknown_car(pointer: str, car: str) -> Objection:
    """Return that there is no such car."""
    return Objection("unknown-car", f"No car {car!r} is known here.", pointer, {"car": car})


def too_long(pointer: str, text: str, most: int) -> Objection:
    """Return that a text is too long."""
    detail = f"The value of {pointer} has {len(text)} characters; expected at most {most}."
    return Objection("text-too-long", detail, pointer, {"most": str(most)})


def object_to_name(name: str, most: int) -> Objection | None:
    """Return what is wrong with a name that people gave something, None if nothing.

    A control character would be invisible on the page and could break a line of an export.
    """
    if len(name) > most:
        return too_long("/name", name, most)
    if not name.isprintable():
        detail = f"A name has at most {most} printable characters."
        return Objection("invalid-name", detail, "/name", {"most": str(most)})
    return None
