"""How a notify or a write changes data: full sets, partial merges, deletes (spine.md section 4)."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from eebus.spine.datagram import Cmd
from eebus.spine.errors import ErrorNumber, RefusedError
from eebus.spine.model.functions import Function, item_keys
from eebus.spine.model.shape import Shape
from eebus.spine.values import Item, Value, part, parts

_Key = tuple[int | str | None, ...]

MAX_ITEMS: Final = 256  # kept of one list; a peer cannot grow our memory by inventing ids


def apply(command: Cmd, current: Item) -> Item:
    """Return the data after `command`. `current` is not changed; unchanged items are shared.

    Deletes run before the merge. A command of an unknown function changes nothing.
    """
    function = command.function
    if function is None:
        return current
    if not command.filters:
        return command.content
    changed = current
    for each in command.filters:
        if "delete" in part(each, "cmdControl"):
            changed = _deleted(function, changed, each)
    for each in command.filters:
        if "partial" in part(each, "cmdControl"):
            changed = _merged(function, changed, command.content, each)
    return changed


def check_write(function: Function, before: Item, after: Item) -> None:
    """Raise RefusedError when a remote client may not make `after` of `before`.

    It must not touch an item whose guard (`isLimitChangeable`) is false, nor the guard itself,
    nor add or remove items of a list that is ours.
    """
    if function.items is None or function.item is None:
        return
    old, new = parts(before, function.items), parts(after, function.items)
    places = _Places(function.item, new)
    if len(old) != len(new):
        raise RefusedError(ErrorNumber.COMMAND_REJECTED, "items cannot be added or removed")
    for mine in old:
        place = places.find(_key_values(function.item, mine))
        if place is None:
            raise RefusedError(ErrorNumber.COMMAND_REJECTED, "items cannot be replaced")
        twin = new[place]
        for name in function.item.guards:
            if twin.get(name) != mine.get(name):
                raise RefusedError(ErrorNumber.COMMAND_REJECTED, f"{name} is ours to decide")
            if mine.get(name) is False and twin != mine:
                raise RefusedError(ErrorNumber.COMMAND_REJECTED, "the item is not changeable")


def replace_named(function: Function, before: Item, update: Item) -> Item:
    """Return a list in which the items `update` names are replaced, or added; others stay."""
    if function.items is None or function.item is None:
        return update
    items: list[Value] = [*parts(before, function.items)]
    places = _Places(function.item, parts(before, function.items))
    for new in parts(update, function.items):
        key = _key_values(function.item, new)
        place = places.find(key)
        if place is not None:
            items[place] = new
        elif len(items) < MAX_ITEMS:
            items.append(new)
            places.add(key)
    return {**before, function.items: items}


def _deleted(function: Function, data: Item, control: Item) -> Item:
    chosen = part(control, function.selectors_name)
    elements = part(control, function.elements_name)
    if function.items is None or function.item is None:
        return _without(data, elements) if elements else {}
    if function.elements.fields.keys() == {function.items}:  # elements that start at the top
        elements = part(elements, function.items)
    kept: list[Value] = []
    for item in parts(data, function.items):
        if not _is_selected(item, chosen):
            kept.append(item)
        elif elements:
            kept.append(_without(item, elements))
    return {**data, function.items: kept}


def _merged(function: Function, data: Item, update: Item, control: Item) -> Item:
    if function.items is None or function.item is None:
        return {**data, **update}
    items = parts(data, function.items)
    chosen = part(control, function.selectors_name)
    places = _Places(function.item, items)
    for new in parts(update, function.items):
        key = _key_values(function.item, new)
        if chosen or not any(value is not None for value in key):
            items = [{**old, **new} if _is_selected(old, chosen) else old for old in items]
            continue
        place = places.find(key)
        if place is not None:
            items[place] = {**items[place], **new}
        elif len(items) < MAX_ITEMS:
            items.append(new)
            places.add(key)
    kept: list[Value] = list(items)
    return {**data, function.items: kept}


class _Places:
    """Where the items of a list are, by key."""

    def __init__(self, shape: Shape, items: Iterable[Item]) -> None:
        self._keys: list[_Key] = []
        self._by_key: dict[_Key, int] = {}
        self._has_gaps = False
        for item in items:
            self.add(_key_values(shape, item))

    def add(self, key: _Key) -> None:
        self._by_key.setdefault(key, len(self._keys))
        self._has_gaps = self._has_gaps or None in key
        self._keys.append(key)

    def find(self, key: _Key) -> int | None:
        """Return the place of the item with this key; a part that one leaves out fits anything."""
        place = self._by_key.get(key)
        if place is not None or not (self._has_gaps or None in key):
            return place
        return next((n for n, each in enumerate(self._keys) if _same(each, key)), None)


@cache
def _keys(item: Shape) -> tuple[tuple[str, ...], ...]:
    return item_keys(item)


def _key_values(shape: Shape, item: Item) -> _Key:
    return tuple(_hashable(part(item, *path[:-1]).get(path[-1])) for path in _keys(shape))


def _hashable(value: Value | None) -> int | str | None:
    return value if value is None or isinstance(value, int | str) else repr(value)


def _same(left: _Key, right: _Key) -> bool:
    """Whether two keys agree in what both carry; a part that one leaves out fits anything."""
    return all(a is None or b is None or a == b for a, b in zip(left, right, strict=True))


def _is_selected(item: Item, chosen: Item) -> bool:
    """Whether the item carries all values the selectors name; no selectors select all."""
    for name, wanted in chosen.items():
        has = item.get(name)
        if isinstance(wanted, dict) and isinstance(has, dict):
            if not _is_selected(has, wanted):
                return False
        elif isinstance(has, list):
            if wanted not in has:
                return False
        elif has != wanted:
            return False
    return True


def _without(item: Item, elements: Item) -> Item:
    left = dict(item)
    for name, inner in elements.items():
        has = left.get(name)
        if isinstance(inner, dict) and inner and isinstance(has, dict):
            left[name] = _without(has, inner)
        else:
            left.pop(name, None)
    return left
