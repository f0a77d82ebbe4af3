"""The life of a dossier as one table: what may happen in which state, who may do it, what it does to the legal clock.

Nothing else in the portal decides whether an act is allowed. The ten national codes are those of the national public
service portal; our states are finer and each maps to exactly one of them.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import WrongState
from app.core.permissions import Permission
from app.core.text import Text


class State(StrEnum):
    """Where a dossier stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    AWAITING_INTAKE_SUPPLEMENT = "awaiting_intake_supplement"
    AWAITING_FILING_FEE = "awaiting_filing_fee"
    REFUSED_AT_INTAKE = "refused_at_intake"
    RECEIVED = "received"
    IN_REVIEW = "in_review"
    AWAITING_SUPPLEMENT = "awaiting_supplement"
    AWAITING_CORRECTION = "awaiting_correction"
    AWAITING_PAYMENT = "awaiting_payment"
    DECIDED = "decided"
    ISSUED = "issued"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


class Act(StrEnum):
    """What can happen to a dossier."""

    SUBMIT = "submit"
    RECEIVE = "receive"
    REFUSE_TO_RECEIVE = "refuse_to_receive"
    ASK_INTAKE_SUPPLEMENT = "ask_intake_supplement"
    SUPPLY = "supply"
    ASSIGN = "assign"
    REASSIGN = "reassign"
    COMPLETE_STEP = "complete_step"
    SEND_BACK = "send_back"
    ADVANCE = "advance"
    ASK_OPINIONS = "ask_opinions"
    GIVE_OPINION = "give_opinion"
    GO_WITHOUT_OPINION = "go_without_opinion"
    INSPECT = "inspect"
    ORDER_CORRECTION = "order_correction"
    REPORT_CORRECTION = "report_correction"
    SIGN_MINUTES = "sign_minutes"
    REFUSE_MINUTES = "refuse_minutes"
    MOVE_VERSION = "move_version"
    ASK_SUPPLEMENT = "ask_supplement"
    DEMAND_FEE = "demand_fee"
    SETTLE = "settle"
    DECIDE = "decide"
    SIGN = "sign"
    ISSUE = "issue"
    PUBLISH = "publish"
    DELIVER = "deliver"
    WITHDRAW = "withdraw"
    STOP = "stop"
    LAPSE = "lapse"
    EXTEND = "extend"
    RECOUNT = "recount"
    CORRECT = "correct"


class Tick(StrEnum):
    """What an act does to the legal clock."""

    NOTHING = "nothing"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END_STAGE = "end_stage"
    EXTEND = "extend"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Rule:
    """In `source`, someone holding any of `permissions` may do `act`; the dossier is then in `target`."""

    source: State
    act: Act
    target: State
    permissions: frozenset[Permission]
    tick: Tick = Tick.NOTHING


def _rule(source: State, act: Act, target: State, *permissions: Permission, tick: Tick = Tick.NOTHING) -> Rule:
    return Rule(source, act, target, frozenset(permissions), tick)


_S, _A, _P, _T = State, Act, Permission, Tick

_MINUTES_OPEN = (
    _S.IN_REVIEW,
    _S.AWAITING_SUPPLEMENT,
    _S.AWAITING_CORRECTION,
    _S.AWAITING_PAYMENT,
    _S.DECIDED,
    _S.ISSUED,
    _S.RETURNED,
)

