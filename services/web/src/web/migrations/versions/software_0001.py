"""Releases heard of and what sites decided."""

import sqlalchemy as sa
from alembic import op

revision = "software_0001"
down_revision = "door_0001"
branch_labels = ("software",)
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "release_feeds",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("asked_s", sa.Float(), nullable=False),
        sa.Column("answered_s", sa.Float(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "releases",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "software_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("software_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_software_decisions_site"), ["site"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("software_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_software_decisions_site"))

    op.drop_table("software_decisions")
    op.drop_table("releases")
    op.drop_table("release_feeds")
