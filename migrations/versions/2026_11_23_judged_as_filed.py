"""What a filed file's check would say today, beside what it says as of the filing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_23_judged_as_filed"
down_revision = "2026_11_23_workshop"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("today", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("document", "today")
