"""Drafts of procedures, and the last day of procedures that are retired."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_workshop"
down_revision = "2026_11_23_unit_of_a_session"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "procedure_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["saved_by"], ["person.id"], name=op.f("fk_procedure_draft_saved_by")),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_procedure_draft_approval_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_draft")),
    )
    op.create_table(
        "procedure_end",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["slug", "version"],
            ["procedure_version.slug", "procedure_version.version"],
            name=op.f("fk_procedure_end_slug_version"),
        ),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_procedure_end_approval_id")),
        sa.PrimaryKeyConstraint("slug", "version", name=op.f("pk_procedure_end")),
    )
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON procedure_end "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"GRANT SELECT, INSERT ON procedure_end TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON procedure_draft TO {role}")


def downgrade() -> None:
    op.drop_table("procedure_end")
    op.drop_table("procedure_draft")