RULES = (
    _rule(_S.DRAFT, _A.SUBMIT, _S.SUBMITTED, _P.DOSSIER_SUBMIT),
    _rule(_S.DRAFT, _A.MOVE_VERSION, _S.DRAFT, _P.DOSSIER_DRAFT),
    # At the desk.
    _rule(_S.SUBMITTED, _A.RECEIVE, _S.RECEIVED, _P.DOSSIER_RECEIVE, tick=_T.START),
    _rule(_S.SUBMITTED, _A.REFUSE_TO_RECEIVE, _S.REFUSED_AT_INTAKE, _P.DOSSIER_RECEIVE),
    _rule(_S.SUBMITTED, _A.ASK_INTAKE_SUPPLEMENT, _S.AWAITING_INTAKE_SUPPLEMENT, _P.DOSSIER_RECEIVE),
    _rule(_S.SUBMITTED, _A.DEMAND_FEE, _S.AWAITING_FILING_FEE, _P.SYSTEM_ACT),
    _rule(_S.SUBMITTED, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW),
    _rule(_S.SUBMITTED, _A.MOVE_VERSION, _S.SUBMITTED, _P.DOSSIER_RECEIVE),
    _rule(_S.AWAITING_INTAKE_SUPPLEMENT, _A.RECOUNT, _S.AWAITING_INTAKE_SUPPLEMENT, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_INTAKE_SUPPLEMENT, _A.SUPPLY, _S.SUBMITTED, _P.DOSSIER_SUBMIT),
    _rule(_S.AWAITING_INTAKE_SUPPLEMENT, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW),
    _rule(_S.AWAITING_INTAKE_SUPPLEMENT, _A.LAPSE, _S.STOPPED, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_FILING_FEE, _A.RECOUNT, _S.AWAITING_FILING_FEE, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_FILING_FEE, _A.SETTLE, _S.SUBMITTED, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_FILING_FEE, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW),
    _rule(_S.AWAITING_FILING_FEE, _A.LAPSE, _S.REFUSED_AT_INTAKE, _P.SYSTEM_ACT),
    # With the unit. The clock runs from RECEIVE.
    _rule(_S.RECEIVED, _A.ASSIGN, _S.IN_REVIEW, _P.DOSSIER_ASSIGN),
    _rule(_S.RECEIVED, _A.ADVANCE, _S.IN_REVIEW, _P.SYSTEM_ACT),  # where nobody is to be named
    _rule(_S.RECEIVED, _A.REASSIGN, _S.RECEIVED, _P.DOSSIER_ASSIGN),
    _rule(_S.RECEIVED, _A.RECOUNT, _S.RECEIVED, _P.SYSTEM_ACT),
    _rule(_S.RECEIVED, _A.EXTEND, _S.RECEIVED, _P.DOSSIER_DECIDE, tick=_T.EXTEND),
    _rule(_S.RECEIVED, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW, tick=_T.STOP),
    _rule(_S.IN_REVIEW, _A.COMPLETE_STEP, _S.IN_REVIEW, _P.DOSSIER_PROCESS, _P.DOSSIER_RECEIVE),
    _rule(_S.IN_REVIEW, _A.SEND_BACK, _S.IN_REVIEW, _P.DOSSIER_PROCESS),
    _rule(_S.IN_REVIEW, _A.ADVANCE, _S.IN_REVIEW, _P.SYSTEM_ACT, tick=_T.END_STAGE),
    _rule(_S.IN_REVIEW, _A.REASSIGN, _S.IN_REVIEW, _P.DOSSIER_ASSIGN),
    _rule(_S.IN_REVIEW, _A.ASK_OPINIONS, _S.IN_REVIEW, _P.SYSTEM_ACT),
    _rule(_S.IN_REVIEW, _A.GIVE_OPINION, _S.IN_REVIEW, _P.DOSSIER_PROCESS),
    _rule(_S.IN_REVIEW, _A.GO_WITHOUT_OPINION, _S.IN_REVIEW, _P.DOSSIER_PROCESS),
    _rule(_S.IN_REVIEW, _A.INSPECT, _S.IN_REVIEW, _P.DOSSIER_PROCESS),
    _rule(_S.IN_REVIEW, _A.ORDER_CORRECTION, _S.AWAITING_CORRECTION, _P.DOSSIER_PROCESS, tick=_T.PAUSE),
    _rule(_S.IN_REVIEW, _A.ASK_SUPPLEMENT, _S.AWAITING_SUPPLEMENT, _P.DOSSIER_PROCESS, tick=_T.PAUSE),
    _rule(_S.IN_REVIEW, _A.DEMAND_FEE, _S.AWAITING_PAYMENT, _P.SYSTEM_ACT, tick=_T.END_STAGE),
    _rule(_S.IN_REVIEW, _A.DECIDE, _S.DECIDED, _P.DOSSIER_DECIDE),
    _rule(_S.IN_REVIEW, _A.RECOUNT, _S.IN_REVIEW, _P.SYSTEM_ACT),
    _rule(_S.IN_REVIEW, _A.EXTEND, _S.IN_REVIEW, _P.DOSSIER_DECIDE, tick=_T.EXTEND),
    _rule(_S.IN_REVIEW, _A.STOP, _S.STOPPED, _P.DOSSIER_STOP, tick=_T.STOP),
    _rule(_S.IN_REVIEW, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW, tick=_T.STOP),
    # Waiting for the business.
    _rule(_S.AWAITING_SUPPLEMENT, _A.RECOUNT, _S.AWAITING_SUPPLEMENT, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_SUPPLEMENT, _A.SUPPLY, _S.IN_REVIEW, _P.DOSSIER_SUBMIT, tick=_T.RESUME),
    _rule(_S.AWAITING_SUPPLEMENT, _A.REASSIGN, _S.AWAITING_SUPPLEMENT, _P.DOSSIER_ASSIGN),
    _rule(_S.AWAITING_SUPPLEMENT, _A.STOP, _S.STOPPED, _P.DOSSIER_STOP, tick=_T.STOP),
    _rule(_S.AWAITING_SUPPLEMENT, _A.LAPSE, _S.STOPPED, _P.SYSTEM_ACT, tick=_T.STOP),
    _rule(_S.AWAITING_SUPPLEMENT, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW, tick=_T.STOP),
    _rule(_S.AWAITING_CORRECTION, _A.RECOUNT, _S.AWAITING_CORRECTION, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_CORRECTION, _A.REPORT_CORRECTION, _S.IN_REVIEW, _P.DOSSIER_SUBMIT, tick=_T.RESUME),
    _rule(_S.AWAITING_CORRECTION, _A.LAPSE, _S.IN_REVIEW, _P.SYSTEM_ACT, tick=_T.RESUME),  # whoever inspected says what it means
    _rule(_S.AWAITING_CORRECTION, _A.REASSIGN, _S.AWAITING_CORRECTION, _P.DOSSIER_ASSIGN),
    _rule(_S.AWAITING_CORRECTION, _A.STOP, _S.STOPPED, _P.DOSSIER_STOP, tick=_T.STOP),
    _rule(_S.AWAITING_CORRECTION, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW, tick=_T.STOP),
    _rule(_S.AWAITING_PAYMENT, _A.RECOUNT, _S.AWAITING_PAYMENT, _P.SYSTEM_ACT),
    _rule(_S.AWAITING_PAYMENT, _A.SETTLE, _S.IN_REVIEW, _P.SYSTEM_ACT, tick=_T.START),
    _rule(_S.AWAITING_PAYMENT, _A.STOP, _S.STOPPED, _P.DOSSIER_STOP, tick=_T.STOP),
    _rule(_S.AWAITING_PAYMENT, _A.LAPSE, _S.STOPPED, _P.SYSTEM_ACT, tick=_T.STOP),
    _rule(_S.AWAITING_PAYMENT, _A.WITHDRAW, _S.WITHDRAWN, _P.DOSSIER_WITHDRAW, tick=_T.STOP),
    # The business's word on the minutes of an inspection, which hold nothing up.
    *(
        _rule(state, act, state, *permissions)
        for state in _MINUTES_OPEN
        for act, permissions in (
            (_A.SIGN_MINUTES, (_P.DOSSIER_SUBMIT, _P.SYSTEM_ACT)),
            (_A.REFUSE_MINUTES, (_P.DOSSIER_SUBMIT, _P.DOSSIER_PROCESS)),
        )
    ),
    # The decision is made: personal signature, number and seal, then the business has it. No withdrawal any more.
    _rule(_S.DECIDED, _A.SIGN, _S.DECIDED, _P.SYSTEM_ACT),
    _rule(_S.DECIDED, _A.ISSUE, _S.DECIDED, _P.DOSSIER_ISSUE),
    _rule(_S.DECIDED, _A.PUBLISH, _S.ISSUED, _P.SYSTEM_ACT, tick=_T.STOP),
    _rule(_S.DECIDED, _A.REASSIGN, _S.DECIDED, _P.DOSSIER_ASSIGN),
    _rule(_S.DECIDED, _A.RECOUNT, _S.DECIDED, _P.SYSTEM_ACT),
    _rule(_S.DECIDED, _A.EXTEND, _S.DECIDED, _P.DOSSIER_DECIDE, tick=_T.EXTEND),
    _rule(_S.ISSUED, _A.DELIVER, _S.RETURNED, _P.DOSSIER_DRAFT, _P.DOSSIER_RECEIVE),
    # What follows a result (publication, copies to other bodies) and what mends it never takes it back into review.
    _rule(_S.ISSUED, _A.COMPLETE_STEP, _S.ISSUED, _P.DOSSIER_PROCESS, _P.DOSSIER_RECEIVE),
    _rule(_S.ISSUED, _A.CORRECT, _S.ISSUED, _P.DOSSIER_DECIDE),
    # A replacement is signed, sealed and published as the first result was.
    _rule(_S.ISSUED, _A.SIGN, _S.ISSUED, _P.SYSTEM_ACT),
    _rule(_S.ISSUED, _A.ISSUE, _S.ISSUED, _P.DOSSIER_ISSUE),
    _rule(_S.ISSUED, _A.PUBLISH, _S.ISSUED, _P.SYSTEM_ACT),
    _rule(_S.RETURNED, _A.COMPLETE_STEP, _S.RETURNED, _P.DOSSIER_PROCESS, _P.DOSSIER_RECEIVE),
    _rule(_S.RETURNED, _A.CORRECT, _S.RETURNED, _P.DOSSIER_DECIDE),
    _rule(_S.RETURNED, _A.SIGN, _S.RETURNED, _P.SYSTEM_ACT),
    _rule(_S.RETURNED, _A.ISSUE, _S.RETURNED, _P.DOSSIER_ISSUE),
    _rule(_S.RETURNED, _A.PUBLISH, _S.RETURNED, _P.SYSTEM_ACT),
)

