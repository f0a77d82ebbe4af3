"""What a record's filterable fields said before, so that the change feed can tell whom it has left."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_former_values"
down_revision = "2026_11_23_withdrawn_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shared_record", sa.Column("former", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("shared_record", "former")
