"""The words of every notice, in both languages. Kinds and their parameters are kept; the words are made when they are read."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from string import Formatter
from typing import Any

from app.core import money
from app.core.clock import in_vietnam
from app.core.text import Language, Text


class Kind(StrEnum):
    """What a business or, of limits that come near, an official is told of."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    REFUSED_AT_INTAKE = "refused-at-intake"
    SUPPLEMENT_ASKED = "supplement-asked"
    FEE_DUE = "fee-due"
    FEE_PAID = "fee-paid"
    RESULT_READY = "result-ready"
    REFUSED = "refused"
    RESULT_REVOKED = "result-revoked"
    RESULT_REPLACED = "result-replaced"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    EXTENDED = "extended"
    PAPER_REFUSED = "paper-refused"
    DUE_MOVED = "due-moved"
    PAPER_UNKNOWN = "paper-unknown"
    PAPER_KNOWN = "paper-known"
    CORRECTION_ORDERED = "correction-ordered"
    ANSWER_MOVED = "answer-moved"
    LIMIT_NEAR = "limit-near"
    READ_ANSWERED = "read-answered"
    READ_REVEALED = "read-revealed"


TITLES = {
    Kind.SUBMITTED: Text("Đã nhận hồ sơ nộp trực tuyến {reference}", "Filing {reference} has arrived"),
    Kind.RECEIVED: Text("Hồ sơ {number} đã được tiếp nhận", "Dossier {number} has been received"),
    Kind.REFUSED_AT_INTAKE: Text("Hồ sơ {reference} không được tiếp nhận", "Filing {reference} was not received"),
    Kind.SUPPLEMENT_ASKED: Text("Hồ sơ {reference} cần bổ sung", "Dossier {reference} must be supplemented"),
    Kind.FEE_DUE: Text("Hồ sơ {number} cần nộp phí", "A fee is due for dossier {number}"),
    Kind.FEE_PAID: Text("Đã nhận phí của hồ sơ {number}", "The fee for dossier {number} has been paid"),
    Kind.RESULT_READY: Text("Hồ sơ {number} đã có kết quả", "The result of dossier {number} is ready"),
    Kind.REFUSED: Text("Hồ sơ {number} đã có văn bản trả lời", "The answer to dossier {number} is ready"),
    Kind.RESULT_REVOKED: Text("Kết quả của hồ sơ {number} đã bị thu hồi", "The result of dossier {number} has been revoked"),
    Kind.RESULT_REPLACED: Text("Kết quả của hồ sơ {number} đã được thay thế", "The result of dossier {number} has been replaced"),
    Kind.WITHDRAWN: Text("Hồ sơ {reference} đã được rút", "Dossier {reference} has been withdrawn"),
    Kind.STOPPED: Text("Hồ sơ {reference} đã dừng giải quyết", "Dossier {reference} has been stopped"),
    Kind.EXTENDED: Text("Hồ sơ {number} được hẹn lại ngày trả kết quả", "Dossier {number} has a new due date"),
    Kind.DUE_MOVED: Text("Hạn trả kết quả của hồ sơ {number} thay đổi", "The due date of dossier {number} has moved"),
    Kind.PAPER_REFUSED: Text("Hồ sơ {reference} có giấy tờ cần thay", "A paper of filing {reference} must be replaced"),
    Kind.PAPER_UNKNOWN: Text(
        "Hồ sơ {reference} có chữ ký chưa xác minh được", "A signature of filing {reference} is not verified yet"
    ),
    Kind.PAPER_KNOWN: Text("Chữ ký trong hồ sơ {reference} đã được xác minh", "The signature of filing {reference} is verified"),
    Kind.CORRECTION_ORDERED: Text("Hồ sơ {number} cần khắc phục sau kiểm tra", "Dossier {number}: put right what was found"),
    Kind.ANSWER_MOVED: Text("Hồ sơ {reference} có thêm thời gian", "More time for dossier {reference}"),
    Kind.LIMIT_NEAR: Text("Hồ sơ {number}: {level}", "Dossier {number}: {level}"),
    Kind.READ_ANSWERED: Text("Đã có trả lời về lần xem dữ liệu", "Your question about a reading is answered"),
    Kind.READ_REVEALED: Text("Có lần xem dữ liệu nay được công khai", "A reading of your data can be seen now"),
}

