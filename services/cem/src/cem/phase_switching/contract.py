"""What a charger answers by the contract, version 1. Pure."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class RelayState(StrEnum):
    """Where the relay is."""

    READY = "ready"
    SWITCHING = "switching"


class ContractError(Exception):
    """A charger cannot be reached, or does not answer by the contract; the text says how."""


class Answer(BaseModel):
    """A charger's word about its phases. reason: why it cannot be switched, empty = it can."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1]
    phases: Literal[1, 3]
    target: Literal[1, 3]
    state: RelayState
    reason: str = Field("", max_length=200)


def read(body: bytes) -> Answer:
    """Return what a body says. Raises ContractError naming the first thing that is wrong."""
    try:
        return Answer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ContractError(f"{place}: {first['msg']}") from error
