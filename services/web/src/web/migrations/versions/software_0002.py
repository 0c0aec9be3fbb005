"""Roll-outs of releases from ring to ring."""

import sqlalchemy as sa
from alembic import op

revision = "software_0002"
down_revision = "software_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "rollout_rings",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("rings", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "rollouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rings", sa.String(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("complete_s", sa.Float(), nullable=True),
        sa.Column("forgiven", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("params", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("one_way_confirmed", sa.Boolean(), nullable=False),
        sa.Column("started_s", sa.Float(), nullable=False),
        sa.Column("judged_s", sa.Float(), nullable=False),
        sa.Column("changed_s", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
    )
    with op.batch_alter_table("rollouts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollouts_tenant"), ["tenant"], unique=False)
    op.create_table(
        "rollout_sites",
        sa.Column("rollout", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("asked_s", sa.Float(), nullable=True),
        sa.Column("installed_s", sa.Float(), nullable=True),
        sa.Column("overload_week_s", sa.Float(), nullable=False),
        sa.Column("overload_mark_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "site"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("rollout_sites")
    with op.batch_alter_table("rollouts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rollouts_tenant"))

    op.drop_table("rollouts")
    op.drop_table("rollout_rings")
