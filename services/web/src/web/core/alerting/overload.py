"""Counts the seconds of overload of one bad spell from a counter that only grows. Pure."""

from dataclasses import dataclass

SPELL_ENDS_AFTER_S = 600.0  # without another second above the fuse


@dataclass(frozen=True, slots=True)
class Spell:
    """What was counted. total_s: the site's counter as last heard."""

    total_s: float
    sum_s: float = 0.0
    last_s: float = 0.0  # Unix seconds of the last growth


def counted(before: Spell | None, total_s: float, now_s: float) -> Spell:
    """Return the spell after the site's counter was heard again.

    total_s: falls back to 0 when the site's program starts anew. The first word of a site counts
    nothing: what was before is not of this spell.
    """
    if before is None:
        return Spell(total_s)
    if total_s == before.total_s and before.sum_s == 0:
        return before
    grown_s = total_s - before.total_s if total_s >= before.total_s else total_s
    if grown_s > 0:
        is_same = now_s - before.last_s <= SPELL_ENDS_AFTER_S
        return Spell(total_s, grown_s + (before.sum_s if is_same else 0.0), now_s)
    if now_s - before.last_s > SPELL_ENDS_AFTER_S:
        return Spell(total_s)
    return Spell(total_s, before.sum_s, before.last_s)
