"""People, enterprises, units, who may do what where, and their sessions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Person(Base):
    """Someone an identity provider vouches for; `subject` is only unique at its `issuer`."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    personal_number: Mapped[str | None]


class Enterprise(Base):
    """A business by its tax code; `source` says where the row came from (`sign-in`, `registry`, `demo`)."""

    __tablename__ = "enterprise"

    tax_code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str | None]
    head_office: Mapped[str | None]
    province: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    legal_representative: Mapped[str | None]
    representative_title: Mapped[str | None]
    representative_personal_number: Mapped[str | None]
    legal_form: Mapped[str | None]
    founded: Mapped[date | None]
    status: Mapped[str | None]
    search_key: Mapped[str]
    source: Mapped[str]


class Mandate(Base):
    """What a person may do for an enterprise: `rights` out of draft, sign, pay, view."""

    __tablename__ = "mandate"
    __table_args__ = (Index("ix_mandate_person", "person_id", "tax_code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    tax_code: Mapped[str] = mapped_column(ForeignKey("enterprise.tax_code"))
    rights: Mapped[list[str]]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class Unit(Base):
    """An agency: the ministry, its departments, agencies, its one-stop desk. `certainty`: how well code and name are known."""

    __tablename__ = "unit"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("unit.code"))
    kind: Mapped[str]
    demo: Mapped[bool]
    certainty: Mapped[str] = mapped_column(server_default="found")


class RoleGrant(Base):
    """One role in one unit. Granted by two persons, except the first administrator (`approval_id` empty)."""

    __tablename__ = "role_grant"
    __table_args__ = (
        Index("ix_role_grant_person", "person_id"),
        Index("ix_role_grant_unit_role", "unit", "role"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    granted_by: Mapped[str]
    approval_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval.id"))


class WebSession(Base):
    """A signed-in browser. The cookie's value is never stored, only its SHA-256. `unit`: where an official chose to work.

    `provider_sid`: the session at the identity provider, by which that may end ours.
    """

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_expires_at", "expires_at"), Index(None, "person_id"))

    id_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    tax_code: Mapped[str | None] = mapped_column(ForeignKey("enterprise.tax_code"))
    unit: Mapped[str | None] = mapped_column(ForeignKey("unit.code"))
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    acr: Mapped[str]
    auth_time: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    provider_sid: Mapped[str | None]


class SignInAttempt(Base):
    """Between leaving for the identity provider and coming back; usable once, by the browser that began it."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_expires_at", "expires_at"),)

    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    nonce: Mapped[str]
    verifier: Mapped[str]
    return_to: Mapped[str]
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class KeptForm(Base):
    """What someone had typed when the session ended: encrypted, for the same person in the same browser, for an hour."""

    __tablename__ = "kept_form"
    __table_args__ = (Index("ix_kept_form_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class ProviderMetadata(Base):
    """What the identity provider publishes about itself; fetched by the worker, read by every web process."""

    __tablename__ = "provider_metadata"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    jwks: Mapped[dict[str, Any]]
    fetched_at: Mapped[datetime]
