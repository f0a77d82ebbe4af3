"""The session at the identity provider behind a session here."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_provider_sessions"
down_revision = "2026_11_23_version_texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("web_session", sa.Column("provider_sid", sa.Text(), nullable=True))
    op.create_index("ix_web_session_person_id", "web_session", ["person_id"])


def downgrade() -> None:
    op.drop_index("ix_web_session_person_id", "web_session")
    op.drop_column("web_session", "provider_sid")