BODIES = {
    Kind.SUBMITTED: Text(
        "Hệ thống đã nhận hồ sơ {reference}. Biên nhận có đóng dấu điện tử nằm trên trang của hồ sơ.",
        "The portal has received filing {reference}. The sealed receipt is on the dossier's page.",
    ),
    Kind.RECEIVED: Text(
        "Bộ phận Một cửa đã tiếp nhận hồ sơ, số {number}. Thời gian hẹn: {due}.",
        "The one-stop desk has received the dossier under number {number}. Due: {due}.",
    ),
    Kind.REFUSED_AT_INTAKE: Text(
        "Bộ phận Một cửa không tiếp nhận hồ sơ {reference}. Lý do nằm trong phiếu từ chối trên trang của hồ sơ.",
        "The one-stop desk did not receive filing {reference}. The reason is in the form on the dossier's page.",
    ),
    Kind.SUPPLEMENT_ASKED: Text(
        "Hồ sơ {reference} cần bổ sung chậm nhất ngày {reply_by}. Các mục cần sửa được đánh dấu trên trang của hồ sơ.",
        "Supplement dossier {reference} by {reply_by}. The items are marked on the dossier's page.",
    ),
    Kind.FEE_DUE: Text(
        "Hồ sơ {number} cần nộp {amount} trước {due}. Quá hạn, hồ sơ được xử lý theo quy định của thủ tục.",
        "Pay {amount} for dossier {number} before {due}. After that the dossier is closed as the procedure says.",
    ),
    Kind.FEE_PAID: Text(
        "Đã nhận {amount} của hồ sơ {number}. Biên lai điện tử nằm trên trang của hồ sơ.",
        "{amount} for dossier {number} has been paid. The receipt is on the dossier's page.",
    ),
    Kind.RESULT_READY: Text(
        "Kết quả của hồ sơ {number} đã được ký và đóng dấu. Mời tải về trên trang của hồ sơ.",
        "The result of dossier {number} is signed and sealed. Download it from the dossier's page.",
    ),
    Kind.REFUSED: Text(
        "Hồ sơ {number} không được chấp thuận. Văn bản nêu lý do nằm trên trang của hồ sơ.",
        "Dossier {number} was not granted. The letter with the reasons is on the dossier's page.",
    ),
    Kind.RESULT_REVOKED: Text(
        "Cơ quan giải quyết đã thu hồi kết quả của hồ sơ {number}; văn bản không còn hiệu lực. Lý do nằm trên trang của hồ sơ.",
        "The agency has revoked the result of dossier {number}: it is no longer in force. The reason is on the dossier's page.",
    ),
    Kind.RESULT_REPLACED: Text(
        "Kết quả của hồ sơ {number} được thay bằng văn bản mới; văn bản cũ không còn hiệu lực. Mời tải về trên trang của hồ sơ.",
        "A new document replaces the result of dossier {number}; the old one is no longer in force. Download it from its page.",
    ),
    Kind.WITHDRAWN: Text(
        "Hồ sơ {reference} đã được rút theo đề nghị của doanh nghiệp.",
        "Dossier {reference} has been withdrawn as you asked.",
    ),
    Kind.STOPPED: Text(
        "Cơ quan giải quyết đã dừng hồ sơ {reference}. Lý do nằm trên trang của hồ sơ.",
        "The agency has stopped dossier {reference}. The reason is on the dossier's page.",
    ),
    Kind.EXTENDED: Text(
        "Hồ sơ {number} được hẹn trả kết quả vào {due}. Văn bản xin lỗi và gia hạn nằm trên trang của hồ sơ.",
        "The result of dossier {number} is now due {due}. The apology is on the dossier's page.",
    ),
    Kind.DUE_MOVED: Text(
        "Lịch làm việc thay đổi nên hồ sơ {number} được hẹn trả kết quả vào {due}. Cách tính nằm trên trang của hồ sơ.",
        "The working calendar has changed: the result of dossier {number} is now due {due}. Its page shows the computation.",
    ),
    Kind.PAPER_REFUSED: Text(
        "Giấy tờ «{paper}» của hồ sơ {reference} có chữ ký số không hợp lệ. Mời xem kết quả kiểm tra và tải tệp khác.",
        "The paper “{paper}” of filing {reference} has an invalid signature. See the check and upload another file.",
    ),
    Kind.PAPER_UNKNOWN: Text(
        "Tổ chức chứng thực chưa trả lời về chữ ký trên giấy tờ «{paper}» của hồ sơ {reference}. Hệ thống tự kiểm tra lại; "
        "bạn chưa phải làm gì.",
        "The certificate authority has not answered about the signature on “{paper}” of filing {reference}. It is checked "
        "again by itself; there is nothing for you to do yet.",
    ),
    Kind.PAPER_KNOWN: Text(
        "Chữ ký trên giấy tờ «{paper}» của hồ sơ {reference} nay đã được xác minh là hợp lệ.",
        "The signature on “{paper}” of filing {reference} has now been verified as valid.",
    ),
    Kind.CORRECTION_ORDERED: Text(
        "Kiểm tra thực tế của hồ sơ {number} yêu cầu khắc phục chậm nhất ngày {reply_by}. Nội dung nằm trên trang của hồ sơ.",
        "The site inspection of dossier {number} wants something put right by {reply_by}. See the dossier's page.",
    ),
    Kind.ANSWER_MOVED: Text(
        "Lịch làm việc thay đổi nên hạn bổ sung, nộp phí hoặc khắc phục của hồ sơ {reference} lùi đến hết ngày {reply_by}.",
        "The working calendar has changed: what is asked of you for dossier {reference} may now be done until {reply_by}.",
    ),
    Kind.LIMIT_NEAR: Text(
        "Hồ sơ {number}, {what}: {level}. Đến hạn lúc {due}. Việc cần làm nằm trên trang của hồ sơ.",
        "Dossier {number}, {what}: {level}. Due {due}. Its page says what there is to do.",
    ),
    Kind.READ_ANSWERED: Text(
        "Câu hỏi ngày {when} của doanh nghiệp về một lần xem dữ liệu đã được trả lời, trên trang «Ai đã xem dữ liệu của tôi».",
        "What you asked on {when} about a reading of your data is answered, on the page “Who read my data”.",
    ),
    Kind.READ_REVEALED: Text(
        "Một lần xem dữ liệu của doanh nghiệp vào {when}, trước đây được giữ kín theo luật, nay hiện trên trang "
        "«Ai đã xem dữ liệu của tôi».",
        "A reading of your data on {when}, hidden by law until now, is shown on the page “Who read my data”.",
    ),
}

