"""Completes the OpenAPI document: problems by their media type, event shapes, needed roles."""

from collections.abc import Iterator
from typing import cast

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic.json_schema import models_json_schema

from web.api.door import KEY_HEADER, MOST_KEY, SAFE_METHODS, DoorFor, Gate
from web.core.roles import Role
from web.models.eebus import EebusPicture
from web.problems import MEDIA_TYPE

Json = dict[str, object]
REF = "#/components/schemas/{model}"
FIRST_FAILURE = 400
ROLE_MARK = "x-required-role"
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
            roles = dict(_roles(app))
            for operation in _operations(document):
                _mend_answers(operation)
                role = roles.get(str(operation.get("operationId")))
                if role is not None:
                    operation[ROLE_MARK] = role.value
            for operation in _commands(document):
                _take_key(operation)
            made.append(document)
        return made[0]

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _operations(document: Json) -> Iterator[Json]:
    paths = cast("dict[str, dict[str, Json]]", document["paths"])
    for operations in paths.values():
        yield from operations.values()


def _commands(document: Json) -> Iterator[Json]:
    """Yield what changes something at a site."""
    paths = cast("dict[str, dict[str, Json]]", document["paths"])
    for path, operations in paths.items():
        for method, operation in operations.items():
            if OF_A_SITE in path and method.upper() not in SAFE_METHODS:
                yield operation


def _take_key(operation: Json) -> None:
    """Say that a command may carry an idempotency key."""
    cast("list[Json]", operation.setdefault("parameters", [])).append(KEY_PARAMETER)


def _mend_answers(operation: Json) -> None:
    """Say that failures come as problem+json, which FastAPI cannot know."""
    answers = cast("dict[str, Json]", operation["responses"])
    for status, answer in answers.items():
        content = cast("Json", answer.get("content", {}))
        if int(status) >= FIRST_FAILURE and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")


def _add_models(document: Json) -> None:
    """Add the shape of an `eebus` event, which no plain answer has."""
    _, definitions = models_json_schema([(EebusPicture, "serialization")], ref_template=REF)
    schemas = cast("dict[str, Json]", cast("Json", document["components"])["schemas"])
    for name, schema in cast("dict[str, Json]", definitions["$defs"]).items():
        schemas.setdefault(name, schema)


def _roles(app: FastAPI) -> Iterator[tuple[str, Role]]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            role = _role_of(route.dependant)
            if role is not None:
                yield route.name, role


def _role_of(dependant: Dependant) -> Role | None:
    """Return the role that a route's gate or door asks for."""
    for one in dependant.dependencies:
        if isinstance(one.call, Gate | DoorFor):
            return one.call.role
    return None
