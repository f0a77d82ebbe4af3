"""Rules on how a dossier goes: legal grounds, stages of the clock, steps of the process, on every way a dossier can take."""

import ast
from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import pairwise, product

from app.catalogue.definition import EndOf, Stage, Step
from app.catalogue.faults import Rule, fault, unknown
from app.catalogue.procedure import Procedure
from app.catalogue.questions import CHOICES
from app.catalogue.steps import ToBy
from app.catalogue.words import CODE_LISTS, code_list
from app.core.errors import Problem
from app.core.permissions import RIGHTS, Permission, Role

MAX_BRANCHES = 5
_HOURS_A_DAY = 8
_MAY = {
    "receive": {Permission.DOSSIER_RECEIVE},
    "return": {Permission.DOSSIER_RECEIVE},
    "assign": {Permission.DOSSIER_ASSIGN},
    "issue": {Permission.DOSSIER_ISSUE},
}
_WORK = {Permission.DOSSIER_PROCESS, Permission.DOSSIER_RECEIVE}


def _validity(procedure: Procedure) -> Iterator[Problem]:
    if procedure.valid_to and procedure.valid_to < procedure.valid_from:
        yield fault("valid_to", "limits", "hết hiệu lực trước khi có hiệu lực", "it ends before it begins")


def _citations(procedure: Procedure) -> Iterator[Problem]:
    for place, ground in _grounds(procedure):
        if ground not in procedure.legal:
            yield fault(place, "unknown-citation", f"không có căn cứ {ground}", f"there is no legal ground {ground}")


def _grounds(procedure: Procedure) -> Iterator[tuple[str, str]]:
    yield "clock.intake", procedure.clock.intake.legal
    yield "retention", procedure.retention.legal
    yield from ((f"checks.{check.id}", check.legal) for check in procedure.checks)
    yield from ((f"fees.{fee.id}", fee.legal) for fee in procedure.fees)
    yield from ((f"share.{share.consumer}", share.legal) for share in procedure.share)
    yield from ((f"constants.{name}", constant.legal) for name, constant in procedure.constants.items())
    for stage in procedure.clock.stages:
        place = f"clock.stages.{stage.id}"
        yield place, stage.legal
        if stage.supplement:
            yield f"{place}.supplement", stage.supplement.legal
        yield from ((f"{place}.sub_limits.{limit.id}", limit.legal) for limit in stage.sub_limits)
    for step in procedure.process:
        parts = (("limit", step.limit), ("correct", step.correct))
        yield from ((f"process.{step.id}.{name}", part.legal) for name, part in parts if part)
    for paper in procedure.papers:
        once = paper.once_only.legal if paper.once_only else None
        grounds = (paper.legal, paper.signed.legal if paper.signed else None, procedure.all_papers_signed, once)
        yield from ((f"documents.{paper.id}", ground) for ground in grounds if ground)


def _supplements(procedure: Procedure) -> Iterator[Problem]:
    rules = [("clock.intake", procedure.clock.intake)]
    rules += [(f"clock.stages.{stage.id}.supplement", stage.supplement) for stage in procedure.clock.stages if stage.supplement]
    for place, rule in rules:
        if (rule.policy == "NEW_LIMIT") != (rule.new_limit is not None):
            yield fault(place, "new-limit", "thời hạn mới đi với NEW_LIMIT", "a new limit goes with NEW_LIMIT, always")


def _every_way(procedure: Procedure) -> Iterator[Problem]:
    """The rules on stages and steps hold on each way that the conditions leave open; a fault of several is said once."""
    ways = list(_ways(procedure))
    if len(procedure.branches) > MAX_BRANCHES:
        yield fault(
            "process", "too-many-branches", f"quá {MAX_BRANCHES} điều kiện rẽ nhánh", f"more than {MAX_BRANCHES} branches"
        )
        return
    found = [problem for way in ways for problem in (*_stages(way), *_process(way))]
    yield from dict.fromkeys(found)
    reached = {step.id for way in ways for step in way.process}
    for step in procedure.process:
        if step.id not in reached:
            yield fault(f"process.{step.id}", "unreachable-step", "không hồ sơ nào đi qua bước này", "no dossier ever gets here")


