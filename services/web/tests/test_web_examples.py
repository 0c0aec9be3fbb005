"""Every body and every answer of the API document has an example, and it fits."""

import json

import pytest
from jsonschema_rs import Draft202012Validator

from web.core.examples import SKI, example
from web.openapi import text

DOCUMENT = json.loads(text())
MODELS = {"components": DOCUMENT["components"]}
OF_TEXT = ("text/csv", "text/event-stream", "application/yaml", "text/html")


def described():
    """Yield (operation, which, content) of every body and every good answer."""
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            name = operation["operationId"]
            if "requestBody" in operation:
                yield name, "body", operation["requestBody"]["content"]
            for status, answer in operation["responses"].items():
                if status.startswith("2") and "content" in answer:
                    yield name, status, answer["content"]


CASES = [
    pytest.param(media, id=f"{name} {which}")
    for name, which, content in described()
    for kind, media in content.items()
    if kind not in OF_TEXT
]


@pytest.mark.parametrize("media", CASES)
def test_it_has_an_example_that_fits(media):
    schema = media["schema"]
    errors = Draft202012Validator(schema | MODELS).iter_errors(media["example"])
    assert [f"{one.instance_path}: {one.message[:200]}" for one in errors] == []


def test_units_in_names_say_what_is_likely():
    schema = {
        "type": "object",
        "properties": {
            "current_a": {"type": "number", "maximum": 10},
            "ski": {"anyOf": [{"type": "string", "pattern": "^[0-9a-f]{40}$"}, {"type": "null"}]},
            "at": {"type": "string", "format": "date-time"},
            "next": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    assert example(schema, {}) == {
        "current_a": 10.0, "ski": SKI, "at": "2026-11-22T22:30:00Z", "next": None,
    }  # fmt: skip


def test_models_that_hold_themselves_end():
    models = {"Node": {"type": "object", "properties": {"below": {"$ref": "#/x/Node"}}}}
    assert example({"$ref": "#/x/Node"}, models)["below"]["below"] is not None
