"""What the log can say. A name is an API of the log: add, never rename."""

from enum import StrEnum


class Event(StrEnum):
    """Acts of a dossier are logged as `dossier.<act>` (see `of_act`); these are the others."""

    # people and accounts
    SIGNED_IN = "identity.signed_in"
    SIGN_IN_REFUSED = "identity.sign_in_refused"
    SIGNED_OUT = "identity.signed_out"
    ROLE_ASKED = "identity.role_asked"
    ROLE_GRANTED = "identity.role_granted"
    ROLE_REJECTED = "identity.role_rejected"
    ROLE_ENDED = "identity.role_ended"
    ADMIN_CREATED = "identity.admin_created"
    UNIT_CHOSEN = "identity.unit_chosen"
    # views of personal data, refusals
    VIEWED = "view"
    DOWNLOADED = "download"
    REFUSED = "refused"
    # papers and what the ministry issues
    PAPER_ATTACHED = "document.attached"
    PAPER_DETACHED = "document.detached"
    PAPER_CHECKED = "document.checked"
    PAPER_CHECK_ASKED = "document.check_asked"
    SIGNATURE_OVERRIDDEN = "document.signature_overridden"
    PAPER_ISSUED = "issued.ready"
    PAPER_REVOKED = "issued.revoked"
    NUMBER_VOIDED = "issued.number_voided"
    SIGNATURES_APPROVED = "issued.signatures_approved"
    SIGNED_FILE_GIVEN = "issued.signed_file_given"
    PAPER_EXTENDED = "issued.extended"
    # money
    PAYMENT_STARTED = "fees.started"
    PAYMENT_SETTLED = "fees.settled"
    PAYMENT_MISMATCH = "fees.mismatch"
    # configuration
    PROCEDURE_DRAFTED = "catalogue.drafted"
    PROCEDURE_SAVED = "catalogue.saved"
    PROCEDURE_DISCARDED = "catalogue.discarded"
    PROCEDURE_PROPOSED = "catalogue.proposed"
    PROCEDURE_REJECTED = "catalogue.rejected"
    PROCEDURE_PUBLISHED = "catalogue.published"
    PROCEDURE_RETIRED = "catalogue.retired"
    CALENDAR_PROPOSED = "worktime.calendar_proposed"
    CALENDAR_ADOPTED = "worktime.calendar_adopted"
    CALENDAR_REJECTED = "worktime.calendar_rejected"
    TRUST_PROPOSED = "trust.proposed"
    TRUST_ADOPTED = "trust.adopted"
    TRUST_REJECTED = "trust.rejected"
    # sharing
    PARTY_REGISTERED = "sharing.party_registered"
    CLIENT_REGISTERED = "sharing.client_registered"
    CLIENT_SUSPENDED = "sharing.client_suspended"
    CLIENT_RESUMED = "sharing.client_resumed"
    KEY_ADDED = "sharing.key_added"
    KEY_REVOKED = "sharing.key_revoked"
    AGREEMENT_PROPOSED = "sharing.agreement_proposed"
    AGREEMENT_SIGNED = "sharing.agreement_signed"
    AGREEMENT_ACTIVATED = "sharing.agreement_activated"
    AGREEMENT_ENDED = "sharing.agreement_ended"
    SERVER_KEY_ROTATED = "sharing.server_key_rotated"
    SERVER_KEY_WITHDRAWN = "sharing.server_key_withdrawn"


def of_act(act: str) -> str:
    """The log's name of a dossier's act, e.g. `dossier.submit`."""
    return f"dossier.{act.lower()}"
