"""What is printed on the documents a dossier calls for: the facts of each form, from the dossier and its procedure. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from app.catalogue.procedure import PaperNeed, Procedure
from app.catalogue.steps import Produces
from app.core.clock import day_in_vietnam
from app.core.permissions import Role
from app.core.text import Text
from app.issued.facts import (
    Apology,
    Applicant,
    Appointment,
    Consultation,
    Correction,
    FeeLine,
    FeeReceipt,
    FiledFile,
    Finding,
    Line,
    Minutes,
    Officer,
    Paper,
    Photo,
    Receipt,
    Refusal,
    RefusalToReceive,
    Result,
    StepDocument,
    StopNotice,
    SupplementRequest,
    Table,
)

ROLE_TITLE: dict[Role, Text] = {
    Role.APPLICANT: Text("Người nộp hồ sơ", "Applicant"),
    Role.INTAKE_OFFICER: Text("Cán bộ tiếp nhận", "Intake officer"),
    Role.CASE_OFFICER: Text("Chuyên viên thụ lý", "Case officer"),
    Role.DIVISION_HEAD: Text("Lãnh đạo phòng", "Head of division"),
    Role.UNIT_LEADER: Text("Lãnh đạo đơn vị", "Leader of the unit"),
    Role.MINISTRY_LEADER: Text("Lãnh đạo Bộ", "Leader of the ministry"),
    Role.RECORDS_OFFICER: Text("Văn thư", "Records officer"),
    Role.PROCEDURE_CONTROLLER: Text("Kiểm soát thủ tục hành chính", "Procedure control"),
    Role.SYSTEM_ADMIN: Text("Quản trị hệ thống", "System administrator"),
    Role.DATA_OFFICER: Text("Đầu mối chia sẻ dữ liệu", "Data-sharing officer"),
    Role.INSPECTOR: Text("Thanh tra", "Inspector"),
}


class Business(Protocol):
    """What the forms say of an enterprise."""

    tax_code: str
    name_vi: str
    head_office: str | None
    phone: str | None
    email: str | None


class Filed(Protocol):
    """What the forms say of a filed file."""

    paper: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """The common head: which office writes, about which dossier (`called`: its number, else its reference), for whom."""

    office: str
    called: str
    procedure: Procedure
    business: Business

    @property
    def values(self) -> dict[str, Any]:
        """As the facts' own fields."""
        b = self.business
        return {
            "office": self.office,
            "dossier": self.called,
            "applicant": Applicant(
                name=b.name_vi, tax_code=b.tax_code, address=b.head_office or "", phone=b.phone or "", email=b.email or ""
            ),
            "procedure_vi": self.procedure.title.vi,
            "procedure_en": self.procedure.title.en,
        }


def officer(name: str, role: Role, *, capacity: str = "") -> Officer:
    """Who stands under a document."""
    return Officer(name=name, title=ROLE_TITLE[role].vi, capacity=capacity)


def receipt(
    head: Head, files: Iterable[Filed], *, number: int, answers_sha256: str, filed_by: str, secret: str, at: datetime
) -> Receipt:
    """The receipt of one round of filing (`number` from 1)."""
    names = {paper.id: paper.name.vi for paper in head.procedure.papers}
    listed = tuple(FiledFile(paper=names.get(f.paper, f.paper), file_name=f.name, size=f.size, sha256=f.sha256) for f in files)
    return Receipt(
        **head.values,
        round=number,
        submitted_at=at,
        submitted_by=filed_by,
        answers_sha256=answers_sha256,
        files=listed,
        lookup_code=secret,
    )


def appointment(
    head: Head,
    needs: Iterable[PaperNeed],
    fees: Sequence[FeeLine],
    *,
    received_at: datetime,
    due_at: datetime | None,
    by: Officer,
) -> Appointment:
    """Form 01."""
    later = next((stage for stage in head.procedure.stages if stage.starts_on == "paid"), None)
    note = f"“{later.title.vi}” tính từ ngày nộp đủ phí, lệ phí." if later else ""
    return Appointment(
        **head.values,
        papers=tuple(Paper(name=need.paper.name.vi, quantity=f"{need.paper.copies:02}") for need in needs),
        time_limit=head.procedure.time_limit_text.vi,
        received_at=received_at,
        due_at=due_at,
        due_note=note,
        fees=tuple(fees),
        officer=by,
    )


def supplement_request(
    head: Head, items: Iterable[tuple[str, str]], *, reason: str, guidance: str, number: int, reply_by: date, by: Officer
) -> SupplementRequest:
    """Form 02; `items` are (what, note)."""
    lines = tuple(Paper(name=f"{what}: {note}" if note else what) for what, note in items)
    return SupplementRequest(
        **head.values, items=lines, reason=reason, guidance=guidance, round=number, reply_by=reply_by, officer=by
    )


def refusal_to_receive(head: Head, *, reason: str, proper_authority: str, by: Officer) -> RefusalToReceive:
    """Form 03."""
    return RefusalToReceive(**head.values, reason=reason, proper_authority=proper_authority, officer=by)


