"""What the parts of a site file are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
Ski = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Amperes = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Leaf = bool | int | float | str | None | list["Leaf"] | dict[str, "Leaf"]
Plain = dict[str, Leaf]


class Part(BaseModel):
    """A part of the file. `model_fields_set` says what it sets; the rest stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
