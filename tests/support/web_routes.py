"""Every operation of the front door's OpenAPI document, with an address to ask it at."""

import re
from dataclasses import dataclass
from pathlib import Path

from web.app import create_app

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
# Whatever else stands in a path: something of its shape that is not there.
KNOWN = {"site": "demo", "meter_id": "grid-1", "ski": SKI, "car_id": "car-1", "zone": "mine"}
ELSE = "0" * 16
DOCUMENT = create_app(None, Path("nowhere"), {}).openapi()
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path, and who may ask it."""

    name: str
    method: str
    path: str
    role: str | None  # None: anybody, without a log-in
    scope: str | None  # None: no token of a program

    @property
    def is_of_a_site(self) -> bool:
        """Whether the path names a site."""
        return "{site}" in self.path

    def url(self, **values: str) -> str:
        """Return an address; `values` stand for the parameters they are named after."""
        filling = KNOWN | values
        return "http://door" + re.sub(
            r"\{(\w+)\}", lambda place: filling.get(place[1], ELSE), self.path
        )

    def options(self) -> dict[str, object]:
        """Return an empty body where one is expected."""
        return {"json": {}} if self.method in WITH_BODY else {}


def _operations() -> list[Operation]:
    return [
        Operation(
            operation["operationId"],
            method.upper(),
            path,
            operation.get("x-required-role"),
            operation.get("x-required-scope"),
        )
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    ]


OPERATIONS = _operations()
GUARDED = [one for one in OPERATIONS if one.role is not None]
