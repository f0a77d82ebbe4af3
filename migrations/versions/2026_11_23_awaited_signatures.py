"""Documents may wait for their signer, one approval for several; extended files keep the fingerprints of earlier ones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_awaited_signatures"
down_revision = "2026_11_23_receipt_evidence"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED = (
    ("file_key", sa.Uuid()),
    ("way", sa.Text()),
    ("approval_id", sa.Uuid()),
    ("prepared_key", sa.Uuid()),
    ("pending", postgresql.JSONB(astext_type=sa.Text())),
    ("signature", sa.LargeBinary()),
    ("upload_key", sa.Uuid()),
    ("stamped_until", MOMENT),
)
STAMPED, WAITING = sa.text("stamped_until IS NOT NULL"), sa.text("state = 'waiting'")


def upgrade() -> None:
    _tables()
    for name, kind in ADDED:
        op.add_column("issued_document", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE issued_document SET file_key = id")
    # When the stamp's certificate ends is in the file; a year is early enough for any authority's.
    op.execute(
        "UPDATE issued_document SET stamped_until = ready_at + interval '1 year' "
        "WHERE state = 'ready' AND personal_signer IS NOT NULL"
    )
    op.alter_column("issued_document", "file_key", nullable=False)
    op.create_foreign_key(op.f("fk_issued_document_approval_id"), "issued_document", "issued_approval", ["approval_id"], ["id"])
    op.create_index(
        "ix_issued_document_stamped_until", "issued_document", ["stamped_until"], unique=False, postgresql_where=STAMPED
    )
    op.create_index("ix_issued_document_waiting", "issued_document", ["personal_signer"], unique=False, postgresql_where=WAITING)


def _tables() -> None:
    op.create_table(
        "issued_approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_approval")),
    )
    op.create_table(
        "issued_version",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("issued_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id", "issued_id"],
            ["issued_document.dossier_id", "issued_document.id"],
            name=op.f("fk_issued_version_dossier_id_issued_id"),
        ),
        sa.PrimaryKeyConstraint("dossier_id", "issued_id", "sha256", name=op.f("pk_issued_version")),
    )
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON issued_version "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"GRANT SELECT, INSERT ON issued_version TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON issued_approval TO {role}")


def downgrade() -> None:
    op.drop_index("ix_issued_document_waiting", table_name="issued_document", postgresql_where=WAITING)
    op.drop_index("ix_issued_document_stamped_until", table_name="issued_document", postgresql_where=STAMPED)
    op.drop_constraint(op.f("fk_issued_document_approval_id"), "issued_document", type_="foreignkey")
    for name, _ in reversed(ADDED):
        op.drop_column("issued_document", name)
    op.drop_table("issued_version")
    op.drop_table("issued_approval")
