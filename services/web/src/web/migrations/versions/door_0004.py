"""Find the last change of a thing quickly."""

from alembic import op

revision = "door_0004"
down_revision = "door_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_site"))
        batch_op.create_index("ix_audit_of", ["site", "action", "about"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_of")
        batch_op.create_index(batch_op.f("ix_audit_site"), ["site"], unique=False)
