"""The tables of the time before migrations."""

import sqlalchemy as sa
from alembic import op

revision = "door_0001"
down_revision = None
branch_labels = ("door",)
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "users",
        sa.Column("username", sa.String(), primary_key=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sites", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("username", sa.String(), sa.ForeignKey("users.username"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("expires_s", sa.Float(), nullable=False),
    )
    op.create_index("ix_tokens_username", "tokens", ["username"])
    op.create_index("ix_tokens_expires_s", "tokens", ["expires_s"])
    op.create_table(
        "program_tokens",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("username", sa.String(), sa.ForeignKey("users.username"), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sites", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("expires_s", sa.Float(), nullable=False),
        sa.Column("used_s", sa.Float(), nullable=True),
    )
    op.create_index("ix_program_tokens_digest", "program_tokens", ["digest"], unique=True)
    op.create_index("ix_program_tokens_username", "program_tokens", ["username"])
    op.create_index("ix_program_tokens_expires_s", "program_tokens", ["expires_s"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ended_s", sa.Float(), nullable=True),
    )
    op.create_index("ix_audit_at_s", "audit", ["at_s"])
    op.create_table(
        "sites",
        sa.Column("site", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_seen_s", sa.Float(), nullable=False),
    )


def downgrade() -> None:
    """Go back to an empty database."""
    for table in ("sites", "audit", "program_tokens", "tokens", "users"):
        op.drop_table(table)
