"""Agreements that cannot be changed, their papers, their drafts, and what both sides say of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_agreements"
down_revision = "2026_11_23_client_keys"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
MAY_CHANGE = "'{status,signatures,jws,activated_at,ended_at}'::text[]"
APPEND_ONLY = ("agreement_step", "agreement_remark")
NEW_TABLES = (*APPEND_ONLY, "agreement_paper", "agreement_draft")


def upgrade() -> None:
    op.add_column("party", sa.Column("budget_code", sa.Text(), nullable=True))
    op.add_column("agreement", sa.Column("delete_within_days", sa.Integer(), nullable=True))
    op.add_column("agreement", sa.Column("content", sa.Text(), nullable=True))
    op.add_column("agreement", sa.Column("jws", sa.Text(), nullable=True))
    empty = sa.text("'{}'::jsonb")
    op.add_column("agreement_grant", sa.Column("field_basis", postgresql.JSONB(), nullable=False, server_default=empty))
    op.execute("UPDATE agreement SET status = 'proposed' WHERE status = 'draft'")
    in_force = sa.text("status IN ('active', 'suspended')")
    op.create_index("ix_agreement_in_force", "agreement", ["code"], unique=True, postgresql_where=in_force)
    _steps()
    _papers()
    _drafts()
    _unchangeable()
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(APPEND_ONLY)} TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON agreement_paper, agreement_draft TO {role}")
    op.execute(f"REVOKE UPDATE, DELETE ON agreement_grant FROM {role}")


def _steps() -> None:
    op.create_table(
        "agreement_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _of_a_version("agreement_step"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_step")),
    )
    op.create_index("ix_agreement_step_agreement_version_at", "agreement_step", ["agreement", "version", "at"])


def _papers() -> None:
    op.create_table(
        "agreement_paper",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("printed_at", MOMENT, nullable=False),
        *(sa.Column(f"{name}_key", sa.Uuid(), nullable=True) for name in ("prepared", "upload", "countersigned")),
        sa.Column("signer", sa.Uuid(), nullable=True),
        sa.Column("file_key", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _of_a_version("agreement_paper"),
        sa.ForeignKeyConstraint(["signer"], ["person.id"], name=op.f("fk_agreement_paper_signer")),
        sa.PrimaryKeyConstraint("agreement", "version", name=op.f("pk_agreement_paper")),
        sa.UniqueConstraint("id", name=op.f("uq_agreement_paper_id")),
    )


def _drafts() -> None:
    op.create_table(
        "agreement_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("amends", sa.Integer(), nullable=True),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=True),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["party"], ["party.code"], name=op.f("fk_agreement_draft_party")),
        sa.ForeignKeyConstraint(["saved_by"], ["person.id"], name=op.f("fk_agreement_draft_saved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_draft")),
        sa.UniqueConstraint("code", name=op.f("uq_agreement_draft_code")),
    )
    op.create_index("ix_agreement_draft_party", "agreement_draft", ["party"])
    op.create_table(
        "agreement_remark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_agreement_remark_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_remark")),
    )
    op.create_index("ix_agreement_remark_code_at", "agreement_remark", ["code", "at"])


def _of_a_version(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["agreement", "version"], ["agreement.code", "agreement.version"], name=op.f(f"fk_{table}_agreement_version")
    )


def _unchangeable() -> None:
    """A signed object stays what was signed: not even the application can write other terms into it."""
    op.execute(
        f"""
        CREATE FUNCTION refuse_new_terms() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
          IF TG_OP = 'DELETE' OR to_jsonb(NEW) - {MAY_CHANGE} IS DISTINCT FROM to_jsonb(OLD) - {MAY_CHANGE} THEN
            RAISE EXCEPTION 'the terms of an agreement version never change';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER unchangeable BEFORE UPDATE OR DELETE ON agreement FOR EACH ROW EXECUTE FUNCTION refuse_new_terms()"
    )
    for table in (*APPEND_ONLY, "agreement_grant"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.execute(f"GRANT UPDATE, DELETE ON agreement_grant TO {role}")
    op.execute("DROP TRIGGER append_only ON agreement_grant")
    op.execute("DROP TRIGGER unchangeable ON agreement")
    op.execute("DROP FUNCTION refuse_new_terms()")
    for table in NEW_TABLES:
        op.drop_table(table)
    op.drop_index("ix_agreement_in_force", "agreement")
    op.drop_column("agreement_grant", "field_basis")
    for column in ("jws", "content", "delete_within_days"):
        op.drop_column("agreement", column)
    op.drop_column("party", "budget_code")
