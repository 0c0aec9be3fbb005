"""EEBUS-JSON: XML-ordered JSON, where an object is an array of single-key objects (ship.md 5).

Knows no message. Every inbound size and depth is bounded here.
"""

import json
from typing import NoReturn

from eebus.errors import RemoteProtocolError

MAX_DEPTH = 64  # the deepest recorded datagram has 24

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def compact(value: object) -> str:
    """Return JSON text without any blank: one after a comma broke the reference peer."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def parse(text: bytes) -> Json:
    """Return the value of received JSON text, still in EEBUS shape.

    Trailing zero bytes are dropped (seen from a Porsche charger). Raises RemoteProtocolError for
    anything that is no JSON, deeper than MAX_DEPTH, or holds characters UTF-8 cannot carry.
    """
    try:
        value: Json = json.loads(text.rstrip(b"\x00").decode(), parse_constant=_no_constant)
        if b"\\u" in text:
            compact(value).encode()  # refuses a lone surrogate here rather than when we answer
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"The peer sent no valid JSON: {error}") from error
    if _is_deeper_than(value, MAX_DEPTH):
        raise RemoteProtocolError(f"The peer sent JSON deeper than {MAX_DEPTH} levels")
    return value


def to_eebus(value: Json) -> Json:
    """Turn normal JSON into EEBUS shape, at any level below the root object."""
    if isinstance(value, dict):
        return [{key: to_eebus(item)} for key, item in value.items()]
    if isinstance(value, list):
        return [to_eebus(item) for item in value]
    return value


def from_eebus(value: Json) -> Json:
    """Turn EEBUS shape into normal JSON without a schema; `[]` becomes an empty list."""
    if isinstance(value, dict):
        return {key: from_eebus(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(item, dict) for item in value):
        merged: dict[str, Json] = {}
        for item in value:
            if isinstance(item, dict):
                merged.update({key: from_eebus(part) for key, part in item.items()})
        return merged
    return [from_eebus(item) for item in value]


def encode_root(name: str, content: dict[str, Json]) -> bytes:
    """Return the bytes of a message whose root object has one key; the root is not wrapped."""
    return compact({name: to_eebus(content)}).encode()


def _is_deeper_than(value: Json, limit: int) -> bool:
    level: list[Json] = [value]
    for _ in range(limit):
        level = [child for item in level for child in _containers(item)]
        if not level:
            return False
    return True


def _containers(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, dict | list)]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict | list)]
    return []


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
