"""The register book reads a desk's dossiers by the day they were received."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_register_book"
down_revision = "2026_11_23_ways_of_a_dossier"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Beside the others' work: dossiers are written while it is built.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_dossier_book",
            "dossier",
            ["desk", "received_at", "id"],
            postgresql_where=sa.text("received_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_dossier_book", "dossier", postgresql_concurrently=True, if_exists=True)