def apology(
    head: Head, *, received_at: datetime, old_due: datetime, new_due: datetime, days: int, reason: str, by: Officer
) -> Apology:
    """Form 04."""
    return Apology(
        **head.values,
        received_on=day_in_vietnam(received_at),
        old_due=old_due,
        new_due=new_due,
        reason=reason,
        extension=f"{days} ngày làm việc",
        officer=by,
    )


def stop_notice(head: Head, *, request: str, stage: str, decision: str, money: str, by: Officer) -> StopNotice:
    """Form 05."""
    return StopNotice(**head.values, request=request, stage=stage, decision=decision, money=money, officer=by)


def fee_receipt(head: Head, *, collector: str, fee_title: str, amount: int, paid_at: datetime, transaction: str) -> FeeReceipt:
    """The receipt for a fee."""
    return FeeReceipt(
        **head.values,
        collector=collector,
        collector_tax_code="",
        fee_title=fee_title,
        amount=amount,
        paid_at=paid_at,
        transaction=transaction,
    )


def result(head: Head, answers: Mapping[str, Any], *, conditions: Sequence[str], day: date, signer: Officer) -> Result:
    """What a granted dossier ends in."""
    procedure = head.procedure
    made = procedure.result_for(answers, today=day)
    return Result(
        **head.values,
        title_vi=made.title.vi,
        title_en=made.title.en,
        authority=head.office.upper(),
        legal_basis=grounds_of(procedure),
        paragraphs=(made.statement.vi,),
        lines=tuple(Line(label_vi=label.vi, label_en=label.en, value=value) for label, value in procedure.result_facts(answers)),
        tables=_tables(procedure, answers),
        conditions=tuple(conditions),
        term=procedure.term_text.vi if procedure.term_text else "",
        valid_from=day,
        valid_until=procedure.valid_until(answers, day),
        signer=signer,
    )


def _tables(procedure: Procedure, answers: Mapping[str, Any]) -> tuple[Table, ...]:
    return tuple(
        Table(
            title_vi=name.vi,
            title_en=name.en,
            columns=tuple(head.vi for head in heads),
            rows=tuple(tuple(cells) for cells in rows),
        )
        for name, heads, rows in procedure.result_tables(answers)
    )


def refusal(head: Head, *, reasons: Sequence[str], signer: Officer) -> Refusal:
    """The letter that refuses after appraisal: a result too."""
    made = head.procedure.result.refusal
    return Refusal(
        **head.values,
        title_vi=made.title.vi,
        title_en=made.title.en,
        subject=made.title.vi,
        paragraphs=(made.statement.vi,),
        reasons=tuple(reasons),
        legal_basis=grounds_of(head.procedure),
        signer=signer,
    )


def step_document(head: Head, own: Produces, *, said: str, day: date, signer: Officer) -> StepDocument:
    """What a step of the process ends in: its text, then what the official wrote."""
    return StepDocument(
        **head.values,
        title_vi=own.title.vi,
        title_en=own.title.en,
        subject=own.title.vi,
        authority=head.office.upper(),
        legal_basis=grounds_of(head.procedure),
        paragraphs=(own.statement.vi, *(line.strip() for line in said.splitlines() if line.strip())),
        valid_from=day,
        signer=signer,
    )


def grounds_of(procedure: Procedure) -> tuple[str, ...]:
    """The legal grounds a result cites: only those that are certain."""
    return tuple(ground.cite for ground in procedure.legal.values() if ground.certain)


def consultation(head: Head, *, to: str, question: str, grounds: Sequence[str], reply_by: datetime, by: Officer) -> Consultation:
    """The letter that asks another unit for its opinion."""
    return Consultation(
        **head.values,
        to=to,
        subject=head.procedure.title.vi,
        legal_basis=tuple(grounds),
        questions=(question,),
        reply_by=reply_by,
        officer=by,
    )


def _finding(line: str) -> Finding:
    """`thing | result | what was seen`; the last two may be missing."""
    item, result, note = (*(part.strip() for part in line.split("|", 2)), "", "")[:3]
    return Finding(item=item, result=result, note=note)


def minutes(
    head: Head,
    *,
    decision: str,
    site: str,
    began_at: datetime,
    ended_at: datetime,
    hosts: Sequence[str],
    findings: str,
    conclusion: str,
    correct: tuple[str, date] | None,
    photos: tuple[Photo, ...],
    by: Officer,
) -> Minutes:
    """Minutes of a site inspection, signed by both sides."""
    lines = [line.strip() for line in findings.splitlines() if line.strip()]
    return Minutes(
        **head.values,
        decision=decision,
        site=site,
        began_at=began_at,
        ended_at=ended_at,
        team=(by,),
        hosts=tuple(Officer(name=name, title="Đại diện doanh nghiệp") for name in hosts),
        findings=tuple(map(_finding, lines)),
        conclusion=conclusion,
        corrections=(Correction(what=correct[0], until=correct[1]),) if correct else (),
        photos=photos,
        officer=by,
    )
