"""Alembic's entry: our metadata against the connection that `web.migrating` hands over."""

from typing import Literal

from alembic import context
from sqlmodel import AutoString, SQLModel

from web import store  # noqa: F401 - so that every table is known
from web.migrating import is_ours


def in_plain_words(kind: str, thing: object, _: object) -> str | Literal[False]:
    """Write SQLModel's texts as SQLAlchemy's, so that a migration needs nothing of SQLModel."""
    return "sa.String()" if kind == "type" and isinstance(thing, AutoString) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_object=is_ours,
    render_as_batch=True,
    render_item=in_plain_words,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
