"""Tables of sharing. An agreement version never changes once proposed; access events are only ever added."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Party(Base):
    """An agency or company whose systems we let in.

    `budget_code` is the agency's budget-unit code, by which its certificate is known when it signs an agreement.
    """

    __tablename__ = "party"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    contact: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str]
    budget_code: Mapped[str | None]
    created_at: Mapped[datetime]


class OauthClient(Base):
    """A machine of a party. `tax_code` binds a company's own filing client to that company alone."""

    __tablename__ = "oauth_client"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(ForeignKey("party.code"))
    name: Mapped[str]
    environment: Mapped[str]
    sender_constraint: Mapped[str]
    scopes: Mapped[list[str]]
    tax_code: Mapped[str | None]
    status: Mapped[str]
    created_at: Mapped[datetime]
    jwks_uri: Mapped[str | None]
    jwks_fetched_at: Mapped[datetime | None]


class ClientKey(Base):
    """A public key a client authenticates with. `origin` says whence it came: see `client_keys.Origin`."""

    __tablename__ = "client_key"

    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id"), primary_key=True)
    kid: Mapped[str] = mapped_column(primary_key=True)
    jwk: Mapped[dict[str, Any]]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(server_default=text("'registered'"))


class Agreement(Base):
    """A sharing agreement, one row per version: only standing, signatures and moments ever change, the database sees to it.

    `items` are the twelve items of the law; `content` is the canonical JSON that `content_hash` is of and `jws` signs
    (null in versions older than it).
    """

    __tablename__ = "agreement"
    __table_args__ = (
        Index("ix_agreement_in_force", "code", unique=True, postgresql_where=text("status IN ('active', 'suspended')")),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(ForeignKey("party.code"))
    title_vi: Mapped[str]
    title_en: Mapped[str]
    purposes: Mapped[list[Any]]
    legal_basis: Mapped[list[Any]]
    items: Mapped[dict[str, Any]]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    delete_within_days: Mapped[int | None]
    content: Mapped[str | None]
    content_hash: Mapped[str]
    status: Mapped[str]
    signatures: Mapped[list[Any]]
    jws: Mapped[str | None]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AgreementGrant(Base):
    """What one agreement version allows on one dataset. The field list becomes the SQL column list."""

    __tablename__ = "agreement_grant"
    __table_args__ = (
        ForeignKeyConstraint(["agreement", "version"], ["agreement.code", "agreement.version"]),
        {"info": {"append_only": True}},
    )

    agreement: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    actions: Mapped[list[str]]
    fields: Mapped[list[str]]
    row_filter: Mapped[dict[str, Any]]
    rate: Mapped[int]
    quota_day: Mapped[int]
    signed_response: Mapped[bool]
    notify_subject: Mapped[bool]
    hidden_days: Mapped[int | None]
    hidden_basis: Mapped[str | None]
    field_basis: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class AgreementStep(Base):
    """One thing that happened to an agreement version, for the people of both sides to read; the audit log has it too."""

    __tablename__ = "agreement_step"
    __table_args__ = (
        ForeignKeyConstraint(["agreement", "version"], ["agreement.code", "agreement.version"]),
        Index(None, "agreement", "version", "at"),
        {"info": {"append_only": True}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agreement: Mapped[str]
    version: Mapped[int]
    act: Mapped[str]
    party: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime]


class AgreementPaper(Base):
    """The PDF of an agreement version on its way through the signatures. Files lie under `id`.

    `prepared_key`: as the other side gets it; `upload_key`: a signed file that a job has yet to look at;
    `countersigned_key`: with the other side's signature; `file_key`: finished. `signer`: who signs for the ministry.
    """

    __tablename__ = "agreement_paper"
    __table_args__ = (ForeignKeyConstraint(["agreement", "version"], ["agreement.code", "agreement.version"]),)

    agreement: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    printed_at: Mapped[datetime]
    prepared_key: Mapped[UUID | None]
    upload_key: Mapped[UUID | None]
    countersigned_key: Mapped[UUID | None]
    signer: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    file_key: Mapped[UUID | None]
    sha256: Mapped[str | None]
    size: Mapped[int | None]
    problem: Mapped[str | None]
    attempts: Mapped[int]


class AgreementDraft(Base):
    """Terms that are still being written: a new agreement, or the next version of one (`amends`)."""

    __tablename__ = "agreement_draft"
    __table_args__ = (Index(None, "party"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    party: Mapped[str] = mapped_column(ForeignKey("party.code"))
    amends: Mapped[int | None]
    terms: Mapped[dict[str, Any]]
    revision: Mapped[int]
    shown_at: Mapped[datetime | None]
    saved_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime]


class AgreementRemark(Base):
    """What either side says of an agreement while it is written; stays with its code when the draft becomes a version."""

    __tablename__ = "agreement_remark"
    __table_args__ = (Index(None, "code", "at"), {"info": {"append_only": True}})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    revision: Mapped[int]
    party: Mapped[str]
    person: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    about: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]


class AccessEvent(Base):
    """One read or attempted read: who, under what, which fields of whom, for which case. Append-only."""

    __tablename__ = "access_event"
    __table_args__ = (
        Index(None, "subject_ref", "id"),
        Index(None, "client_id", "id"),
        Index("ix_access_event_hidden_until", "hidden_until", postgresql_where=text("hidden_until IS NOT NULL")),
        {"info": {"append_only": True}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    party: Mapped[str]
    client_id: Mapped[str]
    agreement: Mapped[str]
    agreement_version: Mapped[int]
    purpose: Mapped[str]
    legal_basis: Mapped[list[Any]]
    action: Mapped[str]
    dataset: Mapped[str]
    key: Mapped[str]
    subject_ref: Mapped[str | None]
    fields: Mapped[list[str]]
    rows: Mapped[int]
    status: Mapped[int]
    jti: Mapped[str]
    jkt: Mapped[str]
    proof: Mapped[str]
    case_ref: Mapped[str]
    acting_user: Mapped[str | None]
    request_id: Mapped[str | None]
    response_digest: Mapped[str | None]
    asked: Mapped[dict[str, Any] | None]
    subjects_hash: Mapped[str | None]
    hidden_until: Mapped[datetime | None]
    hidden_basis: Mapped[str | None]
    salt: Mapped[str]


class AccessSubject(Base):
    """Whose record was the `n`th of those that one event read at once. Append-only.

    The event's `subjects_hash` is the SHA-256 over the digests `sha256(salt ‖ subject_ref ‖ 0x00 ‖ key)` in the order of
    `n`, so a subject can show that its row belongs to the event without seeing anybody else's.
    """

    __tablename__ = "access_subject"
    __table_args__ = (Index(None, "subject_ref", "event_id"), {"info": {"append_only": True}})

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    subject_ref: Mapped[str]
    key: Mapped[str]
    salt: Mapped[UUID]


class ReadQuestion(Base):
    """What an enterprise asks about one reading of its data, or complains of, and what it was answered."""

    __tablename__ = "read_question"
    __table_args__ = (Index(None, "tax_code", "event_id"), Index(None, "answer_by"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("access_event.id"))
    tax_code: Mapped[str]
    party: Mapped[str] = mapped_column(ForeignKey("party.code"))
    kind: Mapped[str]
    text: Mapped[str]
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answer: Mapped[str | None]
    answer_of: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class ReadRevealed(Base):
    """A reading whose hiding has ended and whose subjects have been told so."""

    __tablename__ = "read_revealed"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class WitnessMail(Base):
    """The checkpoints of one week went to one party: it is a witness of them from then on."""

    __tablename__ = "witness_mail"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    week: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(ForeignKey("party.code"), primary_key=True)
    at: Mapped[datetime]
    notes: Mapped[str]


class GrantUse(Base):
    """How far a grant is used up: its rate as a theoretical arrival time, its quota as a count of the day."""

    __tablename__ = "grant_use"

    agreement: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    tat: Mapped[datetime]
    day: Mapped[date]
    used: Mapped[int]


class UsedProof(Base):
    """DPoP proofs spent within their two minutes.

    Not logged: a crash empties it, and with it the row `epoch`, without which no nonce given out before the crash is
    good any more; so no proof comes back to life.
    """

    __tablename__ = "used_proof"
    __table_args__ = (Index(None, "expires"), {"prefixes": ["UNLOGGED"]})

    owner: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires: Mapped[datetime]


class UsedAssertion(Base):
    """Client assertions spent; survives a crash because an assertion has no nonce of ours."""

    __tablename__ = "used_assertion"
    __table_args__ = (Index(None, "expires"),)

    client_id: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires: Mapped[datetime]


class IssuedToken(Base):
    """A token given out: never the token itself, only what it allows, and the client's key it was got with."""

    __tablename__ = "issued_token"
    __table_args__ = (Index(None, "client_id", "issued_at"),)

    jti: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    audience: Mapped[str]
    scope: Mapped[str]
    details: Mapped[list[Any]]
    issued_at: Mapped[datetime]
    expires: Mapped[datetime]
    kid: Mapped[str | None]


class RevokedJti(Base):
    """A token taken back before its end."""

    __tablename__ = "revoked_jti"

    jti: Mapped[str] = mapped_column(primary_key=True)
    expires: Mapped[datetime]
    at: Mapped[datetime]


class ServerKey(Base):
    """A signing key of the authorization server; the private part is encrypted under the portal's secret key."""

    __tablename__ = "server_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[dict[str, Any]]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    active_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]
