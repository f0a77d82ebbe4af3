"""Proofs of the logs: nodes of the trees, newest checkpoints, time stamps; questions about reads, and who witnesses the logs."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_log_proofs"
down_revision = "2026_11_23_reads_of_many"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
GROWING = ("log_node", "log_stamp", "read_revealed", "witness_mail")
CHANGING = ("log_head", "read_question")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str = "at", *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, MOMENT, nullable=nullable)


def upgrade() -> None:
    role = f'"{op.get_context().config.attributes["app_role"]}"'
    _logs()
    _questions()
    for table in CHANGING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    for table in GROWING:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_access_event_hidden_until",
            "access_event",
            ["hidden_until"],
            postgresql_where=sa.text("hidden_until IS NOT NULL"),
            postgresql_concurrently=True,
        )


def _logs() -> None:
    op.create_table(
        "log_node",
        _text("log"),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "n", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_head",
        _text("log"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        _moment(),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _text("key_id"),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_log_head")),
    )
    op.create_table(
        "log_stamp",
        _text("log"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _moment(),
        _text("note"),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        _text("tsa"),
        _moment("ends_at"),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_log_stamp")),
    )


def _questions() -> None:
    op.create_table(
        "read_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        *(_text(name) for name in ("tax_code", "party", "kind", "text")),
        _moment("asked_at"),
        _moment("answer_by"),
        _text("answer", nullable=True),
        _text("answer_of", nullable=True),
        _moment("answered_at", nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["access_event.id"], name=op.f("fk_read_question_event_id")),
        sa.ForeignKeyConstraint(["party"], ["party.code"], name=op.f("fk_read_question_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_question")),
    )
    op.create_index(op.f("ix_read_question_tax_code_event_id"), "read_question", ["tax_code", "event_id"])
    op.create_index(op.f("ix_read_question_answer_by"), "read_question", ["answer_by"])
    op.create_table(
        "read_revealed",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        _moment(),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_read_revealed")),
    )
    op.create_table(
        "witness_mail",
        _text("week"),
        _text("party"),
        _moment(),
        _text("notes"),
        sa.ForeignKeyConstraint(["party"], ["party.code"], name=op.f("fk_witness_mail_party")),
        sa.PrimaryKeyConstraint("week", "party", name=op.f("pk_witness_mail")),
    )


def downgrade() -> None:
    op.drop_index("ix_access_event_hidden_until", "access_event")
    for table in (*GROWING, *CHANGING):
        op.drop_table(table)
