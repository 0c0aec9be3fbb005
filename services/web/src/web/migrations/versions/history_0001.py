"""The history of all sites."""

import sqlalchemy as sa
from alembic import op

revision = "history_0001"
down_revision = "door_0001"
branch_labels = ("history",)
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "charging_sessions",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("ski", sa.String(), nullable=False),
        sa.Column("charger_name", sa.String(), nullable=False),
        sa.Column("car", sa.String(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("energy_wh", sa.Float(), nullable=False),
        sa.Column("sun_wh", sa.Float(), nullable=False),
        sa.Column("charging_s", sa.Float(), nullable=False),
        sa.Column("highest_w", sa.Float(), nullable=True),
        sa.Column("soc_start_percent", sa.Float(), nullable=True),
        sa.Column("soc_end_percent", sa.Float(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("price_series", sa.String(), nullable=False),
        sa.Column("co2_g", sa.Float(), nullable=True),
        sa.Column("at_once_cost", sa.Float(), nullable=True),
        sa.Column("at_once_co2_g", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("site", "id"),
    )
    with op.batch_alter_table("charging_sessions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_charging_sessions_site_started", ["site", "started_ms"], unique=False
        )
        batch_op.create_index("ix_charging_sessions_started", ["started_ms"], unique=False)

    op.create_table(
        "energy_days",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("start_s", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.Float(), nullable=True),
        sa.Column("export_wh", sa.Float(), nullable=True),
        sa.Column("sun_wh", sa.Float(), nullable=True),
        sa.Column("charging_wh", sa.Float(), nullable=False),
        sa.Column("charging_sun_wh", sa.Float(), nullable=False),
        sa.Column("chargers", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "start_s"),
    )
    with op.batch_alter_table("energy_days", schema=None) as batch_op:
        batch_op.create_index("ix_energy_days_start", ["start_s"], unique=False)

    op.create_table(
        "energy_hours",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("start_s", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.Float(), nullable=True),
        sa.Column("export_wh", sa.Float(), nullable=True),
        sa.Column("sun_wh", sa.Float(), nullable=True),
        sa.Column("charging_wh", sa.Float(), nullable=False),
        sa.Column("charging_sun_wh", sa.Float(), nullable=False),
        sa.Column("chargers", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "start_s"),
    )
    op.create_table(
        "energy_minutes",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("start_s", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.Float(), nullable=True),
        sa.Column("export_wh", sa.Float(), nullable=True),
        sa.Column("sun_wh", sa.Float(), nullable=True),
        sa.Column("charging_wh", sa.Float(), nullable=False),
        sa.Column("charging_sun_wh", sa.Float(), nullable=False),
        sa.Column("chargers", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "start_s"),
    )
    op.create_table(
        "energy_stale_hours",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("start_s", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "start_s"),
    )
    op.create_table(
        "evidence_entries",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("is_sealed", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "epoch", "number"),
    )
    op.create_table(
        "fact_epochs",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("fact_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "epoch"),
    )
    op.create_table(
        "fact_gaps",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=True),
        sa.Column("is_lost", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "epoch", "first"),
    )
    with op.batch_alter_table("fact_gaps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fact_gaps_is_lost"), ["is_lost"], unique=False)

    op.create_table(
        "facts_set_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("facts_set_aside", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_facts_set_aside_at_ms"), ["at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_facts_set_aside_site"), ["site"], unique=False)

    op.create_table(
        "site_audit",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("setting", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "epoch", "sequence"),
    )
    with op.batch_alter_table("site_audit", schema=None) as batch_op:
        batch_op.create_index("ix_site_audit_at", ["at_ms"], unique=False)

    op.create_table(
        "site_calendars",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("site_calendars")
    with op.batch_alter_table("site_audit", schema=None) as batch_op:
        batch_op.drop_index("ix_site_audit_at")

    op.drop_table("site_audit")
    with op.batch_alter_table("facts_set_aside", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_facts_set_aside_site"))
        batch_op.drop_index(batch_op.f("ix_facts_set_aside_at_ms"))

    op.drop_table("facts_set_aside")
    with op.batch_alter_table("fact_gaps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fact_gaps_is_lost"))

    op.drop_table("fact_gaps")
    op.drop_table("fact_epochs")
    op.drop_table("evidence_entries")
    op.drop_table("energy_stale_hours")
    op.drop_table("energy_minutes")
    op.drop_table("energy_hours")
    with op.batch_alter_table("energy_days", schema=None) as batch_op:
        batch_op.drop_index("ix_energy_days_start")

    op.drop_table("energy_days")
    with op.batch_alter_table("charging_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_charging_sessions_started")
        batch_op.drop_index("ix_charging_sessions_site_started")

    op.drop_table("charging_sessions")
