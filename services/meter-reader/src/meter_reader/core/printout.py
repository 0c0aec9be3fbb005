"""One poll as the command line prints it: every quantity of the model, by its catalogue name."""

from collections.abc import Mapping
from datetime import UTC, datetime

from electrical.phases import ALL_PHASES
from electrical.power import signed_current_a
from meter_profiles.profile import Profile
from meter_profiles.quantity import CURRENTS, POWERS, Quantity
from meter_reader.core.house import Values
from meter_reader.core.record import Quality

Printed = dict[str, object]


def quantities_of(profile: Profile, seen: Values) -> dict[str, float | None]:
    """Return every quantity the model lists, and the signed current of each phase beside them.

    seen: values as the house sees them. None is unknown. What a one-phase meter measures stands
    under the phase it sits on, even where its model does not list that name.
    """
    listed: dict[str, float | None] = {q.value: seen.get(q) for q in profile.quantities}
    moved = {q.value: v for q, v in seen.items() if v is not None and q.value not in listed}
    signed = {
        f"current_signed_{phase.lower()}": signed_current_a(seen.get(current), seen.get(power))
        for phase, current, power in zip(ALL_PHASES, CURRENTS, POWERS, strict=True)
    }
    return listed | moved | signed


def unknown(profile: Profile) -> Mapping[Quantity, float | None]:
    """Return the values of a meter that says nothing any more."""
    return dict.fromkeys(profile.quantities)


def printed(at: datetime, quality: Quality, quantities: Mapping[str, float | None]) -> Printed:
    """Return the object of one poll. at: arrival of the answer, or of the end of waiting."""
    return {"t": _instant(at), "quality": quality.value, "quantities": dict(quantities)}


def _instant(at: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds and a Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
