"""Data of SPINE functions as plain JSON values, and readers that never trust a peer.

A function's data is a `dict` in normal JSON shape. What a peer left out, or sent in the
wrong type, reads as None: unknown is not zero.
"""

from collections.abc import Iterator

Value = bool | int | str | list["Value"] | dict[str, "Value"]
Item = dict[str, Value]


def text(item: Item, name: str) -> str | None:
    """Return a text element, None when absent."""
    value = item.get(name)
    return value if isinstance(value, str) else None


def number(item: Item, name: str) -> int | None:
    """Return an integer element (an id, a count), None when absent."""
    value = item.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(item: Item, name: str) -> bool | None:
    """Return a boolean element, None when absent."""
    value = item.get(name)
    return value if isinstance(value, bool) else None


def part(item: Item, *names: str) -> Item:
    """Return a nested element, following `names`; empty when any of them is absent."""
    for name in names:
        value = item.get(name)
        if not isinstance(value, dict):
            return {}
        item = value
    return item


def parts(item: Item, name: str) -> list[Item]:
    """Return the objects of a list element; empty when absent."""
    value = item.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def numbers(item: Item, name: str) -> tuple[int, ...]:
    """Return the integers of a list element; empty when absent."""
    value = item.get(name)
    return tuple(_integers(value)) if isinstance(value, list) else ()


def _integers(values: list[Value]) -> Iterator[int]:
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            yield value
