"""An official with roles in several units chooses where to work; the session remembers it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_unit_of_a_session"
down_revision = "2026_11_23_recount"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable and without default: no row is rewritten. The foreign key is checked beside the others' work.
    op.add_column("web_session", sa.Column("unit", sa.Text(), nullable=True))
    op.execute("ALTER TABLE web_session ADD CONSTRAINT fk_web_session_unit FOREIGN KEY (unit) REFERENCES unit (code) NOT VALID")
    op.execute("ALTER TABLE web_session VALIDATE CONSTRAINT fk_web_session_unit")


def downgrade() -> None:
    op.drop_column("web_session", "unit")
