"""What is printed on each document, as values the caller fills. Each model is one form: it names its kind and template.

As JSON they go to Typst and, attached as `du-lieu.json`, with the PDF: times carry +07:00, amounts are whole đồng.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from app.core.clock import in_vietnam
from app.core.text import Str, Text
from app.issued.entries import BookEntry, NumberGap, Value
from app.issued.rules import Kind

When = Annotated[datetime, AfterValidator(in_vietnam)]


class Applicant(Value):
    """The business the document speaks of."""

    name: Str
    tax_code: Str
    address: Str = ""
    phone: Str = ""
    email: Str = ""


class Officer(Value):
    """Who stands under the document. `capacity` is the line above the title (`KT. BỘ TRƯỞNG`, `TL. CHỦ TỊCH`)."""

    name: Str
    title: Str = ""
    capacity: Str = ""
    phone: Str = ""


class Paper(Value):
    """One line of the list of papers."""

    name: Str
    quantity: Str = "01"
    form: Str = "Bản điện tử"


class FiledFile(Value):
    """One file as it was filed; `sha256` in hex."""

    paper: Str
    file_name: Str
    size: int
    sha256: Str


class FeeLine(Value):
    """A fee named on a form."""

    title: Str
    amount: int
    paid: bool = False


class Line(Value):
    """One labelled fact of a certificate or letter."""

    label_vi: Str
    label_en: Str
    value: Str


class Table(Value):
    """A list that belongs to a result: goods, chemicals, sites. Every row has one cell for each column."""

    title_vi: Str
    title_en: Str
    columns: tuple[Str, ...]
    rows: tuple[tuple[Str, ...], ...]


class HandOver(Value):
    """One row of form 06: the dossier went from one to the next. `result` is the giver's: early, on time, late, or nothing."""

    from_agency: Str
    to_agency: Str
    at: When
    giver: Str
    receiver: Str
    result: Str = ""
    note: Str = ""


class Finding(Value):
    """One thing that was looked at on site: `result` in a word or two, `note` what was seen."""

    item: Str
    result: Str
    note: Str = ""


class Correction(Value):
    """What must be put right, and by when."""

    what: Str
    until: date


class Photo(Value):
    """A photograph taken on site; `sha256` in hex."""

    file_name: Str
    sha256: Str
    taken_at: When | None = None
    place: Str = ""


class Demand(Value):
    """One fee to be paid; its legal ground only when that is certain."""

    title: Str
    amount: int
    legal_basis: Str = ""


class Sheet(Value):
    """What every document says: who issues it, and where."""

    kind: ClassVar[Kind]
    template: ClassVar[str]
    name: ClassVar[Text]

    governing_body: Str = "Bộ Công Thương"
    office: Str
    place: Str = "Hà Nội"

    @property
    def title(self) -> Text:
        """The document's own name, as lists and the verification page show it."""
        return self.name


class Facts(Sheet):
    """What every document of a dossier says: which dossier, for whom, under which procedure."""

    dossier: Str  # the number; before receipt, the reference
    applicant: Applicant
    procedure_vi: Str
    procedure_en: Str


class Receipt(Facts):
    """Electronic receipt of filing: what arrived, when, and the fingerprint of everything."""

    kind = Kind.RECEIPT
    template = "receipt"
    name = Text("Biên nhận nộp hồ sơ điện tử", "Receipt of electronic filing")

    round: int = 1
    submitted_at: When
    submitted_by: Str
    answers_sha256: Str
    files: tuple[FiledFile, ...]
    lookup_code: Str = ""  # with the reference, shows the degree of completion to whoever holds it