def _ways(procedure: Procedure) -> Iterator[Procedure]:
    """The procedure as each kind of dossier goes through it. `X` and `not (X)` are one condition and its opposite."""
    atoms = list(dict.fromkeys(_atom(source)[0] for source in procedure.branches))[:MAX_BRANCHES]
    for truths in product((True, False), repeat=len(atoms)):
        holds = dict(zip(atoms, truths, strict=True))
        gone = {source for source in procedure.branches if holds.get(_atom(source)[0]) is not _atom(source)[1]}
        stages = [f"stage:{stage.id}" for stage in procedure.clock.stages if stage.only_if in gone]
        steps = [step.id for step in procedure.process if step.only_if in gone or f"stage:{step.stage}" in stages]
        yield procedure.without([*stages, *steps])


def _atom(source: str) -> tuple[str, bool]:
    """A condition without its negations, and whether an even number of them was taken away."""
    try:
        node, yes = ast.parse(source.strip(), mode="eval").body, True
    except SyntaxError:
        return source, True
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, yes = node.operand, not yes
    return ast.unparse(node), yes


def _stages(procedure: Procedure) -> Iterator[Problem]:
    ids = [stage.id for stage in procedure.clock.stages]
    waited_for = [stage.id for stage in procedure.stages]
    if not waited_for:
        yield fault("clock.stages", "no-stage", "không còn giai đoạn nào", "no stage is left")
        return
    for number, stage in enumerate(procedure.clock.stages):
        place = f"clock.stages.{stage.id}"
        if (stage.id == waited_for[0]) != (stage.starts_on == "accepted"):
            yield fault(
                place, "starts-on", "chỉ giai đoạn đầu bắt đầu khi tiếp nhận", "only the first stage starts at acceptance"
            )
        if isinstance(stage.starts_on, EndOf) and stage.starts_on.end_of not in ids[:number]:
            yield unknown(place, stage.starts_on.end_of)
        yield from _sum_of_steps(procedure, stage, place)
    late_fee = any(fee.when == "after_validity_check" for fee in procedure.fees)
    if late_fee != any(stage.starts_on == "paid" for stage in procedure.clock.stages):
        vi, en = "phí sau kiểm tra cần một giai đoạn bắt đầu khi nộp phí", "a late fee needs a stage that starts on payment"
        yield fault("fees", "never-due", vi, en)


def _sum_of_steps(procedure: Procedure, stage: Stage, place: str) -> Iterator[Problem]:
    """Days of the steps: the limit itself in working days, at most the limit in hours or calendar days, none when instant."""
    steps = procedure.steps_of(stage.id)
    given = sum((step.days for step in steps), Decimal(0))
    room = {"working_hour": stage.length / _HOURS_A_DAY, "instant": Decimal(0)}.get(stage.unit, stage.length)
    exactly = stage.unit == "working_day"
    if not steps or given > room or (exactly and given != room):
        given, room = given.normalize(), room.normalize()
        vi = f"các bước cộng lại là {given:f} ngày, thời hạn là {room:f}"
        yield fault(place, "steps-do-not-add-up", vi, f"its steps add up to {given:f} days, the limit is {room:f}")
    for limit in stage.sub_limits:
        mine = [step for step in procedure.process if step.id in limit.steps]
        if strange := set(limit.steps) - {step.id for step in mine if step.stage == stage.id}:
            yield unknown(f"{place}.sub_limits.{limit.id}", ", ".join(sorted(strange)))
        if limit.unit == "working_day" and sum((step.days for step in mine), Decimal(0)) > limit.length:
            vi, en = "các bước dài hơn thời hạn riêng", "its steps take longer than the limit of their own"
            yield fault(f"{place}.sub_limits.{limit.id}", "steps-do-not-add-up", vi, en)


