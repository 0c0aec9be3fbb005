"""OPEV and OSCEV: the limits of a car, and what to write for the amperes wanted (usecases.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eebus.events import PerPhase
from eebus.spine.datagram import PARTIAL, Cmd, cmd
from eebus.spine.scaled import from_float
from eebus.spine.tree import Entity
from eebus.spine.values import Item, flag, number, part, text
from eebus.usecases.cem.evcc import communication, is_asymmetric
from eebus.usecases.cem.join import Permitted, Wire, amperes, items, wires
from eebus.usecases.names import (
    IEC61851,
    LIMIT_DESCRIPTIONS,
    LIMIT_KINDS,
    LIMITS,
    LOAD_CONTROL,
)
from eebus.usecases.writing import fitting

PAUSE_ISO_A = 0.1  # keeps the session of an ISO 15118 car; 0 A would throw it back to PWM
DEFAULT_MIN_A = 6.0  # IEC 61851, and the assumption while nothing is announced
SAME_A = 0.001


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the car. phase None = its conductor could not be found."""

    limit_id: int
    phase: int | None
    permitted: Permitted
    is_changeable: bool
    active_a: float | None  # None: not active, or unknown
    value_a: float | None  # also of an inactive one


Values = tuple[tuple[int, float | None], ...]  # limit id, A; None = not active


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. command None: nothing can be written.

    is_deferred: a pause was wanted, which must wait until the car's communication standard
    is known; the minimum is written instead. values: what the charger then has to hold.
    """

    command: Cmd | None
    is_deferred: bool = False
    values: Values = ()


def read_limits(entity: Entity, kind: str) -> list[Limit]:
    """Return the car's limits of a kind ("opev" or "oscev"), as described and last told."""
    category, scope = LIMIT_KINDS[kind]
    joined = wires(entity)
    told = {number(each, "limitId"): each for each in items(entity, LOAD_CONTROL, LIMITS)}
    found = []
    for each in items(entity, LOAD_CONTROL, LIMIT_DESCRIPTIONS):
        limit_id = number(each, "limitId")
        if limit_id is None or text(each, "limitCategory") != category:
            continue
        if text(each, "scopeType") not in {scope, None} or text(each, "unit") not in {"A", None}:
            continue
        measurement = number(each, "measurementId")
        wire = joined.get(measurement) if measurement is not None else None
        found.append(_limit(limit_id, wire or Wire(None, Permitted()), told.get(limit_id, {})))
    # Some tell the range of one phase only (quirks.RANGE_OF_ONE_PHASE).
    known = next((each.permitted for each in found if each.permitted.min_a is not None), None)
    return found if known is None else [_within(each, known) for each in found]


def _within(limit: Limit, known: Permitted) -> Limit:
    return replace(limit, permitted=known) if limit.permitted == Permitted() else limit


def active(limits: Sequence[Limit]) -> PerPhase:
    """Return the active limits per conductor, A; None = none there.

    Limits of which no conductor is known are shown in the order of their ids.
    """
    values: list[float | None] = [None, None, None]
    known = any(each.phase is not None for each in limits)
    for place, each in enumerate(sorted(limits, key=lambda limit: limit.limit_id)[:3]):
        phase = each.phase if known else place
        if phase is not None:
            values[phase] = each.active_a
    return values[0], values[1], values[2]


def plan_write(entity: Entity, wanted_a: PerPhase, kind: str, *, may_pause: bool) -> Plan:
    """Return the write that brings the car's limits to `wanted_a`.

    wanted_a: A per conductor; None = that limit inactive. Values below the permitted range pause
    (OPEV) or switch the recommendation off (OSCEV); values above it become its maximum.
    may_pause: False while the communication standard of a fresh car may still come.
    """
    feature = entity.server(LOAD_CONTROL)
    limits = [each for each in read_limits(entity, kind) if each.is_changeable]
    if feature is None or not limits:
        return Plan(None)
    targets = _targets(limits, wanted_a, asymmetric=is_asymmetric(entity))
    standard = communication(entity)
    changed: list[Item] = []
    values: list[tuple[int, float | None]] = []
    is_deferred = False
    for limit, target_a in zip(limits, targets, strict=True):
        value_a = _settable(limit.permitted, target_a, standard)
        if value_a is not None and value_a < _minimum(limit.permitted):
            if kind == "oscev":
                value_a = None
            elif not may_pause:
                value_a, is_deferred = _minimum(limit.permitted), True
        changed.append(_written(limit, value_a))
        values.append((limit.limit_id, value_a))
    update: Item = {"loadControlLimitData": [*changed]}
    command = fitting(feature, cmd(LIMITS, update, PARTIAL))
    return Plan(command, is_deferred, tuple(values))


def holds(entity: Entity, kind: str, values: Values) -> bool:
    """Whether the charger, as last told, holds these limits."""
    held = {each.limit_id: each.active_a for each in read_limits(entity, kind)}
    return all(
        limit_id in held and _is_same(held[limit_id], value_a) for limit_id, value_a in values
    )


def _limit(limit_id: int, wire: Wire, told: Item) -> Limit:
    value = amperes(part(told, "value"))
    return Limit(
        limit_id=limit_id,
        phase=wire.phase,
        permitted=wire.permitted,
        is_changeable=flag(told, "isLimitChangeable") is not False,
        active_a=value if flag(told, "isLimitActive") else None,
        value_a=value,
    )


def _targets(
    limits: Sequence[Limit], wanted_a: PerPhase, *, asymmetric: bool
) -> list[float | None]:
    """Return what each limit should get. Where phases must not differ, the smallest wins."""
    given = [
        value
        for phase, value in enumerate(wanted_a)
        if value is not None and any(each.phase in {phase, None} for each in limits)
    ]
    smallest = min(given, default=None)
    if not asymmetric:
        return [smallest] * len(limits)
    return [smallest if each.phase is None else wanted_a[each.phase] for each in limits]


def _is_same(left_a: float | None, right_a: float | None) -> bool:
    if left_a is None or right_a is None:
        return left_a is right_a
    return abs(left_a - right_a) < SAME_A


def _minimum(permitted: Permitted) -> float:
    return permitted.min_a if permitted.min_a is not None else DEFAULT_MIN_A


def _settable(permitted: Permitted, wanted_a: float | None, standard: str | None) -> float | None:
    """Return a current the charger can take: inside the range, or the one that pauses."""
    if wanted_a is None:
        return None
    if wanted_a >= _minimum(permitted) - SAME_A:
        ceiling = permitted.max_a if permitted.max_a is not None else wanted_a
        return min(max(wanted_a, _minimum(permitted)), ceiling)
    if permitted.pause_a is not None:
        return permitted.pause_a
    return 0.0 if standard == IEC61851 else PAUSE_ISO_A


def _written(limit: Limit, value_a: float | None) -> Item:
    item: Item = {"limitId": limit.limit_id, "isLimitActive": value_a is not None}
    shown_a = value_a
    if shown_a is None:  # ignored by the charger, yet some expect a number
        shown_a = limit.permitted.max_a if limit.permitted.max_a is not None else limit.value_a
    if shown_a is not None:
        item["value"] = from_float(shown_a)
    return item