LEVELS = {
    "70": Text("đã qua 70 % thời hạn", "70 % of the time is gone"),
    "90": Text("đã qua 90 % thời hạn", "90 % of the time is gone"),
    "last_day": Text("còn một ngày làm việc", "one working day is left"),
    "past": Text("đã quá hạn", "the limit has passed"),
}


def parameters(kind: Kind) -> frozenset[str]:
    """The names of what a notice of this kind must be told with."""
    both = (TITLES[kind], BODIES[kind])
    return frozenset(name for text in both for _, name, _, _ in Formatter().parse(text.vi) if name)


def title(kind: Kind, params: Mapping[str, Any]) -> Text:
    """The heading of a notice: also the subject of its mail."""
    return _filled(TITLES[kind], params)


def body(kind: Kind, params: Mapping[str, Any]) -> Text:
    """What happened and what to do next."""
    return _filled(BODIES[kind], params)


def _filled(text: Text, params: Mapping[str, Any]) -> Text:
    def words(language: Language) -> dict[str, str]:
        own = {name: params.get(f"{name}_{language}", value) for name, value in params.items()}  # a name may have both languages
        return {name: _shown(name, value, language) for name, value in own.items()}

    return Text(text.vi.format(**words("vi")), text.en.format(**words("en")))


def _shown(name: str, value: Any, language: Language) -> str:
    if name == "amount":
        return money.shown(int(value), language)
    if name in {"due", "reply_by", "when"}:
        return _day(str(value), language)
    if name == "level":
        return format(LEVELS[str(value)], language)
    return str(value)


def _day(value: str, language: Language) -> str:
    """An ISO day or moment as people read it. Anything else is words already."""
    try:
        if len(value) == 10:
            return f"{date.fromisoformat(value):%d/%m/%Y}"
        at = in_vietnam(datetime.fromisoformat(value))
    except ValueError:
        return value
    return f"{at:%d/%m/%Y %H:%M}" if language == "en" else f"{at:%H} giờ {at:%M} ngày {at:%d/%m/%Y}"