def _process(procedure: Procedure) -> Iterator[Problem]:
    stages, steps = [stage.id for stage in procedure.clock.stages], [step.id for step in procedure.process]
    for step in procedure.process:
        if step.stage not in stages:
            yield unknown(f"process.{step.id}", step.stage)
        if step.not_same_as and step.not_same_as not in steps:
            yield unknown(f"process.{step.id}", step.not_same_as)
        yield from _step(procedure, step)
    yield from _needed(procedure)
    yield from _order(procedure)


def _step(procedure: Procedure, step: Step) -> Iterator[Problem]:
    place = f"process.{step.id}"
    if not step.title.vi or not step.title.en:
        yield fault(f"{place}.title", "missing-language", "thiếu tên bước", "the step has no name")
    if step.automatic == ("role" in step.model_fields_set):
        yield fault(
            place, "role", "bước do người làm phải có vai trò, bước tự động thì không", "a person's step has a role, always"
        )
    elif not step.automatic and not _may(step):
        yield fault(
            place, "role-may-not", f"vai trò {step.role} không có quyền làm bước này", f"{step.role} may not do this step"
        )
    if (step.kind == "opinions") != bool(step.to or step.to_by):
        yield fault(place, "to", "bước lấy ý kiến phải nói hỏi ai", "`to` or `to_by` goes with opinions, always")
    if step.parallel and step.kind != "opinions":
        yield fault(place, "parallel", "chỉ bước lấy ý kiến chạy song song", "only opinions run beside other steps")
    if step.to_by:
        yield from _units(place, procedure, step.to_by)
    if step.parallel:
        yield from _beside(place, procedure, step)
    if step.produces:
        yield from _produces(f"{place}.produces", procedure, step)
    if (step.minutes or step.correct) and step.kind != "site_inspection":
        yield fault(place, "minutes", "biên bản chỉ có ở bước kiểm tra thực tế", "minutes go with a site inspection")


def _produces(place: str, procedure: Procedure, step: Step) -> Iterator[Problem]:
    """A document of the process comes from a plain step, in a book of its own; who signs in person may decide."""
    if step.kind != "work" or step.decides or step.drafts or step.automatic:
        yield fault(
            place, "produces", "chỉ bước xử lý thường ban hành văn bản giữa chừng", "only a plain step of work produces one"
        )
    elif step.produces and step.produces.sign == "personal" and Permission.DOSSIER_DECIDE not in RIGHTS[step.role]:
        vi, en = f"vai trò {step.role} không được ký văn bản", f"{step.role} may not sign a document"
        yield fault(place, "role-may-not", vi, en)
    numbered = [*(each.number for each in procedure.process), *(each.number for each in procedure.result.variants)]
    results = {number.series for number in numbered if number}
    if step.produces and step.produces.number.series in results:
        vi, en = "sổ số trùng với sổ của kết quả", "its book is the book of the result"
        yield fault(f"{place}.number", "same-series", vi, en)


def _may(step: Step) -> bool:
    if step.role is Role.APPLICANT:
        return False
    wanted = {Permission.DOSSIER_DECIDE} if step.decides else _MAY.get(step.kind, _WORK)
    return bool(RIGHTS[step.role] & wanted)


def _units(place: str, procedure: Procedure, chosen: ToBy) -> Iterator[Problem]:
    owner, _, column = chosen.field.partition(".")
    table = procedure.field(owner)
    field = next((each for each in table.of if each.id == column), None) if table and column else table
    if field is None or field.type not in CHOICES:
        yield unknown(f"{place}.to_by", chosen.field)
        return
    listed = field.options_from
    answers = set(code_list(listed)) if listed in CODE_LISTS else set(field.labels)
    if strange := set(chosen.units) - answers:
        yield unknown(f"{place}.to_by", ", ".join(sorted(strange)))


