"""Changes well-formed messages in a few places, so that most of each still passes the checks."""

import copy
import json

from source import Source

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

ODD: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**70), 1.5, -0.0, 1e308,
    "", " ", "0", "x" * 5000, "ä€😀", "P1D", "PT4H", "PT-1S", "P99999999999D", "not a time",
    "2026-11-22T08:00:00Z", "9999-99-99T99:99:99Z", [], {}, [[]], [{}], [None], [[[[[[]]]]]],
)  # fmt: skip
MOST_NODES = 4000
MOST_ITEMS = 8000


def nodes(value: Json) -> list[tuple[list[Json] | dict[str, Json], str | int]]:
    """Return where every value below sits: its container and its key."""
    found: list[tuple[list[Json] | dict[str, Json], str | int]] = []
    todo: list[Json] = [value]
    while todo and len(found) < MOST_NODES:
        here = todo.pop()
        if isinstance(here, dict):
            found += [(here, key) for key in here]
            todo += here.values()
        elif isinstance(here, list):
            found += [(here, index) for index in range(len(here))]
            todo += here
    return found


def mutated(text: str, names: tuple[str, ...], source: Source) -> Json:
    """Return the message with up to four changes, chosen by the source."""
    value: Json = json.loads(text)
    for _ in range(source.byte() % 5):
        places = nodes(value)
        if not places or len(places) >= MOST_NODES:
            break
        container, key = places[source.number() % len(places)]
        _change(container, key, names, source)
    return value


def _odd(source: Source) -> Json:
    """Return an odd value of its own: a later change must not reach into the list of all."""
    return copy.deepcopy(source.pick(ODD))


def _change(
    container: list[Json] | dict[str, Json], key: str | int, names: tuple[str, ...], source: Source
) -> None:
    what = source.byte() % 7
    if isinstance(container, dict) and isinstance(key, str):
        _change_member(container, key, what, names, source)
    elif isinstance(container, list) and isinstance(key, int):
        _change_item(container, key, what, source)


def _change_member(
    container: dict[str, Json], key: str, what: int, names: tuple[str, ...], source: Source
) -> None:
    match what:
        case 0:
            del container[key]
        case 1:
            container[source.pick(names)] = container.pop(key)
        case 2:
            container[source.pick(names)] = container[key]
        case 3 if isinstance(container[key], int | float):
            container[key] = source.number() - 2**15
        case _:
            container[key] = _odd(source)


def _change_item(container: list[Json], index: int, what: int, source: Source) -> None:
    match what:
        case 0:
            del container[index]
        case 1:
            container.append(container[index])
        case 2:
            # Not more than a frame can carry: repeating what was repeated grows without end.
            most = MOST_ITEMS // (1 + len(nodes(container[index])))
            count = min(most, source.byte() * 8)
            container[index : index + 1] = [copy.deepcopy(container[index]) for _ in range(count)]
        case 3:
            container.insert(0, _odd(source))
        case _:
            container[index] = _odd(source)
