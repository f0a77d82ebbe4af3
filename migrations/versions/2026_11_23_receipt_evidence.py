"""Evidence at filing: receipt time stamps with what authorities said, and their renewals. All of it is only ever added to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_receipt_evidence"
down_revision = "2026_11_23_template_editions"
branch_labels = None
depends_on = None

TABLES = ("kept_answer", "evidence_renewal", "receipt_evidence", "receipt_renewal")
MOMENT = sa.DateTime(timezone=True)


def _list(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False)


def upgrade() -> None:
    for name in ("stamp_due_at", "unknown_since", "doubt_told_at"):
        op.add_column("document", sa.Column(name, MOMENT, nullable=True))
    waits = sa.text("stamp_due_at IS NOT NULL")
    op.create_index("ix_document_stamp_due", "document", ["stamp_due_at"], unique=False, postgresql_where=waits)
    _answers()
    _renewals()
    _receipts()
    _guard()
    # What was filed before gets its time stamp now: later than its filing, and better than none.
    op.execute(
        "UPDATE document SET stamp_due_at = now() "
        "WHERE filed_round IS NOT NULL AND removed_at IS NULL AND media_type = 'application/pdf'"
    )


def _answers() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("this_update", MOMENT, nullable=False),
        sa.Column("next_update", MOMENT, nullable=True),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_kept_answer")),
    )


def _renewals() -> None:
    op.create_table(
        "evidence_renewal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        _list("renews"),
        _list("evidence"),
        sa.Column("trust_epoch", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("tsa", sa.Text(), nullable=False),
        _list("stamp_evidence"),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_renewal")),
    )
    op.create_index(op.f("ix_evidence_renewal_ends_at"), "evidence_renewal", ["ends_at"], unique=False)


def _receipts() -> None:
    key = ["dossier_id", "document_id", "number"]
    op.create_table(
        "receipt_evidence",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trust_epoch", sa.Integer(), nullable=False),
        _list("evidence"),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("tsa", sa.Text(), nullable=False),
        _list("stamp_evidence"),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_receipt_evidence_dossier_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_receipt_evidence")),
    )
    op.create_index(op.f("ix_receipt_evidence_ends_at"), "receipt_evidence", ["ends_at"], unique=False)
    op.create_table(
        "receipt_renewal",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("renewal_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_receipt_renewal_dossier_id")),
        sa.ForeignKeyConstraint(["renewal_id"], ["evidence_renewal.id"], name=op.f("fk_receipt_renewal_renewal_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_receipt_renewal")),
    )


def _guard() -> None:
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_document_stamp_due", table_name="document", postgresql_where=sa.text("stamp_due_at IS NOT NULL"))
    for name in ("doubt_told_at", "unknown_since", "stamp_due_at"):
        op.drop_column("document", name)