def unknown_units(procedure: Procedure, known: Collection[str]) -> list[Problem]:
    """Units that the ministry has not: what is filed would lie where nobody works. Only a door knows the units."""
    named = [("authority.unit", procedure.authority.unit), ("authority.receives", procedure.authority.receives)]
    for step in procedure.process:
        by = (*step.to_by.units.values(), step.to_by.otherwise) if step.to_by else ()
        named += [(f"process.{step.id}", code) for code in (*step.to, *by) if code]
    return [unknown(place, code) for place, code in dict.fromkeys(named) if code not in known]


def _beside(place: str, procedure: Procedure, step: Step) -> Iterator[Problem]:
    """Runs between two steps of its stage; the units have no longer than the steps in between leave."""
    runs, order = step.parallel, [each.id for each in procedure.steps_of(step.stage)]
    if runs is None or step.limit is None:
        yield fault(place, "limit", "ý kiến song song phải có thời hạn", "opinions beside other steps need a limit")
        return
    ends = (runs.starts_after, runs.joins_before)
    if strange := [name for name in ends if name not in order]:
        yield unknown(f"{place}.parallel", ", ".join(strange))
        return
    begins, joins = (order.index(name) for name in ends)
    between = sum((each.days for each in procedure.steps_of(step.stage)[begins + 1 : joins]), Decimal(0))
    if begins >= joins or (step.limit.unit == "working_day" and step.limit.length > between):
        vi = f"thời hạn cho ý kiến dài hơn {between:f} ngày của các bước chạy cùng"
        yield fault(
            place, "opinions-do-not-fit", vi, f"the units' time is longer than the {between:f} days of the steps beside it"
        )


def _needed(procedure: Procedure) -> Iterator[Problem]:
    """Exactly one step receives and one decides; where people decide, also one drafts, assigns, issues and returns."""
    yield from _once("process (receive)", [step.id for step in procedure.process if step.kind == "receive"])
    if procedure.automatic:
        made = [step.id for step in procedure.process if step.decides and step.sign == "organisation" and step.number]
        yield from _once("process (decides: automatic, sign: organisation, number)", made)
        return
    for kind in ("assign", "issue", "return"):
        yield from _once(f"process ({kind})", [step.id for step in procedure.process if step.kind == kind])
    yield from _once("process (decides)", [step.id for step in procedure.process if step.decides and step.sign == "personal"])
    yield from _once("process (drafts)", [step.id for step in procedure.process if step.drafts])
    sealed = [step.id for step in procedure.process if step.kind == "issue" and step.sign == "organisation" and step.number]
    yield from _once("process (issue: sign, number)", sealed)


def _once(place: str, found: list[str]) -> Iterator[Problem]:
    if len(found) != 1:
        named = ", ".join(found) or "0"
        yield fault(
            place, "not-exactly-one", f"phải có đúng một bước, hiện có: {named}", f"exactly one step is needed, found: {named}"
        )


_PLACES = {"receive": 0, "assign": 1, "decides": 3, "issue": 4, "return": 5}


def _order(procedure: Procedure) -> Iterator[Problem]:
    """Receive, assign, work, decide, issue, return, stage after stage: a step out of this order is never reached."""
    stages = [stage.id for stage in procedure.stages]
    steps = [step for stage in stages for step in procedure.steps_of(stage)]
    if procedure.automatic:
        return
    for before, after in pairwise(steps):
        if _place(after) < _place(before) or (_place(before) == _place(after) == _PLACES["decides"]):
            vi, en = f"bước này không thể đứng sau “{before.id}”", f"this step cannot come after “{before.id}”"
            yield fault(f"process.{after.id}", "unreachable-step", vi, en)
    late = [step for step in steps if step.decides and step.stage != stages[-1]]
    for step in late:
        yield fault(
            f"process.{step.id}", "unreachable-step", "phải ở giai đoạn cuối", "must be in the last stage before the result"
        )


def _place(step: Step) -> int:
    return _PLACES["decides"] if step.decides else _PLACES.get(step.kind, 2)


RULES: tuple[Rule, ...] = (_validity, _citations, _supplements, _every_way)