_TABLE = {(rule.source, rule.act): rule for rule in RULES}

ENDS = frozenset({State.REFUSED_AT_INTAKE, State.RETURNED, State.WITHDRAWN, State.STOPPED})
SETTLED = ENDS | {State.ISSUED}
"""Nothing is owed to the business any more: such a dossier is never overdue."""
OPEN = frozenset(State) - SETTLED - {State.DRAFT}
WAITING_FOR_BUSINESS = frozenset(
    {
        State.AWAITING_INTAKE_SUPPLEMENT,
        State.AWAITING_FILING_FEE,
        State.AWAITING_SUPPLEMENT,
        State.AWAITING_CORRECTION,
        State.AWAITING_PAYMENT,
    }
)
EDITABLE = frozenset({State.DRAFT, State.AWAITING_INTAKE_SUPPLEMENT, State.AWAITING_SUPPLEMENT})
"""States in which the business writes: everything in a draft, only the marked items in a supplement."""

NATIONAL_CODE: dict[State, int | None] = {
    State.DRAFT: None,
    State.SUBMITTED: 1,
    State.AWAITING_INTAKE_SUPPLEMENT: 5,
    State.AWAITING_FILING_FEE: 6,
    State.REFUSED_AT_INTAKE: 3,
    State.RECEIVED: 2,
    State.IN_REVIEW: 4,
    State.AWAITING_SUPPLEMENT: 5,
    State.AWAITING_CORRECTION: 4,
    State.AWAITING_PAYMENT: 6,
    State.DECIDED: 4,
    State.ISSUED: 9,
    State.RETURNED: 10,
    State.WITHDRAWN: 7,
    State.STOPPED: 8,
}

