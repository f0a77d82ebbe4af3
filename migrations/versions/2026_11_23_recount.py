"""Find what a version of the working calendar moved."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_recount"
down_revision = "2026_11_23_register_book"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = [sa.text("(payload ->> 'calendar')"), "at"]
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_dossier_event_recount",
            "dossier_event",
            columns,
            postgresql_where=sa.text("act = 'recount'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_dossier_event_recount", table_name="dossier_event", postgresql_concurrently=True)
