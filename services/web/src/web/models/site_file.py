"""The declarative site file (C12): what applying it changes, what it manages."""

from pydantic import Field, JsonValue

from web.models.common import Model


class SiteFileChange(Model):
    """One setting that differs."""

    pointer: str = Field(examples=["/grid_connection/fuse_a/l1"])
    before: JsonValue
    after: JsonValue


class SiteFileResult(Model):
    """What applying a file changed, or with `dry_run` would change."""

    changes: list[SiteFileChange]
    applied: bool


class ManagedFields(Model):
    """What the last applied file set: read-only elsewhere."""

    pointers: list[str] = Field(description="JSON pointers; empty: nothing is managed by a file.")