STATE_NAME: dict[State, Text] = {
    State.DRAFT: Text("Bản nháp", "Draft"),
    State.SUBMITTED: Text("Đã nộp, chờ tiếp nhận", "Submitted, waiting to be received"),
    State.AWAITING_INTAKE_SUPPLEMENT: Text("Chờ bổ sung trước khi tiếp nhận", "Supplement asked before receipt"),
    State.AWAITING_FILING_FEE: Text("Chờ nộp phí khi nộp hồ sơ", "Filing fee to be paid"),
    State.REFUSED_AT_INTAKE: Text("Không được tiếp nhận", "Not received"),
    State.RECEIVED: Text("Đã tiếp nhận", "Received"),
    State.IN_REVIEW: Text("Đang xử lý", "In processing"),
    State.AWAITING_SUPPLEMENT: Text("Chờ bổ sung hồ sơ", "Supplement asked"),
    State.AWAITING_CORRECTION: Text("Chờ khắc phục sau kiểm tra thực tế", "To be put right after the inspection"),
    State.AWAITING_PAYMENT: Text("Chờ nộp phí", "Fee to be paid"),
    State.DECIDED: Text("Đã quyết định, đang ký và đóng dấu", "Decided, being signed and sealed"),
    State.ISSUED: Text("Đã có kết quả", "Result ready"),
    State.RETURNED: Text("Đã trả kết quả", "Result returned"),
    State.WITHDRAWN: Text("Đã rút hồ sơ", "Withdrawn"),
    State.STOPPED: Text("Đã dừng xử lý", "Processing stopped"),
}

