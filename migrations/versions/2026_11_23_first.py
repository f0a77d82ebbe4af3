"""The first schema: every table, what the application's role may do with it, and the job queue."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_first"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "agreement",
    "agreement_grant",
    "approval",
    "bill",
    "client_key",
    "code_entry",
    "delivery",
    "document",
    "dossier",
    "dossier_counter",
    "dossier_number",
    "enterprise",
    "idempotency_key",
    "issued_document",
    "issued_number",
    "issued_secret",
    "issued_token",
    "kept_form",
    "mandate",
    "notice",
    "number_series",
    "oauth_client",
    "outbox",
    "party",
    "payment_attempt",
    "person",
    "provider_metadata",
    "rate_limit",
    "revocation_evidence",
    "revoked_jti",
    "role_grant",
    "server_key",
    "shared_record",
    "sign_in_attempt",
    "signature_override",
    "task",
    "trust_epoch",
    "unit",
    "used_assertion",
    "used_proof",
    "web_session",
)
# Added to and read, never changed: neither by the application (grants) nor by the owner in passing (guard).
APPEND_ONLY = (
    "access_event",
    "audit_row",
    "calendar_version",
    "dossier_event",
    "gateway_notice",
    "ledger_entry",
    "log_leaf",
    "log_seal",
    "procedure_version",
    "submission",
)
QUEUE = files("procrastinate") / "sql" / "schema.sql"


def upgrade() -> None:
    op.create_table(
        "access_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("legal_basis", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("acting_user", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("response_digest", sa.Text(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_event")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_access_event_client_id_id"), "access_event", ["client_id", "id"], unique=False)
    op.create_index(op.f("ix_access_event_subject_ref_id"), "access_event", ["subject_ref", "id"], unique=False)
    op.create_table(
        "audit_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_row")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_audit_row_dossier_id", "audit_row", ["dossier_id"], unique=False, postgresql_where="dossier_id IS NOT NULL"
    )
    op.create_table(
        "calendar_version",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar_version")),
        info={"append_only": True},
    )
    op.create_table(
        "code_entry",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_vi", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("list", "code", name=op.f("pk_code_entry")),
    )
    op.create_table(
        "dossier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("enterprise_name", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answers_sha256", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title_vi", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sort_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_paused", sa.Boolean(), nullable=False),
        sa.Column("officer", sa.Uuid(), nullable=True),
        sa.Column("officer_name", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("result_id", sa.Uuid(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("open_items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("number", name=op.f("uq_dossier_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_dossier_reference")),
    )
    op.create_index(
        "ix_dossier_all_open",
        "dossier",
        ["sort_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', 'awaiting_supplement', 'awaiting_payment', 'decided')"
        ),
    )
    op.create_index(
        "ix_dossier_answer_by", "dossier", ["answer_by", "id"], unique=False, postgresql_where=sa.text("answer_by IS NOT NULL")
    )
    op.create_index("ix_dossier_desk_state", "dossier", ["desk", "state", "sort_at", "id"], unique=False)
    op.create_index("ix_dossier_mine", "dossier", ["tax_code", "saved_at", "id"], unique=False)
    op.create_index(
        "ix_dossier_search",
        "dossier",
        [sa.literal_column("to_tsvector('simple', search_text)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_dossier_unit_open",
        "dossier",
        ["unit", "sort_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', 'awaiting_supplement', 'awaiting_payment', 'decided')"
        ),
    )
    op.create_index("ix_dossier_unit_state", "dossier", ["unit", "state", "sort_at", "id"], unique=False)
    op.create_table(
        "dossier_counter",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "day", name=op.f("pk_dossier_counter")),
    )
    op.create_table(
        "dossier_number",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dossier_number")),
    )
    op.create_table(
        "enterprise",
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("name_vi", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("head_office", sa.Text(), nullable=True),
        sa.Column("province", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("legal_representative", sa.Text(), nullable=True),
        sa.Column("representative_title", sa.Text(), nullable=True),
        sa.Column("representative_personal_number", sa.Text(), nullable=True),
        sa.Column("legal_form", sa.Text(), nullable=True),
        sa.Column("founded", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tax_code", name=op.f("pk_enterprise")),
    )
    op.create_table(
        "gateway_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("txn_ref", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("query", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_notice")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_gateway_notice_txn_ref"), "gateway_notice", ["txn_ref"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "issued_token",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_issued_token")),
    )
    op.create_index(op.f("ix_issued_token_client_id_issued_at"), "issued_token", ["client_id", "issued_at"], unique=False)
    op.create_table(
        "log_leaf",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "leaf_index", name=op.f("pk_log_leaf")),
        info={"append_only": True},
    )
    op.create_index("uq_log_leaf_event", "log_leaf", ["log", "event_id"], unique=True)
    op.create_table(
        "log_seal",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_log_seal")),
        info={"append_only": True},
    )
    op.create_table(
        "number_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "party",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_vi", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_party")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("personal_number", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_person_issuer_subject")),
    )
    op.create_table(
        "procedure_version",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "version", name=op.f("pk_procedure_version")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_procedure_version_valid_from"), "procedure_version", ["valid_from"], unique=False)
    op.create_table(
        "provider_metadata",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("jwks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_provider_metadata")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tat", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limit")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "revocation_evidence",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("issuer_sha256", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("this_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_revocation_evidence")),
    )
    op.create_index("ix_revocation_evidence_next_update", "revocation_evidence", ["next_update"], unique=False)
    op.create_table(
        "revoked_jti",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_revoked_jti")),
    )
    op.create_table(
        "server_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("public", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_server_key")),
    )
    op.create_table(
        "shared_record",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("doc", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=True),
        sa.Column("changed_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "key", name=op.f("pk_shared_record")),
    )
    op.create_index(
        op.f("ix_shared_record_dataset_changed_xid_key"), "shared_record", ["dataset", "changed_xid", "key"], unique=False
    )
    op.create_index(op.f("ix_shared_record_subject_ref"), "shared_record", ["subject_ref"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_expires_at", "sign_in_attempt", ["expires_at"], unique=False)
    op.create_table(
        "unit",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_vi", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["unit.code"], name=op.f("fk_unit_parent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit")),
    )
    op.create_table(
        "used_assertion",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("pk_used_assertion")),
    )
    op.create_index(op.f("ix_used_assertion_expires"), "used_assertion", ["expires"], unique=False)
    op.create_table(
        "used_proof",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "jti", name=op.f("pk_used_proof")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_used_proof_expires"), "used_proof", ["expires"], unique=False)
    op.create_table(
        "agreement",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("title_vi", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("purposes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("legal_basis", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("signatures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party"], ["party.code"], name=op.f("fk_agreement_party")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_agreement")),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.CheckConstraint("(decided_by IS NULL) = (decision IS NULL)", name=op.f("ck_approval_decided_whole")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_approval_two_persons")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_approval_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_approval_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(
        "ix_approval_waiting", "approval", ["kind", "asked_at"], unique=False, postgresql_where=sa.text("decision IS NULL")
    )
    op.create_table(
        "bill",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.Column("title_vi", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_by", sa.Text(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bill_amount")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_bill_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "id", name=op.f("pk_bill")),
    )
    op.create_index(op.f("ix_bill_state_due_at"), "bill", ["state", "due_at"], unique=False)
    op.create_table(
        "document",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("binding", sa.Text(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("trust_epoch", sa.Integer(), nullable=True),
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_round", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_document_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "id", name=op.f("pk_document")),
    )
    op.create_index(
        "ix_document_next_check",
        "document",
        ["next_check_at"],
        unique=False,
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_table(
        "dossier_event",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_event_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_dossier_event")),
        info={"append_only": True},
    )
    op.create_table(
        "issued_document",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("title_vi", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("personal_signer", sa.Uuid(), nullable=True),
        sa.Column("signed_key", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_issued_document_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "id", name=op.f("pk_issued_document")),
    )
    op.create_index(op.f("ix_issued_document_dossier_id_asked_at"), "issued_document", ["dossier_id", "asked_at"], unique=False)
    op.create_table(
        "kept_form",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_form_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
    )
    op.create_index("ix_kept_form_expires_at", "kept_form", ["expires_at"], unique=False)
    op.create_table(
        "ledger_entry",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("length", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("calendar_version", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_ledger_entry_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_ledger_entry")),
        info={"append_only": True},
    )
    op.create_table(
        "mandate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("rights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mandate_person_id")),
        sa.ForeignKeyConstraint(["tax_code"], ["enterprise.tax_code"], name=op.f("fk_mandate_tax_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
    )
    op.create_index("ix_mandate_person", "mandate", ["person_id", "tax_code"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_notice_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_dossier_id"), "notice", ["dossier_id"], unique=False)
    op.create_index(op.f("ix_notice_tax_code_at"), "notice", ["tax_code", "at"], unique=False)
    op.create_table(
        "oauth_client",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("sender_constraint", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party"], ["party.code"], name=op.f("fk_oauth_client_party")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oauth_client")),
    )
    op.create_table(
        "signature_override",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_signature_override_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "id", name=op.f("pk_signature_override")),
    )
    op.create_table(
        "submission",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answers_sha256", sa.Text(), nullable=False),
        sa.Column("papers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_submission_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "round", name=op.f("pk_submission")),
        info={"append_only": True},
    )
    op.create_table(
        "task",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Uuid(), nullable=True),
        sa.Column("assignee_name", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_by_name", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_task_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "id", name=op.f("pk_task")),
    )
    op.create_index(
        "ix_task_mine", "task", ["assignee", "due_at", "dossier_id"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_task_team",
        "task",
        ["unit", "role", "due_at", "dossier_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND assignee IS NULL"),
    )
    op.create_table(
        "web_session",
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_web_session_person_id")),
        sa.ForeignKeyConstraint(["tax_code"], ["enterprise.tax_code"], name=op.f("fk_web_session_tax_code")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"], unique=False)
    op.create_table(
        "agreement_grant",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("actions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("row_filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("quota_day", sa.Integer(), nullable=False),
        sa.Column("signed_response", sa.Boolean(), nullable=False),
        sa.Column("notify_subject", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement", "version"], ["agreement.code", "agreement.version"], name=op.f("fk_agreement_grant_agreement_version")
        ),
        sa.PrimaryKeyConstraint("agreement", "version", "dataset", name=op.f("pk_agreement_grant")),
    )
    op.create_table(
        "client_key",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.client_id"], name=op.f("fk_client_key_client_id")),
        sa.PrimaryKeyConstraint("client_id", "kid", name=op.f("pk_client_key")),
    )
    op.create_table(
        "delivery",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "channel", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_state_next_at"), "delivery", ["state", "next_at"], unique=False)
    op.create_table(
        "issued_number",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("issued_id", sa.Uuid(), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id", "issued_id"],
            ["issued_document.dossier_id", "issued_document.id"],
            name=op.f("fk_issued_number_dossier_id_issued_id"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_issued_number")),
        sa.UniqueConstraint("series", "year", "n", name=op.f("uq_issued_number_series_year_n")),
    )
    op.create_table(
        "issued_secret",
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("issued_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id", "issued_id"],
            ["issued_document.dossier_id", "issued_document.id"],
            name=op.f("fk_issued_secret_dossier_id_issued_id"),
        ),
        sa.PrimaryKeyConstraint("secret", name=op.f("pk_issued_secret")),
    )
    op.create_table(
        "payment_attempt",
        sa.Column("txn_ref", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway_no", sa.Text(), nullable=True),
        sa.Column("response_code", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mismatch", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dossier_id", "bill_id"], ["bill.dossier_id", "bill.id"], name=op.f("fk_payment_attempt_dossier_id_bill_id")
        ),
        sa.PrimaryKeyConstraint("txn_ref", name=op.f("pk_payment_attempt")),
    )
    op.create_index(op.f("ix_payment_attempt_dossier_id_bill_id"), "payment_attempt", ["dossier_id", "bill_id"], unique=False)
    op.create_index(op.f("ix_payment_attempt_state_expires_at"), "payment_attempt", ["state", "expires_at"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_role_grant_period")),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_role_grant_approval_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id")),
        sa.ForeignKeyConstraint(["unit"], ["unit.code"], name=op.f("fk_role_grant_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index("ix_role_grant_person", "role_grant", ["person_id"], unique=False)
    op.create_index("ix_role_grant_unit_role", "role_grant", ["unit", "role"], unique=False)
    op.create_table(
        "trust_epoch",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_trust_epoch_approval_id")),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_trust_epoch")),
    )
    _queue()
    _guard()
    _grant()


def _queue() -> None:
    # The queue brings its schema with it; its version is pinned. When the pin moves, replay the queue's own migrations since 3.10.0
    # in a revision of ours, and let that revision find out whether they are needed.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(QUEUE.read_text())


def _drop_queue() -> None:
    for kind, name in op.get_bind().execute(sa.text(QUEUE_PARTS)).all():
        op.execute(f"DROP {kind} IF EXISTS {name} CASCADE")


QUEUE_PARTS = """
    SELECT 'TABLE', oid::regclass::text FROM pg_class WHERE starts_with(relname::text, 'procrastinate_') AND relkind = 'r'
    UNION ALL SELECT 'FUNCTION', oid::regprocedure::text FROM pg_proc WHERE starts_with(proname::text, 'procrastinate_')
    UNION ALL SELECT 'TYPE', oid::regtype::text FROM pg_type WHERE starts_with(typname::text, 'procrastinate_') AND typtype = 'e'
    UNION ALL SELECT 'TYPE', t.oid::regtype::text FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid
        WHERE starts_with(typname::text, 'procrastinate_') AND c.relkind = 'c'