class Appointment(Facts):
    """Form 01: the dossier is received; the answer is due."""

    kind = Kind.FORM_01
    template = "form-01"
    name = Text("Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "Receipt of dossier and appointment for the result")

    papers: tuple[Paper, ...]
    sets: int = 1
    time_limit: Str
    received_at: When
    due_at: When | None
    due_note: Str = ""  # why there is no date yet, or on what it depends
    return_place: Str = "Trực tuyến, trên Cổng dịch vụ công của Bộ Công Thương"
    fees: tuple[FeeLine, ...] = ()
    submitter: Str = ""
    officer: Officer


class SupplementRequest(Facts):
    """Form 02: everything that is missing, asked once."""

    kind = Kind.FORM_02
    template = "form-02"
    name = Text("Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "Request to supplement the dossier")

    items: tuple[Paper, ...]
    reason: Str
    guidance: Str = ""
    round: int = 1
    reply_by: date | None = None
    officer: Officer


class RefusalToReceive(Facts):
    """Form 03: the dossier is not received."""

    kind = Kind.FORM_03
    template = "form-03"
    name = Text("Phiếu từ chối tiếp nhận giải quyết hồ sơ", "Refusal to receive the dossier")

    reason: Str
    proper_authority: Str = ""
    submitter: Str = ""
    officer: Officer


class Apology(Facts):
    """Form 04: the ministry is late, says so, and names a new day."""

    kind = Kind.FORM_04
    template = "form-04"
    name = Text("Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết", "Apology and extension of the time limit")

    received_on: date
    old_due: When
    reason: Str
    extension: Str
    new_due: When
    officer: Officer


class StopNotice(Facts):
    """Form 05: the dossier is no longer dealt with, and what becomes of fee and papers."""

    kind = Kind.FORM_05
    template = "form-05"
    name = Text("Thông báo dừng giải quyết hồ sơ", "Notice that the dossier is stopped")

    request: Str = ""  # the application to stop or withdraw, with its day
    stage: Str
    decision: Str
    money: Str
    returned_papers: tuple[Paper, ...] = ()
    officer: Officer


class ProcessControl(Facts):
    """Form 06: who gave the dossier to whom, when, and whether in time."""

    kind = Kind.FORM_06
    template = "form-06"
    name = Text("Phiếu kiểm soát quá trình giải quyết hồ sơ", "Process control sheet")

    lead_agency: Str
    other_agencies: tuple[Str, ...] = ()
    rows: tuple[HandOver, ...]
    kept_by: Str = ""


class RegisterBook(Sheet):
    """Form 07: one volume of the register book of a desk, from one day to another."""

    kind = Kind.FORM_07
    template = "form-07"
    name = Text("Sổ theo dõi hồ sơ", "Register book of dossiers")

    from_day: date
    to_day: date
    volume: int = 1
    volumes: int = 1
    rows: tuple[BookEntry, ...]
    gaps: tuple[NumberGap, ...] = ()  # in a book that is closed
    kept_by: Str = ""


class Consultation(Facts):
    """A letter that asks another unit for its opinion, with the questions and the day."""

    kind = Kind.CONSULTATION
    template = "consultation-letter"
    name = Text("Công văn lấy ý kiến", "Letter asking for an opinion")

    to: Str
    subject: Str = ""
    legal_basis: tuple[Str, ...] = ()
    questions: tuple[Str, ...]
    attachments: tuple[Str, ...] = ()
    reply_by: When
    officer: Officer


class Minutes(Facts):
    """Minutes of a site inspection. `officer` heads the team; the first of `hosts` stands for the enterprise."""

    kind = Kind.MINUTES
    template = "inspection-minutes"
    name = Text("Biên bản kiểm tra thực tế", "Minutes of the site inspection")

    decision: Str = ""  # what set the team up, with number and day
    site: Str
    began_at: When
    ended_at: When
    team: tuple[Officer, ...]
    hosts: tuple[Officer, ...] = ()
    findings: tuple[Finding, ...]
    conclusion: Str
    corrections: tuple[Correction, ...] = ()
    remarks: Str = ""
    photos: tuple[Photo, ...] = ()
    officer: Officer


class FeeNotice(Facts):
    """Fees have fallen due. `pay_by` is the last day; `amount` is the sum."""

    kind = Kind.FEE_NOTICE
    template = "fee-notice"
    name = Text("Thông báo nộp phí, lệ phí", "Notice of a fee to be paid")

    demands: tuple[Demand, ...]
    amount: int
    pay_by: date
    way: Str = "Thanh toán trực tuyến, trên trang của hồ sơ tại Cổng dịch vụ công"
    otherwise: Str = ""


class Result(Facts):
    """A result: certificate, licence, confirmation. Title, text and lines come from the procedure and the decision."""

    kind = Kind.RESULT
    template = "certificate"
    name = Text("Kết quả giải quyết thủ tục hành chính", "Result of the administrative procedure")

    title_vi: Str
    title_en: Str
    subject: Str = ""  # trích yếu, for letters: what it is about
    authority: Str = ""  # who decides, in capitals above the text; empty for letters
    legal_basis: tuple[Str, ...] = ()
    paragraphs: tuple[Str, ...] = ()
    lines: tuple[Line, ...] = ()
    tables: tuple[Table, ...] = ()
    reasons: tuple[Str, ...] = ()
    conditions: tuple[Str, ...] = ()
    term: Str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    recipients: tuple[Str, ...] = ()
    signer: Officer

    @property
    def title(self) -> Text:
        """A result carries its own name."""
        return Text(self.title_vi, self.title_en)


class Refusal(Result):
    """A refusal after appraisal: a result too, with its reasons."""

    kind = Kind.REFUSAL
    template = "refusal-letter"


class StepDocument(Result):
    """What a step of the process ends in: a decision to set up an inspection team, a letter. Not yet the answer."""

    kind = Kind.STEP_DOCUMENT
    template = "decision"
    name = Text("Văn bản trong quá trình giải quyết", "Document of the process")


class FeeReceipt(Facts):
    """Receipt for a fee (NĐ 254/2026 Đ.22-27): number of at most 8 digits, from 1 each year."""

    kind = Kind.FEE_RECEIPT
    template = "fee-receipt"
    name = Text("Biên lai thu phí, lệ phí điện tử", "Electronic receipt for a fee")

    form_symbol: Str = "01BLP0-001"
    collector: Str = "Bộ Công Thương"
    collector_tax_code: Str
    fee_title: Str
    amount: int
    paid_at: When
    transaction: Str
