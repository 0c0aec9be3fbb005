"""The small language in which the data model is declared.

`Shape(limitId=key(UINT), value=SCALED_NUMBER)` names the elements of an object in wire order.
An empty Shape is a tag: present or absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Union


class Scalar(Enum):
    """A bare JSON value."""

    STR = str
    BOOL = bool
    INT = int
    UINT = "uint"


STR, BOOL, INT, UINT = Scalar.STR, Scalar.BOOL, Scalar.INT, Scalar.UINT
Kind = Union[Scalar, "Shape", "Many"]


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """A list of one kind."""

    of: Union[Scalar, "Shape"]


@dataclass(frozen=True, slots=True)
class Key:
    """Marks an element that is part of a list item's identity."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Guard:
    """Marks the boolean that must be true for a client to change the item."""

    kind: Kind


class Shape:
    """An object: its elements in wire order. Identity is the instance."""

    __slots__ = ("fields", "guards", "keys")

    def __init__(self, /, **declared: Kind | Key | Guard) -> None:
        """Declare the elements in wire order."""
        self.fields: Mapping[str, Kind] = {
            name: kind.kind if isinstance(kind, Key | Guard) else kind
            for name, kind in declared.items()
        }
        self.keys = tuple(name for name, kind in declared.items() if isinstance(kind, Key))
        self.guards = tuple(name for name, kind in declared.items() if isinstance(kind, Guard))


TAG = Shape()


def key(kind: Kind) -> Key:
    """Declare an identifying element."""
    return Key(kind)


def guard(kind: Kind) -> Guard:
    """Declare a write guard."""
    return Guard(kind)


def many(of: Scalar | Shape) -> Many:
    """Declare a list."""
    return Many(of)


@cache
def elements_of(shape: Shape) -> Shape:
    """Return the shape that names elements of `shape` for deletion: the same tree, tags as leaves.

    The specification declares these "Elements" types by hand; they all follow this rule.
    """
    return Shape(**{name: _element(kind) for name, kind in shape.fields.items()})


def selectors_of(shape: Shape, **extra: Kind) -> Shape:
    """Return the shape that selects items of `shape`: its elements with the value to match.

    extra: selectors that are no element of the item itself.
    """
    own = {name: kind.of if isinstance(kind, Many) else kind for name, kind in shape.fields.items()}
    return Shape(**own, **extra)


def _element(kind: Kind) -> Shape:
    inner = kind.of if isinstance(kind, Many) else kind
    return elements_of(inner) if isinstance(inner, Shape) and inner.fields else TAG
