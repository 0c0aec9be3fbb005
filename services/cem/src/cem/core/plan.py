"""Advice from afar: plans and prices as the core takes them. Times are Unix seconds (UTC).

Whoever makes one of these has checked it: edges rise, and there is one value between each two.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Course:
    """The plan of one session. power_w: mean by slot, 0 = wait. is_sunny: mostly forecast sun.

    base_wh: what the session had at the plan's start, by our count; None = not known.
    shortfall_wh: missing at departure (due_s), with its code.
    """

    session: str
    ski: str
    power_w: tuple[float, ...]
    is_sunny: tuple[bool, ...] = ()
    base_wh: float | None = None
    shortfall_wh: float = 0.0
    shortfall_code: str = ""
    due_s: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner would do, by slot; edges_s: one more than there are slots.

    courses: in the order of their SKIs, at most one of each.
    """

    id: str
    profile_revision: int
    made_s: float
    valid_until_s: float
    edges_s: tuple[float, ...]
    courses: tuple[Course, ...] = ()

    def slot(self, at_s: float) -> int | None:
        """Return the number of the slot at a moment; None outside, and once the plan is over."""
        return None if at_s >= self.valid_until_s else slot_at(self.edges_s, at_s)

    def course(self, ski: str, session: str) -> Course | None:
        """Return the course of a charger's open session; None where the plan has none."""
        number = bisect_left(self.courses, ski, key=_by_ski)
        found = self.courses[number] if number < len(self.courses) else None
        is_it = found is not None and (found.ski, found.session) == (ski, session)
        return found if is_it else None

    def planned_wh(self, course: Course, until_s: float, from_s: float | None = None) -> float:
        """Return what a course delivers from a moment (None: the plan's start) to another."""
        begin_s = self.edges_s[0] if from_s is None else from_s
        first = max(0, bisect_right(self.edges_s, begin_s) - 1)
        total = 0.0
        for number in range(first, len(course.power_w)):
            if self.edges_s[number] >= until_s:
                break
            start_s = max(self.edges_s[number], begin_s)
            end_s = min(self.edges_s[number + 1], until_s)
            total += course.power_w[number] * max(0.0, end_s - start_s) / 3600
        return total


@dataclass(frozen=True, slots=True)
class Prices:
    """What a kWh from the grid costs, by slot; None = not known.

    ranked: `by_price`, found once when the prices are told; () = not yet.
    """

    series: str
    revision: int
    edges_s: tuple[float, ...]
    import_price: tuple[float | None, ...]
    freshness: str = ""
    ranked: tuple[int, ...] = ()

    def by_price(self) -> tuple[int, ...]:
        """Return the slots that have a price, the cheapest first, earlier before later."""
        priced = ((price, n) for n, price in enumerate(self.import_price) if price is not None)
        return tuple(number for _, number in sorted(priced))

    @property
    def known_until_s(self) -> float | None:
        """Return until when there is a price."""
        known = [n for n, price in enumerate(self.import_price) if price is not None]
        return self.edges_s[known[-1] + 1] if known else None


def _by_ski(course: Course) -> str:
    return course.ski


def slot_at(edges_s: tuple[float, ...], at_s: float) -> int | None:
    """Return the number of the slot that a moment is in."""
    number = bisect_right(edges_s, at_s) - 1
    return number if 0 <= number < len(edges_s) - 1 else None
