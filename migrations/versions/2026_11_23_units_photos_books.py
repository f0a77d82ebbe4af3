"""How sure a unit's name is; photographs of a site inspection; the register books that were closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_units_photos_books"
down_revision = "2026_11_23_provider_sessions"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("unit", sa.Column("certainty", sa.Text(), server_default="found", nullable=False))
    op.create_table(
        "inspection_photo",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id", "task_id"], ["task.dossier_id", "task.id"], name=op.f("fk_inspection_photo_dossier_id_task_id")
        ),
        sa.PrimaryKeyConstraint("dossier_id", "id", name=op.f("pk_inspection_photo")),
    )
    op.create_table(
        "closed_book",
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("volume", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("volumes", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.Uuid(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("desk", "year", "volume", name=op.f("pk_closed_book")),
    )
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_book "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"GRANT SELECT, INSERT ON closed_book TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON inspection_photo TO {role}")


def downgrade() -> None:
    op.drop_table("closed_book")
    op.drop_table("inspection_photo")
    op.drop_column("unit", "certainty")
