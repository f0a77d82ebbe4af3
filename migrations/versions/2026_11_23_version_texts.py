"""A version published in the workshop keeps its file as it was written, with its comments."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_version_texts"
down_revision = "2026_11_23_former_values"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("procedure_version", sa.Column("text", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("procedure_version", "text")
