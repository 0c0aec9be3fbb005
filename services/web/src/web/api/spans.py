"""From when to when, and how much at once: the query of everything that is kept."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query
from google.protobuf.timestamp_pb2 import Timestamp

from volthus_wire.convert import to_timestamp
from web.models.common import Instant
from web.problems import ProblemError

From = Annotated[
    Instant | None,
    Query(alias="from", description="At or after this instant, with its offset.",
          examples=["2026-11-01T00:00:00Z"]),
]  # fmt: skip
To = Annotated[
    Instant | None,
    Query(description="Before this instant.", examples=["2026-12-01T00:00:00Z"]),
]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before.")]


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time; None is open."""

    start: datetime | None
    end: datetime | None

    @property
    def start_stamp(self) -> Timestamp | None:
        """The start as it goes over the bus."""
        return None if self.start is None else to_timestamp(self.start)

    @property
    def end_stamp(self) -> Timestamp | None:
        """The end as it goes over the bus."""
        return None if self.end is None else to_timestamp(self.end)


async def _span(start: From = None, to: To = None) -> Span:
    """Return the span asked for. Raises ProblemError `span-backwards`."""
    if start is not None and to is not None and to < start:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "span-backwards",
            f"The span ends ({to.isoformat()}) before it starts ({start.isoformat()}).",
            field="to",
        )
    return Span(start, to)


SpanAsked = Annotated[Span, Depends(_span)]


def too_long(asked: int, most: int, field: str = "from") -> ProblemError:
    """Return the problem for a span that asks for more than is answered at once."""
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "span-too-long",
        f"That would be {asked} or more entries; {most} are answered at once.",
        params={"asked": str(asked), "most": str(most)},
        field=field,
    )
