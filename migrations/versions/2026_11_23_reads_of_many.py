"""Reads of many records: a row for each subject, the hiding of reads, the use of a grant, the feed's epoch; codes with periods."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_reads_of_many"
down_revision = "2026_11_23_clock_warnings"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NEW_TABLES = ("feed_epoch", "grant_use")


def upgrade() -> None:
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    _subjects(role)
    for column in (
        sa.Column("asked", postgresql.JSONB(), nullable=True),
        sa.Column("subjects_hash", sa.Text(), nullable=True),
        sa.Column("hidden_until", MOMENT, nullable=True),
        sa.Column("hidden_basis", sa.Text(), nullable=True),
    ):
        op.add_column("access_event", column)
    op.add_column("agreement_grant", sa.Column("hidden_days", sa.Integer(), nullable=True))
    op.add_column("agreement_grant", sa.Column("hidden_basis", sa.Text(), nullable=True))
    _use_and_epoch()
    for table in NEW_TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    _codes()
    _expiry()


def _subjects(role: str) -> None:
    op.create_table(
        "access_subject",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("salt", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "n", name=op.f("pk_access_subject")),
    )
    op.create_index(op.f("ix_access_subject_subject_ref_event_id"), "access_subject", ["subject_ref", "event_id"])
    op.execute(f"GRANT SELECT, INSERT ON access_subject TO {role}")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_subject "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _use_and_epoch() -> None:
    op.create_table(
        "grant_use",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("tat", MOMENT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "dataset", name=op.f("pk_grant_use")),
    )
    op.create_table(
        "feed_epoch",
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_feed_epoch")),
    )


def _codes() -> None:
    """With defaults, because older code still writes rows without these columns."""
    empty = sa.text("'[]'::jsonb")
    for column in (
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("replaced_by", postgresql.JSONB(), nullable=False, server_default=empty),
        sa.Column("periods", postgresql.JSONB(), nullable=False, server_default=empty),
        sa.Column("sample", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("source", sa.Text(), nullable=True),
    ):
        op.add_column("code_entry", column)


def _expiry() -> None:
    op.add_column("shared_record", sa.Column("ends_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE shared_record SET ends_on = (doc ->> 'valid_to')::date "
        "WHERE dataset = 'licences' AND doc ->> 'status' = 'valid' AND doc ->> 'valid_to' IS NOT NULL AND NOT deleted"
    )
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_shared_record_ends_on",
            "shared_record",
            ["ends_on"],
            postgresql_where=sa.text("ends_on IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_shared_record_ends_on", "shared_record")
    op.drop_column("shared_record", "ends_on")
    for column in ("parent", "replaced_by", "periods", "sample", "source"):
        op.drop_column("code_entry", column)
    for table in NEW_TABLES:
        op.drop_table(table)
    for column in ("hidden_days", "hidden_basis"):
        op.drop_column("agreement_grant", column)
    for column in ("asked", "subjects_hash", "hidden_until", "hidden_basis"):
        op.drop_column("access_event", column)
    op.drop_table("access_subject")
