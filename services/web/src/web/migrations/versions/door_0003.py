"""People, tenants, and what replicas share."""

import sqlalchemy as sa
from alembic import op

revision = "door_0003"
down_revision = "door_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "answers",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answers_at_s"), ["at_s"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("last_s", sa.Float(), nullable=False),
        sa.Column("closed_until_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_last_s"), ["last_s"], unique=False)

    op.create_table(
        "buckets",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("empty_at_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("buckets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_buckets_empty_at_s"), ["empty_at_s"], unique=False)

    op.create_table(
        "sign_ins",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("leads_to", sa.String(), nullable=False),
        sa.Column("expires_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("state"),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_expires_s"), ["expires_s"], unique=False)

    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tenant", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("before", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("after", sa.String(), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_audit_site"), ["site"], unique=False)

    with op.batch_alter_table("sites", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tenant", sa.String(), server_default="", nullable=False))

    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("agent", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("used_s", sa.Float(), nullable=True))

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tenant", sa.String(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("is_disabled", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("issuer", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("subject", sa.String(), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_users_tenant"), ["tenant"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_tenant"))
        batch_op.drop_column("subject")
        batch_op.drop_column("issuer")
        batch_op.drop_column("revision")
        batch_op.drop_column("must_change")
        batch_op.drop_column("is_disabled")
        batch_op.drop_column("tenant")

    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_column("used_s")
        batch_op.drop_column("agent")
        batch_op.drop_column("address")

    with op.batch_alter_table("sites", schema=None) as batch_op:
        batch_op.drop_column("tenant")

    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_site"))
        batch_op.drop_column("after")
        batch_op.drop_column("before")
        batch_op.drop_column("tenant")

    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_expires_s"))

    op.drop_table("sign_ins")
    with op.batch_alter_table("buckets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_buckets_empty_at_s"))

    op.drop_table("buckets")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_last_s"))

    op.drop_table("attempts")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answers_at_s"))

    op.drop_table("answers")
