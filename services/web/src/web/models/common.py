"""Shapes used all over the API: phases, lists, problems, names of sites and devices."""

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar, get_args

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from web.core.ski import SkiError, normalised

T = TypeVar("T")

Amperes = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
PhaseName = Literal["L1", "L2", "L3"]
RotationName = Literal["RST", "RTS", "STR", "SRT", "TRS", "TSR"]


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise PydanticCustomError("datetime_type", "Input should be a date and time (RFC 3339)")
    return value


# With its offset (RFC 3339); bounded, so that every offset of it is a date too. Not strict: in
# JSON it is a text.
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_no_number),
    Field(strict=False, ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]


class Model(BaseModel):
    """An answer: read-only once made."""

    # An answer always carries every field, so a generated client need not doubt it.
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Wanted(BaseModel):
    """A request: a field we do not know is refused, so that a typo cannot pass as a default.

    Nothing is converted: a number is a number, and neither "25" nor true is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: object, at: ValidationInfo) -> object:
        """Return 2 for 2.0: JSON knows no difference. To Python True is 1; to us it is not."""
        if isinstance(value, bool) and not _takes_bool(cls.model_fields[str(at.field_name)]):
            raise PydanticCustomError("bool_given", "Input should be neither true nor false")
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value


def _takes_bool(field: FieldInfo) -> bool:
    return bool in (field.annotation, *get_args(field.annotation))


def _as_ski(value: object) -> str:
    try:
        return normalised(value if isinstance(value, str) else "")
    except SkiError as wrong:
        raise PydanticCustomError(
            "invalid_ski", "{detail}", {"detail": str(wrong), **wrong.params}
        ) from wrong


TypedSki = Annotated[
    str,
    BeforeValidator(_as_ski),
    Field(
        description="40 hexadecimal digits; case, blanks, dashes and colons do not matter.",
        examples=["8c2f 11d4 0e9a 77b3 5c60 9a1e d2f8 4b07 c3a5 6e91"],
    ),
]


class ByPhase(Model):
    """A value for each phase of the house; null = not known (which is not zero)."""

    l1: float | None = None
    l2: float | None = None
    l3: float | None = None


class AmperesByPhase(Wanted):
    """Amperes for each phase; on a one-phase site only l1 counts."""

    l1: Amperes
    l2: Amperes | None = None
    l3: Amperes | None = None


def _on_each(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return dict.fromkeys(("l1", "l2", "l3"), value) if is_number else value


EachOrByPhase = Annotated[
    AmperesByPhase,
    BeforeValidator(_on_each, json_schema_input_type=Amperes | AmperesByPhase),
]
"""Amperes as asked for: one number for every phase alike, or each phase by itself."""


class Page(Model, Generic[T]):
    """A list; `next` is the cursor of the following page, null at the end."""

    items: list[T]
    next: str | None = None


class FieldProblem(Model):
    """One field of a request that cannot be."""

    field: str = Field(description="JSON pointer into the body, or the name of a parameter.")
    code: str
    detail: str


class Problem(Model):
    """What went wrong (RFC 9457, application/problem+json)."""

    # The last three are told only where they say something.
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=False)

    type: str = Field("about:blank", description="URN of the code.")
    title: str
    status: int
    code: str = Field(description="Stable, kebab-case; the page translates it.")
    detail: str = Field(description="One English sentence.")
    params: dict[str, str] = Field({}, description="The values for a translated sentence.")
    field: str | None = Field(None, description="JSON pointer of the offending setting.")
    fields: list[FieldProblem] | None = Field(None, description="With `invalid-request`: each one.")
    last_seen: datetime | None = Field(
        None, description="With `site-offline`: when the site was heard last."
    )
