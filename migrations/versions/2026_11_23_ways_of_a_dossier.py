"""Dossiers know their way, the papers that are held and their moves; one may wait for a correction on site."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_ways_of_a_dossier"
down_revision = "2026_11_23_awaited_signatures"
branch_labels = None
depends_on = None

_BEFORE = (
    "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', "
    "'awaiting_supplement', 'awaiting_payment', 'decided')"
)
_AFTER = (
    "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', "
    "'awaiting_supplement', 'awaiting_correction', 'awaiting_payment', 'decided')"
)
_INDEXES = {"ix_dossier_unit_open": ["unit", "sort_at", "id"], "ix_dossier_all_open": ["sort_at", "id"]}


def _replace_indexes(condition: str) -> None:
    """The new index is built beside the old one, so that nobody waits and no query goes without."""
    with op.get_context().autocommit_block():
        for name, columns in _INDEXES.items():
            where = sa.text(condition)
            op.create_index(f"{name}_new", "dossier", columns, postgresql_where=where, postgresql_concurrently=True)
            op.drop_index(name, table_name="dossier", postgresql_concurrently=True)
            op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")


def upgrade() -> None:
    # The defaults stay for code that is still running and knows nothing of ways and held papers.
    op.add_column("dossier", sa.Column("left_out", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("dossier", sa.Column("held", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("dossier", sa.Column("moves", postgresql.JSONB(), server_default="[]", nullable=False))
    _replace_indexes(_AFTER)
    with op.get_context().autocommit_block():
        draft = sa.text("state = 'draft'")
        op.create_index(
            "ix_dossier_draft", "dossier", ["procedure", "version"], postgresql_where=draft, postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_dossier_draft", table_name="dossier", postgresql_concurrently=True)
    _replace_indexes(_BEFORE)
    op.drop_column("dossier", "moves")
    op.drop_column("dossier", "held")
    op.drop_column("dossier", "left_out")
