"""Rules on what is asked: fields, pages, papers, expressions, checks, fees, what the result prints and shares."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from app.catalogue import bounds
from app.catalogue.definition import is_certain
from app.catalogue.expressions import BOOL, DATE, NUMBER, ExpressionError, Type, compile_expression
from app.catalogue.faults import Rule, fault, unknown
from app.catalogue.parts import COMPOSITE, KNOWN
from app.catalogue.procedure import Procedure
from app.catalogue.questions import CHOICES, NUMERIC, FieldType, FormField
from app.catalogue.words import CODE_LISTS
from app.core.errors import Problem
from app.registers.rules import SCHEMAS, Dataset

PREFILLS = frozenset(
    {
        "tax_code", "name_vi", "name_en", "head_office", "province", "phone", "email", "website",
        "legal_representative", "representative_title", "legal_form", "founded",
    }
)  # fmt: skip
_WHOLE = frozenset({FieldType.ORG, FieldType.ENTERPRISE, FieldType.PERSON})
"""Types that are filled in as a whole; what their `prefill` is called does not matter."""
_NO_COLUMN = COMPOSITE | {
    FieldType.ROWS, FieldType.ORG, FieldType.COMPUTED, FieldType.MULTI_CHOICE, FieldType.REFERENCE, FieldType.FILE,
}  # fmt: skip


def _twice(procedure: Procedure) -> Iterator[Problem]:
    groups: dict[str, Iterable[Any]] = {
        "fields": procedure.fields,
        "pages": procedure.pages,
        "documents": procedure.papers,
        "checks": procedure.checks,
        "fees": procedure.fees,
        "clock.stages": procedure.clock.stages,
        "process": procedure.process,
        "result.variants": procedure.result.variants,
        **{f"fields.{table.id}.of": table.of for table in procedure.fields},
        **{f"fields.{each.id}.options": each.options for each in procedure.fields},
    }
    for place, items in groups.items():
        for found, times in Counter(item.id for item in items).items():
            if times > 1:
                yield fault(f"{place}.{found}", "duplicate-id", "mã bị trùng", "the id is used twice")
    for name in set(procedure.constants) & {each.id for each in procedure.fields}:
        yield fault(f"constants.{name}", "duplicate-id", "trùng tên với một mục của tờ khai", "also the id of a field")


def _pages(procedure: Procedure) -> Iterator[Problem]:
    placed = Counter(field_id for page in procedure.pages for field_id in page.fields)
    for page in procedure.pages:
        for field_id in page.fields:
            if procedure.field(field_id) is None:
                yield unknown(f"pages.{page.id}", field_id)
    for each in procedure.fields:
        if placed[each.id] != 1:
            yield fault(f"fields.{each.id}", "not-on-one-page", "phải nằm trên đúng một trang", "must be on exactly one page")


def _fields(procedure: Procedure) -> Iterator[Problem]:
    for each in procedure.fields:
        place = f"fields.{each.id}"
        yield from _plain(place, each)
        if (each.type is FieldType.ROWS) != bool(each.of):
            yield fault(place, "columns", "chỉ bảng mới có cột, và phải có", "columns go with rows, always")
        if each.min_rows > each.max_rows:
            yield fault(place, "limits", "giới hạn dưới cao hơn giới hạn trên", "the lower limit is above the upper one")
        if each.locked and not each.prefill:
            yield fault(place, "locked", "mục khóa phải được điền sẵn", "a locked field must be prefilled")
        if each.type is FieldType.COMPUTED and not each.compute:
            yield fault(place, "compute", "mục tự tính phải có công thức", "a computed field needs a formula")
        if each.must_be_true and each.type is not FieldType.BOOL:
            yield fault(place, "must-be-true", "chỉ mục có/không mới phải là có", "only a yes-or-no field can have to be true")
        yield from _prefill(place, each, procedure)
        yield from _pointing(place, each, procedure)
        for column in each.of:
            yield from _column(f"{place}.of.{column.id}", column)


def _plain(place: str, each: FormField) -> Iterator[Problem]:
    """What holds for fields and columns alike."""
    if (each.type in CHOICES) != (bool(each.options) != bool(each.options_from)):
        yield fault(place, "options", "chỉ mục lựa chọn mới có danh sách, và phải có một", "options go with a choice, always")
    if each.options_from and each.options_from not in CODE_LISTS:
        yield unknown(place, each.options_from)
    if each.parts and (strange := set(each.parts) - set(KNOWN.get(each.type, {}))):
        yield unknown(place, ", ".join(sorted(strange)))
    if (each.type is FieldType.MONEY) != (each.currency is not None):
        yield fault(place, "currency", "loại tiền đi với mục số tiền, luôn luôn", "a currency goes with money, always")
    if each.unit and each.type not in NUMERIC:
        yield fault(place, "unit", "chỉ mục số mới có đơn vị", "only a number has a unit")
    if each.min is not None and each.max is not None and each.min > each.max:
        yield fault(place, "limits", "giới hạn dưới cao hơn giới hạn trên", "the lower limit is above the upper one")


def _prefill(place: str, each: FormField, procedure: Procedure) -> Iterator[Problem]:
    if each.prefill is None or each.type in _WHOLE:
        return
    owner, _, member = each.prefill.partition(".")
    reference = procedure.field(owner) if member else None
    if member and (reference is None or reference.type is not FieldType.REFERENCE):
        yield unknown(place, owner)
    elif not member and each.prefill not in PREFILLS:
        yield unknown(place, each.prefill)


def _pointing(place: str, each: FormField, procedure: Procedure) -> Iterator[Problem]:
    """A reference says which records, a file which paper."""
    if (each.type is FieldType.REFERENCE) != (each.records is not None):
        yield fault(place, "records", "mục tham chiếu phải nói kết quả nào", "records go with a reference, always")
    if (each.type is FieldType.FILE) != (each.paper is not None):
        yield fault(place, "paper", "mục tệp phải chỉ một giấy tờ", "a paper goes with a file, always")
    if each.paper and procedure.paper(each.paper) is None:
        yield unknown(place, each.paper)


def _column(place: str, column: FormField) -> Iterator[Problem]:
    yield from _plain(place, column)
    beyond = (column.of, column.compute, column.show_if, column.required_if, column.prefill, column.locked, column.must_be_true)
    if any(beyond) or column.type in _NO_COLUMN:
        yield fault(
            place, "column", "cột chỉ chứa giá trị đơn do người khai nhập", "a column holds a plain value typed by a person"
        )


def _expressions(procedure: Procedure) -> Iterator[Problem]:
    for place, source, wanted in _sources(procedure):
        try:
            compile_expression(source, procedure.scope, wanted=wanted)
        except ExpressionError as error:
            yield fault(place, "expression", "biểu thức không hợp lệ", str(error))


def _sources(procedure: Procedure) -> Iterator[tuple[str, str, Type | None]]:
    for each in procedure.fields:
        conditions = {"show_if": each.show_if, "required_if": each.required_if}
        yield from ((f"fields.{each.id}.{name}", source, BOOL) for name, source in conditions.items() if source)
        if each.compute:
            yield f"fields.{each.id}.compute", each.compute, each.expression_type
    for paper in procedure.papers:
        if paper.required_if:
            yield f"documents.{paper.id}.required_if", paper.required_if, BOOL
        if paper.signed and paper.signed.only_if:
            yield f"documents.{paper.id}.signed.only_if", paper.signed.only_if, BOOL
    yield from ((f"checks.{check.id}.assert", check.rule, BOOL) for check in procedure.checks)
    yield from ((f"fees.{fee.id}.amount", fee.amount, NUMBER) for fee in procedure.fees)
    yield from ((f"result.variants.{each.id}.only_if", each.only_if, BOOL) for each in procedure.result.variants)
    stages = ((f"clock.stages.{stage.id}.only_if", stage.only_if) for stage in procedure.clock.stages)
    steps = ((f"process.{step.id}.only_if", step.only_if) for step in procedure.process)
    yield from ((place, source, BOOL) for place, source in (*stages, *steps) if source)


def _cycles(procedure: Procedure) -> Iterator[Problem]:
    """A value or a condition that hangs on itself would never settle."""
    needs = {each.id: _needs(procedure, each) for each in procedure.fields}
    for start, direct in needs.items():
        reached, front = set[str](), direct
        while front:
            reached |= front
            front = {further for name in front for further in needs.get(name, set())} - reached
        if start in reached:
            yield fault(f"fields.{start}", "cycle", "điều kiện hoặc công thức quay vòng", "it hangs on itself")


def _needs(procedure: Procedure, each: FormField) -> set[str]:
    names = set[str]()
    for source in filter(None, (each.show_if, each.compute)):
        try:
            names |= {name.split(".")[0] for name in compile_expression(source, procedure.scope).names}
        except ExpressionError:
            continue  # said by the rule on expressions
    return names


def _papers(procedure: Procedure) -> Iterator[Problem]:
    for paper in procedure.papers:
        place = f"documents.{paper.id}"
        if procedure.all_papers_signed and (not paper.signed or paper.signed.only_if):
            yield fault(place, "unsigned", "luật yêu cầu ký số mọi giấy tờ", "the law wants every paper signed")
        if paper.signed and not paper.signed_places:
            yield fault(place, "unsigned", "giấy tờ phải ký cần có tệp PDF", "a paper to be signed needs a PDF file")
        if paper.per and ((table := procedure.field(paper.per)) is None or table.type is not FieldType.ROWS):
            yield unknown(place, paper.per)
        if paper.once_only and (paper.once_only.source == "register") == bool(paper.once_only.procedures):
            yield fault(
                f"{place}.once_only",
                "once-only",
                "phải nói giấy tờ có từ kết quả của thủ tục nào",
                "says of which procedures, unless it is the register",
            )


def _fees(procedure: Procedure) -> Iterator[Problem]:
    for fee in procedure.fees:
        if bounds.lowest(fee.amount, procedure) < 0:
            yield fault(f"fees.{fee.id}", "negative-fee", "mức phí có thể âm", "the amount can fall below zero")
        if not bounds.is_money(fee.amount):
            said = "mức phí phải là số đồng nguyên, dưới 1.000 tỷ", "the amount must be whole đồng, below 10^12"
            yield fault(f"fees.{fee.id}.amount", "not-money", *said)
        if fee.amount.strip() == "0":
            said = (
                "không thu phí thì bỏ mục này; chưa rõ thì ghi fees_unknown",
                "no fee is left out; one not known is fees_unknown",
            )
            yield fault(f"fees.{fee.id}.amount", "fee-of-nothing", *said)
    if procedure.fees_unknown and procedure.fees:
        said = "không đi cùng fees: hoặc đã biết mức phí, hoặc chưa", "not beside fees: the fee is known or it is not"
        yield fault("fees_unknown", "known-and-unknown", *said)
    if procedure.fees_unknown and is_certain(procedure.fees_unknown.certainty):
        said = (
            "đã tra cứu được thì ghi vào fees, hoặc bỏ cả hai nếu không thu",
            "what was found stands in fees, or in neither if free",
        )
        yield fault("fees_unknown.certainty", "known-and-unknown", *said)


def _names(procedure: Procedure) -> Iterator[Problem]:
    """Everything that names an answer must name one that exists."""
    known = set(procedure.scope) - set(procedure.constants)
    made = procedure.result
    named = [("result.facts", fact.value) for fact in made.facts]
    named += [("result.qr", claim) for claim in made.qr.claims]
    named += [("result.register", name) for name in made.register_as.fields]
    named += [(f"checks.{check.id}", check.field) for check in procedure.checks if check.field]
    yield from (unknown(place, name) for place, name in named if name not in known)
    dates = [("clock.lead_time", procedure.clock.lead_time.before)] if procedure.clock.lead_time else []
    dates += [("result.term.not_beyond", made.term.not_beyond)] if made.term and made.term.not_beyond else []
    yield from (unknown(place, name) for place, name in dates if procedure.scope.get(name) != DATE)
    if made.term and made.term.asked and procedure.scope.get(made.term.asked) != NUMBER:
        yield unknown("result.term.asked", made.term.asked)
    renewed = procedure.field(made.renews) if made.renews else None
    if made.renews and (renewed is None or renewed.type is not FieldType.REFERENCE):
        yield unknown("result.renews", made.renews)


def _shares(procedure: Procedure) -> Iterator[Problem]:
    """Other agencies get what the shared record holds, nothing else."""
    made = procedure.result
    if made.register_as.dataset not in {dataset.value for dataset in Dataset}:
        yield unknown("result.register", made.register_as.dataset)
        return
    record = SCHEMAS[Dataset(made.register_as.dataset)].names
    held = {made.id, *(variant.id for variant in made.variants), *made.register_as.fields, *record}
    held |= {
        f"{field.id}{part}" for field in procedure.fields if field.type is FieldType.ORG for part in ("", ".tax_code", ".name")
    }
    for share in procedure.share:
        for name in share.fields:
            if name not in held:
                vi, en = f"“{name}” không có trong bản ghi dùng chung", f"“{name}” is not in the shared record"
                yield fault(f"share.{share.consumer}", "not-in-dataset", vi, en)


RULES: tuple[Rule, ...] = (_twice, _pages, _fields, _expressions, _cycles, _papers, _fees, _names, _shares)