NATIONAL_NAME: dict[int, Text] = {
    1: Text("Mới đăng ký", "Filed"),
    2: Text("Được tiếp nhận", "Accepted"),
    3: Text("Không được tiếp nhận", "Refused at intake"),
    4: Text("Đang xử lý", "In processing"),
    5: Text("Yêu cầu bổ sung giấy tờ", "Supplement requested"),
    6: Text("Yêu cầu thực hiện nghĩa vụ tài chính", "Payment requested"),
    7: Text("Công dân yêu cầu rút hồ sơ", "Withdrawn by applicant"),
    8: Text("Dừng xử lý", "Processing stopped"),
    9: Text("Đã xử lý xong", "Processed"),
    10: Text("Đã trả kết quả", "Result returned"),
}

ACT_NAME: dict[Act, Text] = {
    Act.SUBMIT: Text("Nộp hồ sơ", "Submit"),
    Act.RECEIVE: Text("Tiếp nhận", "Receive"),
    Act.REFUSE_TO_RECEIVE: Text("Từ chối tiếp nhận", "Refuse to receive"),
    Act.ASK_INTAKE_SUPPLEMENT: Text("Yêu cầu bổ sung khi tiếp nhận", "Ask for a supplement at intake"),
    Act.SUPPLY: Text("Nộp bổ sung", "Supply what was asked"),
    Act.ASSIGN: Text("Phân công", "Assign"),
    Act.REASSIGN: Text("Phân công lại", "Reassign"),
    Act.COMPLETE_STEP: Text("Hoàn thành bước", "Complete the step"),
    Act.SEND_BACK: Text("Trả lại bước trước", "Send back to the step before"),
    Act.ADVANCE: Text("Chuyển giai đoạn", "Go on to the next stage"),
    Act.ASK_OPINIONS: Text("Gửi lấy ý kiến", "Ask for opinions"),
    Act.GIVE_OPINION: Text("Cho ý kiến", "Give an opinion"),
    Act.GO_WITHOUT_OPINION: Text("Tiếp tục khi quá hạn ý kiến", "Go on without an overdue opinion"),
    Act.INSPECT: Text("Ghi kết quả kiểm tra thực tế", "Record the site inspection"),
    Act.ORDER_CORRECTION: Text("Yêu cầu khắc phục", "Order a correction"),
    Act.REPORT_CORRECTION: Text("Báo đã khắc phục", "Report the correction"),
    Act.SIGN_MINUTES: Text("Ký biên bản kiểm tra", "Sign the minutes"),
    Act.REFUSE_MINUTES: Text("Không ký biên bản kiểm tra", "Leave the minutes unsigned"),
    Act.MOVE_VERSION: Text("Chuyển sang phiên bản mới của thủ tục", "Move to a newer version of the procedure"),
    Act.ASK_SUPPLEMENT: Text("Yêu cầu bổ sung", "Ask for a supplement"),
    Act.DEMAND_FEE: Text("Yêu cầu nộp phí", "Demand the fee"),
    Act.SETTLE: Text("Xác nhận đã nộp phí", "Confirm the payment"),
    Act.DECIDE: Text("Quyết định", "Decide"),
    Act.SIGN: Text("Ký số cá nhân", "Personal signature"),
    Act.ISSUE: Text("Cho số, đóng dấu", "Number and seal"),
    Act.PUBLISH: Text("Phát hành kết quả", "Issue the result"),
    Act.DELIVER: Text("Trả kết quả", "Return the result"),
    Act.WITHDRAW: Text("Rút hồ sơ", "Withdraw"),
    Act.STOP: Text("Dừng xử lý", "Stop processing"),
    Act.LAPSE: Text("Hết hạn chờ", "Time to answer ran out"),
    Act.EXTEND: Text("Xin lỗi và gia hạn", "Apologise and extend"),
    Act.RECOUNT: Text("Tính lại thời hạn vì lịch làm việc thay đổi", "Deadline counted anew: the calendar changed"),
    Act.CORRECT: Text("Thu hồi hoặc thay thế kết quả", "Revoke or replace the result"),
}


def rule_of(state: State, act: Act) -> Rule:
    """The rule for `act` in `state`; `WrongState` when the table has none."""
    rule = _TABLE.get((state, act))
    if rule is None:
        raise WrongState
    return rule


def next_state(state: State, act: Act) -> State:
    """Where `act` leads from `state`; `WrongState` when it is not in the table."""
    return rule_of(state, act).target


def acts_in(state: State, permissions: frozenset[Permission]) -> tuple[Act, ...]:
    """What someone with `permissions` may do in `state`, in the order of the table."""
    return tuple(rule.act for rule in RULES if rule.source is state and rule.permissions & permissions)
