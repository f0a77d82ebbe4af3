"""Webhooks: who wants to be told of changes, and what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_webhooks"
down_revision = "2026_11_23_units_photos_books"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(_text(name) for name in ("client_id", "agreement", "purpose", "dataset", "url", "case_ref")),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("after_xid", sa.BigInteger(), nullable=False),
        _text("after_key"),
        _text("status"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("suspended_at", MOMENT, nullable=True),
        _text("reason", nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.client_id"], name=op.f("fk_subscription_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index(op.f("ix_subscription_client_id"), "subscription", ["client_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        _text("kind"),
        _text("key"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        _text("outcome", nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_webhook_delivery_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(
        "ix_webhook_delivery_next_at", "webhook_delivery", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_index(op.f("ix_webhook_delivery_subscription_id_id"), "webhook_delivery", ["subscription_id", "id"])
    for table in ("subscription", "webhook_delivery"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("subscription")
