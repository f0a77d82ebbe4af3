"""The linter: what is wrong with a definition, before it is published. Each problem points at the place and the id."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from app.catalogue import bounds
from app.catalogue.definition import EndOf, FieldType, FormField, Stage
from app.catalogue.expressions import BOOL, DATE, NUMBER, ExpressionError, Type, compile_expression
from app.catalogue.procedure import Procedure
from app.core.errors import Problem
from app.core.text import Text, has_unwanted, nfc

Rule = Callable[[Procedure], Iterator[Problem]]

PREFILLS = frozenset(
    {
        "tax_code", "name_vi", "name_en", "head_office", "province", "phone", "email", "website",
        "legal_representative", "representative_title", "legal_form", "founded",
    }
)  # fmt: skip
_CHOICES = (FieldType.CHOICE, FieldType.MULTI_CHOICE)


def lint(definition: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with a definition; empty when it may be published."""
    if bad := [*_texts(definition, "")]:
        return bad
    try:
        procedure = Procedure.of(definition)
    except ValidationError as error:
        return [_shape(definition, each) for each in error.errors(include_url=False, include_input=False)]
    return [problem for rule in RULES for problem in rule(procedure)]


def _texts(value: Any, where: str) -> Iterator[Problem]:
    """Hidden characters and decomposed letters, which look right and compare wrong."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{where}.{_name(inner, number)}")
    elif isinstance(value, str) and (has_unwanted(value) or nfc(value) != value):
        yield _problem(where, "hidden-characters", "có ký tự ẩn hoặc chưa ở dạng NFC", "hidden characters, or not in NFC")


def _name(item: Any, number: int) -> str:
    """An item by its id where it has one: `checks.C1` says more than `checks.0`."""
    return str(item["id"]) if isinstance(item, Mapping) and "id" in item else str(number)


def _shape(definition: Mapping[str, Any], error: Any) -> Problem:
    where, value = [], definition
    for part in error["loc"]:
        value = _inner(value, part)
        where.append(_name(value, part) if isinstance(part, int) else str(part))
    place, last = ".".join(where), error["loc"][-1]
    if error["type"] == "missing" and last in ("vi", "en"):
        return _problem(place, "missing-language", "thiếu một trong hai ngôn ngữ", "one of the two languages is missing")
    if error["type"] == "missing" and last == "legal":
        return _problem(place, "missing-citation", "thiếu căn cứ pháp lý", "the legal ground is missing")
    return _problem(place, str(error["type"]), "không đúng định dạng", str(error["msg"]))


def _inner(value: Any, part: Any) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _problem(where: str, slug: str, vi: str, en: str) -> Problem:
    return Problem(where, slug, Text(f"{where}: {vi}.", f"{where}: {en}."))


def _twice(procedure: Procedure) -> Iterator[Problem]:
    groups: dict[str, Iterable[Any]] = {
        "fields": procedure.fields,
        "pages": procedure.pages,
        "documents": procedure.papers,
        "checks": procedure.checks,
        "fees": procedure.fees,
        "clock.stages": procedure.clock.stages,
        "process": procedure.process,
        **{f"fields.{table.id}.of": table.of for table in procedure.fields},
        **{f"fields.{each.id}.options": each.options for each in procedure.fields},
    }
    for place, items in groups.items():
        for found, times in Counter(item.id for item in items).items():
            if times > 1:
                yield _problem(f"{place}.{found}", "duplicate-id", "mã bị trùng", "the id is used twice")
    for name in set(procedure.constants) & {each.id for each in procedure.fields}:
        yield _problem(f"constants.{name}", "duplicate-id", "trùng tên với một mục của tờ khai", "also the id of a field")


def _pages(procedure: Procedure) -> Iterator[Problem]:
    placed = Counter(field_id for page in procedure.pages for field_id in page.fields)
    for page in procedure.pages:
        for field_id in page.fields:
            if procedure.field(field_id) is None:
                yield _unknown(f"pages.{page.id}", field_id)
    for each in procedure.fields:
        if placed[each.id] != 1:
            yield _problem(f"fields.{each.id}", "not-on-one-page", "phải nằm trên đúng một trang", "must be on exactly one page")


def _fields(procedure: Procedure) -> Iterator[Problem]:
    for each in procedure.fields:
        place = f"fields.{each.id}"
        if (each.type in _CHOICES) != bool(each.options):
            yield _problem(place, "options", "chỉ mục lựa chọn mới có danh sách, và phải có", "options go with a choice, always")
        if (each.type is FieldType.ROWS) != bool(each.of):
            yield _problem(place, "columns", "chỉ bảng mới có cột, và phải có", "columns go with rows, always")
        if each.prefill and each.type is not FieldType.ORG and each.prefill not in PREFILLS:
            yield _unknown(place, each.prefill)
        if each.locked and not each.prefill:
            yield _problem(place, "locked", "mục khóa phải được điền sẵn", "a locked field must be prefilled")
        for column in each.of:
            yield from _column(f"{place}.of.{column.id}", column)


def _column(place: str, column: FormField) -> Iterator[Problem]:
    beyond = (column.of, column.compute, column.show_if, column.required_if, column.prefill, column.locked, column.must_be_true)
    if any(beyond) or column.type in (FieldType.ROWS, FieldType.ORG, FieldType.COMPUTED, FieldType.MULTI_CHOICE):
        yield _problem(
            place, "column", "cột chỉ chứa giá trị đơn do người khai nhập", "a column holds a plain value typed by a person"
        )
    if (column.type in _CHOICES) != bool(column.options):
        yield _problem(place, "options", "chỉ mục lựa chọn mới có danh sách, và phải có", "options go with a choice, always")


def _expressions(procedure: Procedure) -> Iterator[Problem]:
    for place, source, wanted in _sources(procedure):
        try:
            compile_expression(source, procedure.scope, wanted=wanted)
        except ExpressionError as error:
            yield _problem(place, "expression", "biểu thức không hợp lệ", str(error))


def _sources(procedure: Procedure) -> Iterator[tuple[str, str, Type | None]]:
    for each in procedure.fields:
        conditions = {"show_if": each.show_if, "required_if": each.required_if}
        yield from ((f"fields.{each.id}.{name}", source, BOOL) for name, source in conditions.items() if source)
        if each.compute:
            yield f"fields.{each.id}.compute", each.compute, each.expression_type
    for paper in procedure.papers:
        if paper.required_if:
            yield f"documents.{paper.id}.required_if", paper.required_if, BOOL
    yield from ((f"checks.{check.id}.assert", check.rule, BOOL) for check in procedure.checks)
    yield from ((f"fees.{fee.id}.amount", fee.amount, NUMBER) for fee in procedure.fees)


def _cycles(procedure: Procedure) -> Iterator[Problem]:
    """A value or a condition that hangs on itself would never settle."""
    needs = {each.id: _needs(procedure, each) for each in procedure.fields}
    for start, direct in needs.items():
        reached, front = set[str](), direct
        while front:
            reached |= front
            front = {further for name in front for further in needs.get(name, set())} - reached
        if start in reached:
            yield _problem(
                f"fields.{start}", "cycle", "điều kiện hoặc công thức quay vòng", "its condition or formula hangs on itself"
            )


def _needs(procedure: Procedure, each: FormField) -> set[str]:
    names = set[str]()
    for source in filter(None, (each.show_if, each.compute)):
        try:
            names |= {name.split(".")[0] for name in compile_expression(source, procedure.scope).names}
        except ExpressionError:
            continue  # said by the rule on expressions
    return names


def _citations(procedure: Procedure) -> Iterator[Problem]:
    for place, ground in _grounds(procedure):
        if ground not in procedure.legal:
            yield _problem(place, "unknown-citation", f"không có căn cứ {ground}", f"there is no legal ground {ground}")


def _grounds(procedure: Procedure) -> Iterator[tuple[str, str]]:
    yield "clock.intake", procedure.clock.intake.legal
    yield "retention", procedure.retention.legal
    yield from ((f"checks.{check.id}", check.legal) for check in procedure.checks)
    yield from ((f"fees.{fee.id}", fee.legal) for fee in procedure.fees)
    yield from ((f"share.{share.consumer}", share.legal) for share in procedure.share)
    yield from ((f"constants.{name}", constant.legal) for name, constant in procedure.constants.items())
    for stage in procedure.clock.stages:
        yield f"clock.stages.{stage.id}", stage.legal
        if stage.supplement:
            yield f"clock.stages.{stage.id}.supplement", stage.supplement.legal
    for paper in procedure.papers:
        grounds = (paper.legal, paper.signed.legal if paper.signed else None, procedure.all_papers_signed)
        yield from ((f"documents.{paper.id}", ground) for ground in grounds if ground)


def _papers(procedure: Procedure) -> Iterator[Problem]:
    for paper in procedure.papers:
        place = f"documents.{paper.id}"
        if procedure.all_papers_signed and not paper.signed:
            yield _problem(place, "unsigned", "luật yêu cầu ký số mọi giấy tờ", "the law wants every paper signed")
        if paper.signed and not paper.signed_places:
            yield _problem(place, "unsigned", "giấy tờ phải ký cần có tệp PDF", "a paper to be signed needs a PDF file")
        if paper.per and ((table := procedure.field(paper.per)) is None or table.type is not FieldType.ROWS):
            yield _unknown(place, paper.per)


def _stages(procedure: Procedure) -> Iterator[Problem]:
    ids = [stage.id for stage in procedure.clock.stages]
    for number, stage in enumerate(procedure.clock.stages):
        place = f"clock.stages.{stage.id}"
        if (number == 0) != (stage.starts_on == "accepted"):
            yield _problem(
                place, "starts-on", "chỉ giai đoạn đầu bắt đầu khi tiếp nhận", "only the first stage starts at acceptance"
            )
        if isinstance(stage.starts_on, EndOf) and stage.starts_on.end_of not in ids[:number]:
            yield _unknown(place, stage.starts_on.end_of)
        if stage.supplement and (stage.supplement.policy == "NEW_LIMIT") != (stage.supplement.new_limit is not None):
            yield _problem(
                f"{place}.supplement", "new-limit", "thời hạn mới đi với NEW_LIMIT", "a new limit goes with NEW_LIMIT, always"
            )
        yield from _sum_of_steps(procedure, stage, place)
    late_fee = any(fee.when == "after_validity_check" for fee in procedure.fees)
    if late_fee != any(stage.starts_on == "paid" for stage in procedure.clock.stages):
        yield _problem(
            "fees",
            "never-due",
            "phí sau kiểm tra cần một giai đoạn bắt đầu khi nộp phí",
            "a late fee needs a stage that starts on payment",
        )


def _sum_of_steps(procedure: Procedure, stage: Stage, place: str) -> Iterator[Problem]:
    steps = procedure.steps_of(stage.id)
    given = sum((step.days for step in steps), Decimal(0))
    if not steps or (stage.unit == "working_day" and given != stage.length):
        vi = f"các bước cộng lại là {given} ngày, thời hạn là {stage.length}"
        yield _problem(place, "steps-do-not-add-up", vi, f"its steps add up to {given} days, the limit is {stage.length}")


def _process(procedure: Procedure) -> Iterator[Problem]:
    stages, steps = [stage.id for stage in procedure.clock.stages], [step.id for step in procedure.process]
    for step in procedure.process:
        if step.stage not in stages:
            yield _unknown(f"process.{step.id}", step.stage)
        if step.not_same_as and step.not_same_as not in steps:
            yield _unknown(f"process.{step.id}", step.not_same_as)
    for kind in ("receive", "assign", "issue", "return"):
        yield from _once(f"process ({kind})", [step.id for step in procedure.process if step.kind == kind])
    yield from _once("process (decides)", [step.id for step in procedure.process if step.decides and step.sign == "personal"])
    yield from _once("process (drafts)", [step.id for step in procedure.process if step.drafts])
    sealed = [step.id for step in procedure.process if step.kind == "issue" and step.sign == "organisation" and step.number]
    yield from _once("process (issue: sign, number)", sealed)


def _once(place: str, found: list[str]) -> Iterator[Problem]:
    if len(found) != 1:
        named = ", ".join(found) or "0"
        yield _problem(
            place, "not-exactly-one", f"phải có đúng một bước, hiện có: {named}", f"exactly one step is needed, found: {named}"
        )


def _fees(procedure: Procedure) -> Iterator[Problem]:
    for fee in procedure.fees:
        if bounds.lowest(fee.amount, procedure) < 0:
            yield _problem(f"fees.{fee.id}", "negative-fee", "mức phí có thể âm", "the amount can fall below zero")


def _names(procedure: Procedure) -> Iterator[Problem]:
    """Everything that names an answer must name one that exists."""
    known = set(procedure.scope) - set(procedure.constants)
    named = [("result.facts", fact.value) for fact in procedure.result.facts]
    named += [("result.qr", claim) for claim in procedure.result.qr.claims]
    named += [("result.register", name) for name in procedure.result.register_as.fields]
    named += [(f"checks.{check.id}", check.field) for check in procedure.checks if check.field]
    named += [
        (f"share.{share.consumer}", name) for share in procedure.share for name in share.fields if name != procedure.result.id
    ]
    yield from (_unknown(place, name) for place, name in named if name not in known)
    lead = procedure.clock.lead_time
    if lead and procedure.scope.get(lead.before) != DATE:
        yield _unknown("clock.lead_time", lead.before)


def _unknown(place: str, name: str) -> Problem:
    return _problem(place, "unknown-id", f"không có “{name}”", f"there is no “{name}”")


RULES: tuple[Rule, ...] = (
    _twice, _pages, _fields, _expressions, _cycles, _citations, _papers, _stages, _process, _fees, _names,
)  # fmt: skip
