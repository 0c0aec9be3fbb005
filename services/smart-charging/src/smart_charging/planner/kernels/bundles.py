"""What the kernels pass among each other: plain bundles of arrays, which numba understands.

Powers in kW, energies in kW x slots, prices in currency per kW x slot.
"""

from typing import NamedTuple

from smart_charging.planner.kernels.types import Floats, Integers


class Site(NamedTuple):
    """A site and its cars. cars: rows need, cap, least and most power; windows: rows from, to.

    penalty: per kW x slot that a car lacks. prices: rows grid and feed-in. by_price: all slots by
    the grid's price.
    """

    cars: Floats
    windows: Integers
    penalty: float
    prices: Floats
    by_price: Integers
    surplus: Floats
    room: Floats


class Ask(NamedTuple):
    """A car's request: slots [a, d), energy from need to cap, power 0 or least to most.

    is_deep: look for better slots three at a time where two at a time find none.
    """

    a: int
    d: int
    need: float
    cap: float
    least: float
    most: float
    penalty: float
    is_deep: bool


class Pieces(NamedTuple):
    """Flexible pieces of an offer as 2 x slot + piece, cheapest first; n: how many there are."""

    flex: Integers
    n: int


class Few(NamedTuple):
    """Pieces split for a search: of the slots that are tried, and running sums of the others.

    some: as in Pieces; before: how many of the others are cheaper; sizes, costs: running sums.
    """

    some: Integers
    before: Integers
    n_some: int
    sizes: Floats
    costs: Floats
    n_rest: int
