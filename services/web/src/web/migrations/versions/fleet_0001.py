"""What people write of sites, and how long each was above its fuse."""

import sqlalchemy as sa
from alembic import op

revision = "fleet_0001"
down_revision = "door_0001"
branch_labels = ("fleet",)
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "fleet_sites",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tags", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )
    with op.batch_alter_table("fleet_sites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fleet_sites_changed_s"), ["changed_s"], unique=False)
    op.create_table(
        "fleet_overload_days",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("day_s", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day_s"),
    )
    with op.batch_alter_table("fleet_overload_days", schema=None) as batch_op:
        batch_op.create_index("ix_fleet_overload_days_day", ["day_s"], unique=False)
    op.create_table(
        "fleet_overload_counters",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("counter_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("fleet_overload_counters")
    with op.batch_alter_table("fleet_overload_days", schema=None) as batch_op:
        batch_op.drop_index("ix_fleet_overload_days_day")

    op.drop_table("fleet_overload_days")
    with op.batch_alter_table("fleet_sites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fleet_sites_changed_s"))

    op.drop_table("fleet_sites")
