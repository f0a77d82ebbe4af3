"""Exports: jobs that make files of all shared records, and the keys that sign manifests and answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_exports"
down_revision = "2026_11_23_webhooks"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.create_table(
        "export_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("client_id"),
        _text("agreement"),
        sa.Column("version", sa.Integer(), nullable=False),
        *(_text(name) for name in ("purpose", "dataset")),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("fields", "filter")),
        *(_text(name) for name in ("format", "case_ref")),
        *(_text(name, nullable=True) for name in ("acting_user", "request_id")),
        *(_text(name) for name in ("jti", "bond")),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        _text("status"),
        _text("reason", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        *(_text(name, nullable=True) for name in ("sha256", "manifest", "feed_epoch")),
        sa.Column("feed_xid", sa.BigInteger(), nullable=True),
        *(sa.Column(name, MOMENT, nullable=True) for name in ("made_at", "expires_at")),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.client_id"], name=op.f("fk_export_job_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index(op.f("ix_export_job_client_id_asked_at"), "export_job", ["client_id", "asked_at"])
    waiting = sa.text("status IN ('queued', 'making')")
    op.create_index("ix_export_job_waiting", "export_job", ["asked_at"], postgresql_where=waiting)
    op.create_index("ix_export_job_expires_at", "export_job", ["expires_at"], postgresql_where=sa.text("status = 'ready'"))
    op.create_table(
        "evidence_key",
        _text("kid"),
        sa.Column("public", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("active_from", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_evidence_key")),
    )
    for table in ("export_job", "evidence_key"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")


def downgrade() -> None:
    op.drop_table("evidence_key")
    op.drop_table("export_job")