"""


def _guard() -> None:
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'append-only: ' || TG_TABLE_NAME; END $$
    """)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _grant() -> None:
    config = op.get_context().config
    role = f'"{config.attributes["app_role"]}"'
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    for table in APPEND_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")
    op.execute(f"GRANT SELECT ON alembic_version TO {role}")
    op.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    queue = sa.text(
        "SELECT oid::regclass::text FROM pg_class WHERE starts_with(relname::text, 'procrastinate_') AND relkind = 'r'"
    )
    for table in op.get_bind().execute(queue).scalars().all():
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")


def downgrade() -> None:
    op.drop_table("trust_epoch")
    op.drop_index("ix_role_grant_unit_role", table_name="role_grant")
    op.drop_index("ix_role_grant_person", table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index(op.f("ix_payment_attempt_state_expires_at"), table_name="payment_attempt")
    op.drop_index(op.f("ix_payment_attempt_dossier_id_bill_id"), table_name="payment_attempt")
    op.drop_table("payment_attempt")
    op.drop_table("issued_secret")
    op.drop_table("issued_number")
    op.drop_index(op.f("ix_delivery_state_next_at"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("client_key")
    op.drop_table("agreement_grant")
    op.drop_index("ix_web_session_expires_at", table_name="web_session")
    op.drop_table("web_session")
    op.drop_index("ix_task_team", table_name="task", postgresql_where=sa.text("state = 'open' AND assignee IS NULL"))
    op.drop_index("ix_task_mine", table_name="task", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("task")
    op.drop_table("submission")
    op.drop_table("signature_override")
    op.drop_table("oauth_client")
    op.drop_index(op.f("ix_notice_tax_code_at"), table_name="notice")
    op.drop_index(op.f("ix_notice_dossier_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_mandate_person", table_name="mandate")
    op.drop_table("mandate")
    op.drop_table("ledger_entry")
    op.drop_index("ix_kept_form_expires_at", table_name="kept_form")
    op.drop_table("kept_form")
    op.drop_index(op.f("ix_issued_document_dossier_id_asked_at"), table_name="issued_document")
    op.drop_table("issued_document")
    op.drop_table("dossier_event")
    op.drop_index("ix_document_next_check", table_name="document", postgresql_where=sa.text("next_check_at IS NOT NULL"))
    op.drop_table("document")
    op.drop_index(op.f("ix_bill_state_due_at"), table_name="bill")
    op.drop_table("bill")
    op.drop_index("ix_approval_waiting", table_name="approval", postgresql_where=sa.text("decision IS NULL"))
    op.drop_table("approval")
    op.drop_table("agreement")
    op.drop_index(op.f("ix_used_proof_expires"), table_name="used_proof")
    op.drop_table("used_proof")
    op.drop_index(op.f("ix_used_assertion_expires"), table_name="used_assertion")
    op.drop_table("used_assertion")
    op.drop_table("unit")
    op.drop_index("ix_sign_in_attempt_expires_at", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_index(op.f("ix_shared_record_subject_ref"), table_name="shared_record")
    op.drop_index(op.f("ix_shared_record_dataset_changed_xid_key"), table_name="shared_record")
    op.drop_table("shared_record")
    op.drop_table("server_key")
    op.drop_table("revoked_jti")
    op.drop_index("ix_revocation_evidence_next_update", table_name="revocation_evidence")
    op.drop_table("revocation_evidence")
    op.drop_table("rate_limit")
    op.drop_table("provider_metadata")
    op.drop_index(op.f("ix_procedure_version_valid_from"), table_name="procedure_version")
    op.drop_table("procedure_version")
    op.drop_table("person")
    op.drop_table("party")
    op.drop_table("outbox")
    op.drop_table("number_series")
    op.drop_table("log_seal")
    op.drop_index("uq_log_leaf_event", table_name="log_leaf")
    op.drop_table("log_leaf")
    op.drop_index(op.f("ix_issued_token_client_id_issued_at"), table_name="issued_token")
    op.drop_table("issued_token")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_gateway_notice_txn_ref"), table_name="gateway_notice")
    op.drop_table("gateway_notice")
    op.drop_table("enterprise")
    op.drop_table("dossier_number")
    op.drop_table("dossier_counter")
    op.drop_index("ix_dossier_unit_state", table_name="dossier")
    op.drop_index(
        "ix_dossier_unit_open",
        table_name="dossier",
        postgresql_where=sa.text(
            "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', 'awaiting_supplement', 'awaiting_payment', 'decided')"
        ),
    )
    op.drop_index("ix_dossier_search", table_name="dossier", postgresql_using="gin")
    op.drop_index("ix_dossier_mine", table_name="dossier")
    op.drop_index("ix_dossier_desk_state", table_name="dossier")
    op.drop_index("ix_dossier_answer_by", table_name="dossier", postgresql_where=sa.text("answer_by IS NOT NULL"))
    op.drop_index(
        "ix_dossier_all_open",
        table_name="dossier",
        postgresql_where=sa.text(
            "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', 'awaiting_supplement', 'awaiting_payment', 'decided')"
        ),
    )
    op.drop_table("dossier")
    op.drop_table("code_entry")
    op.drop_table("calendar_version")
    op.drop_index("ix_audit_row_dossier_id", table_name="audit_row", postgresql_where="dossier_id IS NOT NULL")
    op.drop_table("audit_row")
    op.drop_index(op.f("ix_access_event_subject_ref_id"), table_name="access_event")
    op.drop_index(op.f("ix_access_event_client_id_id"), table_name="access_event")
    op.drop_table("access_event")
    _drop_queue()
    op.execute("DROP FUNCTION refuse_change()")
