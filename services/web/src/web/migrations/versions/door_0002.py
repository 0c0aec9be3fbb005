"""Leases: work that exactly one replica does."""

import sqlalchemy as sa
from alembic import op

revision = "door_0002"
down_revision = "door_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.Column("until_s", sa.Float(), nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("leases")
