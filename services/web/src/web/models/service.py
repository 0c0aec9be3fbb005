"""Versions and what smart charging can do."""

from pydantic import Field

from web.models.common import Model


class Version(Model):
    """The running front door."""

    version: str = Field(examples=["0.1.0"])
    api: str = Field("v1", examples=["v1"])


class PlannedFunction(Model):
    """A function of smart charging."""

    name: str = Field(examples=["solar-forecast"])
    row: str = Field(examples=["B1"], description="Row of the product's list.")
    available: bool = Field(description="False: known, not built yet.")


class Catalogue(Model):
    """What smart charging offers."""

    version: str
    functions: list[PlannedFunction]
