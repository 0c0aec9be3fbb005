"""Completes the OpenAPI document: problems by their media type, event shapes, needed roles."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic.json_schema import models_json_schema

from web.api.documented import problems
from web.api.door import KEY_HEADER, MOST_KEY, SAFE_METHODS, DoorFor, Gate
from web.api.once import OnceRoute
from web.core.examples import Schema, example
from web.models.eebus import EebusPicture
from web.problems import MEDIA_TYPE

Json = dict[str, object]
REF = "#/components/schemas/{model}"
FIRST_FAILURE = 400
EXAMPLES_IN = ("application/json", "application/x-www-form-urlencoded")
ROLE_MARK = "x-required-role"
SCOPE_MARK = "x-required-scope"  # null: no token of a program will do
OF_A_SITE = "/sites/{site}/"
KEY_PARAMETER: Json = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "A name of your choice for this one command. Sent again within 24 h with the "
    "same body, the command is not done again, and the answer is the same; with another body it "
    "is refused with 409 `idempotency-key-reused`. Each user has keys of their own.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_KEY},
    "example": "7f3c0b52-8a1e-4d0e-9d55-0c6a4c1f2b77",
}


def complete(app: FastAPI) -> None:
    """Make `app.openapi()` return the whole document, made once."""
    make = app.openapi
    made: list[Json] = []

    def openapi() -> Json:
        if not made:
            document = cast("Json", make())
            _add_models(document)
            gates = dict(_gates(app))
            for method, operation in _operations(document):
                _mend_answers(operation)
                _add_examples(operation, document)
                gate = gates.get(str(operation.get("operationId")))
                if gate is not None:
                    operation[ROLE_MARK] = gate.role.value
                    operation[SCOPE_MARK] = gate.needs(method)
            for operation in _commands(document, _done_once(app)):
                _take_key(operation)
            made.append(document)
        return made[0]

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    paths = cast("dict[str, dict[str, Json]]", document["paths"])
    for operations in paths.values():
        yield from operations.items()


def _commands(document: Json, done_once: frozenset[str]) -> Iterator[Json]:
    """Yield what changes something at a site, and of the front door's own what takes a key."""
    paths = cast("dict[str, dict[str, Json]]", document["paths"])
    for path, operations in paths.items():
        for method, operation in operations.items():
            is_ours = operation.get("operationId") in done_once
            if (OF_A_SITE in path or is_ours) and method.upper() not in SAFE_METHODS:
                yield operation


def _done_once(app: FastAPI) -> frozenset[str]:
    routes = (context.original_route for context in iter_route_contexts(app.routes))
    return frozenset(route.name for route in routes if isinstance(route, OnceRoute))


def _take_key(operation: Json) -> None:
    """Say that a command may carry an idempotency key."""
    cast("list[Json]", operation.setdefault("parameters", [])).append(KEY_PARAMETER)
    answers = cast("dict[str, Json]", operation["responses"])
    for status, answer in problems(HTTPStatus.CONFLICT).items():
        content: Json = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}
        answers.setdefault(str(status), {"description": answer["description"], "content": content})


def _mend_answers(operation: Json) -> None:
    """Say that failures come as problem+json, which FastAPI cannot know."""
    answers = cast("dict[str, Json]", operation["responses"])
    for status, answer in answers.items():
        content = cast("Json", answer.get("content", {}))
        if int(status) >= FIRST_FAILURE and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")


def _add_examples(operation: Json, document: Json) -> None:
    """Give each body and each good answer an example that has none."""
    models = cast("Json", cast("Json", document["components"])["schemas"])
    answers = cast("dict[str, Json]", operation["responses"])
    good = [answer for status, answer in answers.items() if int(status) < FIRST_FAILURE]
    body = operation.get("requestBody")
    for one in [*good, *([cast("Json", body)] if body else [])]:
        content = cast("dict[str, Json]", one.get("content", {}))
        for kind, media in content.items():
            if kind in EXAMPLES_IN and not {"example", "examples"} & set(media):
                schema = cast("Schema", media.get("schema", {}))
                media["example"] = example(schema, cast("Schema", models))


def _add_models(document: Json) -> None:
    """Add the shape of an `eebus` event, which no plain answer has."""
    _, definitions = models_json_schema([(EebusPicture, "serialization")], ref_template=REF)
    schemas = cast("dict[str, Json]", cast("Json", document["components"])["schemas"])
    for name, schema in cast("dict[str, Json]", definitions["$defs"]).items():
        schemas.setdefault(name, schema)


def _gates(app: FastAPI) -> Iterator[tuple[str, Gate | DoorFor]]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            gate = _gate_of(route.dependant)
            if gate is not None:
                yield route.name, gate


def _gate_of(dependant: Dependant) -> Gate | DoorFor | None:
    """Return the gate or door of a route, which knows its role and its scope."""
    for one in dependant.dependencies:
        if isinstance(one.call, Gate | DoorFor):
            return one.call
    return None
