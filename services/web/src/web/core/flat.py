"""A tree of values as lines that a person can read. Pure."""

import json
from collections.abc import Iterator

Tree = dict[str, "Tree"] | list["Tree"] | str | int | float | bool | None

NO_MATTER = frozenset({"revision"})  # nobody decides by it


def lines_of(document: str) -> list[tuple[str, str]]:
    """Return (pointer, value) of each leaf of a JSON document; of what is no JSON one line."""
    try:
        tree: Tree = json.loads(document)
    except ValueError:
        return [("", document)]
    return list(_lines(tree, ""))


def _lines(tree: Tree, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, below in tree.items():
            if name not in NO_MATTER:
                yield from _lines(below, f"{at}/{name}")
    elif isinstance(tree, list):
        for number, below in enumerate(tree):
            yield from _lines(below, f"{at}/{number}")
    else:
        yield at, tree if isinstance(tree, str) else json.dumps(tree)
