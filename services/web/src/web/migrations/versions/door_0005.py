"""When a provider of identities last let a user in, and what it proved that with."""

import time

import sqlalchemy as sa
from alembic import op

revision = "door_0005"
down_revision = "door_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("provider_s", sa.Float(), nullable=True))
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("provider_token", sa.LargeBinary(), nullable=True))
    # When they logged in last was not kept: for the tokens of their programs it counts from now.
    users = sa.table("users", sa.column("issuer"), sa.column("provider_s"))
    op.execute(users.update().where(users.c.issuer != "").values(provider_s=time.time()))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_column("provider_token")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("provider_s")
