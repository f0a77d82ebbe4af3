"""Whoever asked for a two-person act may take the request back."""

from alembic import op

revision = "2026_11_23_withdrawn_requests"
down_revision = "2026_11_23_agreements"
branch_labels = None
depends_on = None

RULE = "ck_approval_two_persons"


def upgrade() -> None:
    _rule("decided_by IS NULL OR (decided_by = asked_by) = (decision = 'withdrawn')")


def _rule(condition: str) -> None:
    op.drop_constraint(op.f(RULE), "approval", type_="check")
    op.create_check_constraint(op.f(RULE), "approval", condition)


def downgrade() -> None:
    op.execute("DELETE FROM approval WHERE decision = 'withdrawn'")
    _rule("decided_by IS NULL OR decided_by <> asked_by")
