"""What is printed on each document, as values the caller fills. Each model is one form: it names its kind and template.

As JSON they go to Typst and, attached as `du-lieu.json`, with the PDF: times carry +07:00, amounts are whole đồng.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from app.core.clock import in_vietnam
from app.core.text import Str, Text
from app.issued.rules import Kind

When = Annotated[datetime, AfterValidator(in_vietnam)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Applicant(_Value):
    """The business the document speaks of."""

    name: Str
    tax_code: Str
    address: Str = ""
    phone: Str = ""
    email: Str = ""


class Officer(_Value):
    """Who stands under the document. `capacity` is the line above the title (`KT. BỘ TRƯỞNG`, `TL. CHỦ TỊCH`)."""

    name: Str
    title: Str = ""
    capacity: Str = ""
    phone: Str = ""


class Paper(_Value):
    """One line of the list of papers."""

    name: Str
    quantity: Str = "01"
    form: Str = "Bản điện tử"


class FiledFile(_Value):
    """One file as it was filed; `sha256` in hex."""

    paper: Str
    file_name: Str
    size: int
    sha256: Str


class FeeLine(_Value):
    """A fee named on a form."""

    title: Str
    amount: int
    paid: bool = False


class Line(_Value):
    """One labelled fact of a certificate or letter."""

    label_vi: Str
    label_en: Str
    value: Str


class Facts(_Value):
    """What every document says: who issues it, about which dossier, for whom, under which procedure."""

    kind: ClassVar[Kind]
    template: ClassVar[str]
    name: ClassVar[Text]

    governing_body: Str = "Bộ Công Thương"
    office: Str
    place: Str = "Hà Nội"
    dossier: Str  # the number; before receipt, the reference
    applicant: Applicant
    procedure_vi: Str
    procedure_en: Str

    @property
    def title(self) -> Text:
        """The document's own name, as lists and the verification page show it."""
        return self.name


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
