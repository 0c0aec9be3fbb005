"""Alerts, webhooks and Web Push."""

import sqlalchemy as sa
from alembic import op

revision = "alerts_0001"
down_revision = "door_0001"
branch_labels = ("alerts",)
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "alert_rules",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("after_s", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "rule"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("params", sa.String(), nullable=False),
        sa.Column("started_s", sa.Float(), nullable=False),
        sa.Column("fired_s", sa.Float(), nullable=True),
        sa.Column("resolved_s", sa.Float(), nullable=True),
        sa.Column("acknowledged_s", sa.Float(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alerts_resolved_s"), ["resolved_s"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_site"), ["site"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_started_s"), ["started_s"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_tenant"), ["tenant"], unique=False)

    op.create_table(
        "push_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("private_pem", sa.String(), nullable=False),
        sa.Column("public", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "push_messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("next_s", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_messages_next_s"), ["next_s"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_push_messages_subscription"), ["subscription"], unique=False
        )

    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("sites", sa.String(), nullable=False),
        sa.Column("tells_resolved", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.String(), nullable=False),
        sa.Column("quiet_to", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("quiet_for_alarms", sa.Boolean(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("delivered_s", sa.Float(), nullable=True),
        sa.Column("failing_since_s", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint"),
    )
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_push_subscriptions_username"), ["username"], unique=False
        )

    op.create_table(
        "site_marks",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("marks", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_s", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("ended_s", sa.Float(), nullable=True),
        sa.Column("duration_ms", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_deliveries_created_s"), ["created_s"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_next_s"), ["next_s"], unique=False)
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_state"), ["state"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_webhook_deliveries_webhook"), ["webhook"], unique=False
        )

    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("events", sa.String(), nullable=False),
        sa.Column("sites", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("old_secret", sa.String(), nullable=False),
        sa.Column("old_until_s", sa.Float(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=False),
        sa.Column("created_s", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("failing_since_s", sa.Float(), nullable=True),
        sa.Column("rests_until_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhooks_tenant"), ["tenant"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhooks_tenant"))

    op.drop_table("webhooks")
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_deliveries_webhook"))
        batch_op.drop_index(batch_op.f("ix_webhook_deliveries_state"))
        batch_op.drop_index(batch_op.f("ix_webhook_deliveries_next_s"))
        batch_op.drop_index(batch_op.f("ix_webhook_deliveries_created_s"))

    op.drop_table("webhook_deliveries")
    op.drop_table("site_marks")
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_subscriptions_username"))

    op.drop_table("push_subscriptions")
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_messages_subscription"))
        batch_op.drop_index(batch_op.f("ix_push_messages_next_s"))

    op.drop_table("push_messages")
    op.drop_table("push_keys")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_tenant"))
        batch_op.drop_index(batch_op.f("ix_alerts_state"))
        batch_op.drop_index(batch_op.f("ix_alerts_started_s"))
        batch_op.drop_index(batch_op.f("ix_alerts_site"))
        batch_op.drop_index(batch_op.f("ix_alerts_resolved_s"))

    op.drop_table("alerts")
    op.drop_table("alert_rules")
