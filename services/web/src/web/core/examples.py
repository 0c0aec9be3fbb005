"""Examples for an OpenAPI document: of each body and answer that has none, one that fits. Pure."""

import re
from collections.abc import Mapping
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Schema: TypeAlias = Mapping[str, Json]

DEEPEST = 12  # models that hold themselves end here
SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
# By how a name ends: units stand in names, so they say what is likely.
NUMBERS: tuple[tuple[str, float], ...] = (
    ("_a", 16.0),
    ("_w", 11040.0),
    ("_wh", 24300.0),
    ("_wp", 9800.0),
    ("_percent", 78.0),
    ("_per_kwh", 0.19),
    ("_deg", 30.0),
    ("_v", 230.0),
    ("_ms", 12.0),
    ("_s", 3.0),
    ("latitude", 52.52),
    ("longitude", 13.4),
    ("revision", 4.0),
)
TEXTS: Mapping[str, str] = {
    "site": "demo",
    "site_name": "Green Street 4",
    "name": "Garage left",
    "username": "service",
    "currency": "EUR",
    "url": "https://board.example.com/volthus",
    "time_zone": "Europe/Berlin",
    "version": "0.1.0",
    "brand": "Example",
    "model": "Wallbox 22",
    "language": "en",
    "address": "192.0.2.7",
    "zone": "DE-LU",
    "password": "three green cars",
    "token": "vp_4dJ0...",
}
FORMATS: Mapping[str, str] = {
    "date-time": "2026-11-22T22:30:00Z",
    "date": "2026-11-22",
    "time": "07:00:00",
    "uri": "https://example.com/",
    "duration": "PT15M",
    "binary": "",
    "password": "three green cars",
}


def example(schema: Schema, models: Mapping[str, Json], name: str = "", deep: int = 0) -> Json:
    """Return a value that fits a schema; what its writer gave as an example counts first.

    models: what `$ref` names. name: of the property, which says what is likely.
    """
    schema = _resolved(schema, models)
    given = schema.get("examples")
    if isinstance(given, list) and given:
        return _whole(given[0], schema, models, deep)
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if isinstance(choices := schema.get("enum"), list):
        return choices[0]
    for key in ("anyOf", "oneOf"):
        if isinstance(options := schema.get(key), list):
            return _of_options(cast("list[Schema]", options), models, name, deep)
    return _of_type(schema, models, name, deep)


def _whole(given: Json, schema: Schema, models: Mapping[str, Json], deep: int) -> Json:
    """Return an example that its writer gave, with what must be there and was left out."""
    needed = schema.get("required")
    if not isinstance(given, dict) or not isinstance(needed, list) or set(given) >= set(needed):
        return given
    return {**_object(schema, models, deep), **given}


def _resolved(schema: Schema, models: Mapping[str, Json]) -> Schema:
    """Return what a `$ref` names, with what stands beside it."""
    ref = schema.get("$ref")
    if not isinstance(ref, str):
        parts = schema.get("allOf")
        if isinstance(parts, list) and len(parts) == 1:
            return _resolved({**cast("Schema", parts[0]), **schema, "allOf": None}, models)
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**_resolved(cast("Schema", models[ref.rsplit("/", 1)[-1]]), models), **beside}


def _of_options(options: list[Schema], models: Mapping[str, Json], name: str, deep: int) -> Json:
    told = [one for one in options if one.get("type") != "null"]
    if not told or deep >= DEEPEST or name == "next":  # the last page of a list
        return None
    return example(told[0], models, name, deep)


def _of_type(schema: Schema, models: Mapping[str, Json], name: str, deep: int) -> Json:
    match schema.get("type"):
        case "object":
            return _object(schema, models, deep)
        case "array":
            return _array(schema, models, name, deep)
        case "string":
            return _text(schema, name)
        case "integer":
            return int(_number(schema, name))
        case "number":
            return _number(schema, name)
    return True if schema.get("type") == "boolean" else None  # null: anything goes


def _object(schema: Schema, models: Mapping[str, Json], deep: int) -> dict[str, Json]:
    properties = cast("dict[str, Schema]", schema.get("properties") or {})
    if not properties or deep >= DEEPEST:
        return {}
    return {name: example(one, models, name, deep + 1) for name, one in properties.items()}


def _array(schema: Schema, models: Mapping[str, Json], name: str, deep: int) -> list[Json]:
    fixed = schema.get("prefixItems")
    if isinstance(fixed, list):
        return [example(cast("Schema", one), models, name, deep + 1) for one in fixed]
    items = schema.get("items")
    if not isinstance(items, dict) or deep >= DEEPEST:
        return []
    least = schema.get("minItems")
    count = max(1, least) if isinstance(least, int) else 1
    return [example(items, models, name.removesuffix("s"), deep + 1)] * count


def _number(schema: Schema, name: str) -> float:
    value = next((value for end, value in NUMBERS if name.endswith(end)), 1.0)
    for key, is_beyond in (("minimum", value.__lt__), ("maximum", value.__gt__)):
        bound = schema.get(key)
        if isinstance(bound, int | float) and is_beyond(float(bound)):
            value = float(bound)
    return value


def _text(schema: Schema, name: str) -> str:
    kind, pattern = schema.get("format"), schema.get("pattern")
    value = FORMATS.get(str(kind)) or TEXTS.get(name, "")
    if not value:
        value = SKI if name.endswith("ski") else name.replace("_", "-") or "text"
    if isinstance(pattern, str) and not re.search(pattern, value):
        fits = (one for one in FITTING if re.search(pattern, one))
        value = next(fits, value)
    most = schema.get("maxLength")
    return value[:most] if isinstance(most, int) else value


FITTING = (
    "password",
    "0",
    "a",
    "A1",
    "07:00",
    "north",
    "EUR",
    "5f2c08c1d9a3b7e4",
    SKI,
    "2026-11-22",
    "0.1.0",
)
