"""Moments at which officials are warned of a limit, and notices to officials."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_clock_warnings"
down_revision = "2026_11_23_judged_as_filed"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "clock_warning",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("inside", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_clock_warning_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "inside", "kind", name=op.f("pk_clock_warning")),
    )
    op.create_index("ix_clock_warning_untold", "clock_warning", ["at", "dossier_id"], postgresql_where=sa.text("told_at IS NULL"))
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON clock_warning TO {role}")
    op.add_column("notice", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.alter_column("notice", "tax_code", nullable=True)
    # NOT VALID first: the rows that are there are looked at afterwards, without a lock that stops writers.
    op.execute("ALTER TABLE notice ADD CONSTRAINT fk_notice_person_id FOREIGN KEY (person_id) REFERENCES person (id) NOT VALID")
    op.execute("ALTER TABLE notice ADD CONSTRAINT ck_notice_addressee CHECK (num_nonnulls(tax_code, person_id) = 1) NOT VALID")
    # The next count of the calendar's job plans the warnings of what is open already.
    op.execute(
        "INSERT INTO outbox (id, topic, payload) SELECT gen_random_uuid(), 'dossiers.recount', '{}' "
        "WHERE EXISTS (SELECT FROM dossier WHERE due_at IS NOT NULL AND ended_at IS NULL)"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE notice VALIDATE CONSTRAINT fk_notice_person_id")
        op.execute("ALTER TABLE notice VALIDATE CONSTRAINT ck_notice_addressee")
        op.create_index(
            "ix_notice_person",
            "notice",
            ["person_id", "at"],
            postgresql_where=sa.text("person_id IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.execute("DELETE FROM delivery USING notice WHERE delivery.notice_id = notice.id AND notice.person_id IS NOT NULL")
    op.execute("DELETE FROM notice WHERE person_id IS NOT NULL")
    op.drop_constraint("ck_notice_addressee", "notice")
    op.alter_column("notice", "tax_code", nullable=False)
    op.drop_column("notice", "person_id")
    op.drop_table("clock_warning")
