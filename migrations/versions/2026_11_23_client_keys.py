"""Whence a client's key came and where its keys are published; which key a token was got with."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_client_keys"
down_revision = "2026_11_23_log_proofs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("jwks_uri", sa.Text(), nullable=True))
    op.add_column("oauth_client", sa.Column("jwks_fetched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("client_key", sa.Column("origin", sa.Text(), server_default=sa.text("'registered'"), nullable=False))
    op.add_column("issued_token", sa.Column("kid", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("issued_token", "kid")
    op.drop_column("client_key", "origin")
    op.drop_column("oauth_client", "jwks_fetched_at")
    op.drop_column("oauth_client", "jwks_uri")
