"""What may be done (Permission), and the names of those who may (Role). Who holds a role is `identity`'s business."""

from enum import StrEnum


class Role(StrEnum):
    """Roles of the ministry, named as in the role table of the one-stop rules.

    `APPLICANT` is a business's person; `CONTACT_OFFICER` another agency's, who agrees on data sharing for it and nothing else.
    """

    APPLICANT = "applicant"
    INTAKE_OFFICER = "intake_officer"
    CASE_OFFICER = "case_officer"
    DIVISION_HEAD = "division_head"
    UNIT_LEADER = "unit_leader"
    MINISTRY_LEADER = "ministry_leader"
    RECORDS_OFFICER = "records_officer"
    PROCEDURE_CONTROLLER = "procedure_controller"
    SYSTEM_ADMIN = "system_admin"
    DATA_OFFICER = "data_officer"
    INSPECTOR = "inspector"
    CONTACT_OFFICER = "contact_officer"


class Permission(StrEnum):
    """One right each; a door mounts one per router, an action checks its own."""

    DOSSIER_DRAFT = "dossier.draft"
    DOSSIER_SUBMIT = "dossier.submit"
    DOSSIER_WITHDRAW = "dossier.withdraw"
    DOSSIER_PAY = "dossier.pay"
    DOSSIER_RECEIVE = "dossier.receive"
    DOSSIER_PROCESS = "dossier.process"
    DOSSIER_ASSIGN = "dossier.assign"
    DOSSIER_DECIDE = "dossier.decide"
    DOSSIER_ISSUE = "dossier.issue"
    DOSSIER_OVERRIDE_SIGNATURE = "dossier.override_signature"
    DOSSIER_STOP = "dossier.stop"
    DOSSIER_READ_UNIT = "dossier.read_unit"
    DOSSIER_READ_ALL = "dossier.read_all"
    PROCEDURE_READ = "procedure.read"
    PROCEDURE_PUBLISH = "procedure.publish"
    CALENDAR_MANAGE = "calendar.manage"
    ACCOUNT_MANAGE = "account.manage"
    TRUST_MANAGE = "trust.manage"
    SHARING_MANAGE = "sharing.manage"
    SHARING_SIGN = "sharing.sign"
    SHARING_AGREE = "sharing.agree"
    AUDIT_READ = "audit.read"
    SYSTEM_ACT = "system.act"


_OFFICIAL = frozenset({Permission.DOSSIER_READ_UNIT, Permission.PROCEDURE_READ})

RIGHTS: dict[Role, frozenset[Permission]] = {
    Role.APPLICANT: frozenset(
        {Permission.DOSSIER_DRAFT, Permission.DOSSIER_SUBMIT, Permission.DOSSIER_WITHDRAW, Permission.DOSSIER_PAY}
    ),
    Role.INTAKE_OFFICER: _OFFICIAL | {Permission.DOSSIER_RECEIVE, Permission.DOSSIER_OVERRIDE_SIGNATURE},
    Role.CASE_OFFICER: _OFFICIAL | {Permission.DOSSIER_PROCESS},
    Role.DIVISION_HEAD: _OFFICIAL | {Permission.DOSSIER_PROCESS, Permission.DOSSIER_ASSIGN},
    Role.UNIT_LEADER: _OFFICIAL
    | {Permission.DOSSIER_PROCESS, Permission.DOSSIER_ASSIGN, Permission.DOSSIER_DECIDE, Permission.DOSSIER_STOP},
    Role.MINISTRY_LEADER: _OFFICIAL | {Permission.DOSSIER_PROCESS, Permission.DOSSIER_DECIDE, Permission.SHARING_SIGN},
    Role.RECORDS_OFFICER: _OFFICIAL | {Permission.DOSSIER_PROCESS, Permission.DOSSIER_ISSUE},
    Role.PROCEDURE_CONTROLLER: _OFFICIAL
    | {Permission.DOSSIER_READ_ALL, Permission.PROCEDURE_PUBLISH, Permission.CALENDAR_MANAGE},
    # Accounts, keys and configuration; no business decisions (roles of the ministry, system administrator).
    Role.SYSTEM_ADMIN: frozenset(
        {
            Permission.ACCOUNT_MANAGE,
            Permission.TRUST_MANAGE,
            Permission.CALENDAR_MANAGE,
            Permission.PROCEDURE_READ,
            Permission.AUDIT_READ,
        }
    ),
    Role.DATA_OFFICER: frozenset({Permission.SHARING_MANAGE, Permission.PROCEDURE_READ}),
    Role.CONTACT_OFFICER: frozenset({Permission.SHARING_AGREE}),
    Role.INSPECTOR: frozenset({Permission.DOSSIER_READ_ALL, Permission.AUDIT_READ, Permission.PROCEDURE_READ}),
}


def rights_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything that holders of `roles` may do."""
    return frozenset().union(*(RIGHTS[role] for role in roles))
