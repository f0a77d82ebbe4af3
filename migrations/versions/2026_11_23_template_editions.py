"""Documents keep the edition of the template they were ordered under."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_template_editions"
down_revision = "2026_11_23_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays for code that is still running and knows nothing of editions: all its templates are the first.
    op.add_column("issued_document", sa.Column("edition", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("issued_document", "edition")
