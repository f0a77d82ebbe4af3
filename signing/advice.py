"""What each code means for whoever handed the file in: why it matters, and what to do. The code itself says what was found."""

from dataclasses import dataclass

from signing.codes import CODES
from signing.model import Severity


@dataclass(frozen=True)
class Advice:
    """Plain words, Vietnamese first. `do` begins with what to do next."""

    why_vi: str
    why_en: str
    do_vi: str
    do_en: str


def advice(code: str) -> Advice:
    """What to tell about a code; a code of a newer program gets the words of its severity."""
    known = _ADVICE.get(code)
    if known:
        return known
    return _PLAIN if code in CODES and CODES[code].severity is Severity.INFO else _ASK


Pair = tuple[str, str]

_SIGN_AGAIN: Pair = (
    "Ký số lại bản cuối cùng của tài liệu, không sửa gì sau khi ký, rồi tải lên lại.",
    "Sign the final version of the document again, change nothing after signing, and upload it again.",
)
_PRINT_AGAIN: Pair = (
    "Mở tệp gốc, xuất (hoặc in) ra PDF mới, ký số lại rồi tải lên lại.",
    "Open the original, export (or print) it to a new PDF, sign it again and upload it again.",
)
_SMALLER: Pair = (
    "Giảm dung lượng hoặc tách tệp (quét ở 200 dpi, bỏ ảnh thừa), ký lại rồi tải lên.",
    "Make the file smaller or split it (scan at 200 dpi, drop needless pictures), sign it again and upload it.",
)
_OTHER_CERTIFICATE: Pair = (
    "Ký lại bằng chứng thư đang còn hiệu lực của doanh nghiệp; nếu chưa có, liên hệ tổ chức cấp chứng thư.",
    "Sign again with a certificate of the enterprise that is in force; ask your certificate authority if you have none.",
)
_WAIT: Pair = (
    "Chưa cần làm gì: hệ thống tự hỏi lại nơi cấp chứng thư. Bạn có thể bấm “Kiểm tra lại” sau ít phút.",
    "Nothing for now: the portal asks the certificate's issuer again by itself. You may press “Check again” in a few minutes.",
)
_TELL_SOFTWARE: Pair = (
    "Ký lại bằng phần mềm ký số chuẩn PAdES với SHA-256 trở lên rồi tải lên lại.",
    "Sign again with software that makes PAdES signatures with SHA-256 or better, and upload it again.",
)
_NOTHING: Pair = ("Không cần làm gì.", "Nothing needs to be done.")
_SUPPORT: Pair = (
    "Bấm “Kiểm tra lại”; nếu vẫn vậy, liên hệ bộ phận hỗ trợ và kèm mã báo cáo này.",
    "Press “Check again”; if it stays so, ask the help desk and name the code of this finding.",
)
_RIGHT_OWNER: Pair = (
    "Ký bằng chứng thư số mang đúng mã số thuế của doanh nghiệp nộp hồ sơ rồi tải lên lại.",
    "Sign with a certificate that carries the tax code of the enterprise that files, and upload it again.",
)

_ASK = Advice("Phát hiện này cần được xem xét.", "This finding has to be looked at.", *_SUPPORT)
_PLAIN = Advice("Thông tin để biết.", "For information.", *_NOTHING)
_ACTIVE: Pair = (
    "Nội dung tự chạy có thể gây hại hoặc làm tài liệu hiện khác đi với mỗi người đọc.",
    "Content that acts by itself can do harm, or show each reader something else.",
)
_UNSOUND: Pair = (
    "Cấu trúc chữ ký không đúng chuẩn nên không thể chứng minh ai đã ký nội dung nào.",
    "The structure of the signature breaks the standard, so it cannot prove who signed what.",
)
_TOO_HEAVY: Pair = (
    "Tệp vượt giới hạn xử lý nên chưa kiểm tra được; giới hạn này bảo vệ hệ thống chung.",
    "The file goes beyond what may be spent on one file and could not be checked; the limit protects everybody.",
)
_CHANGED: Pair = (
    "Chữ ký chỉ bảo đảm cho nội dung lúc ký; phần thêm hoặc sửa sau đó không ai chịu trách nhiệm.",
    "A signature vouches for what was there when it was made; nobody answers for what came later.",
)
_UNTRUSTED_TIME: Pair = (
    "Dấu thời gian này không dùng làm bằng chứng về thời điểm ký được.",
    "This time stamp cannot serve as proof of when the document was signed.",
)

_UNHEARD_TIME: Pair = (
    "Nơi cấp dấu thời gian được tin cậy, nhưng chưa có dữ liệu thu hồi nói rằng chứng thư của họ còn tốt.",
    "Its issuer is recognised, but no revocation data at hand says that the issuer's certificate is still good.",
)


def _a(why: Pair, do: Pair) -> Advice:
    return Advice(*why, *do)


_ADVICE: dict[str, Advice] = {
    # the file
    "DOC_TOO_LARGE": _a(_TOO_HEAVY, _SMALLER),
    "DOC_RESOURCE_LIMIT": _a(_TOO_HEAVY, _PRINT_AGAIN),
    "DOC_TIMEOUT": _a(_TOO_HEAVY, _PRINT_AGAIN),
    "DOC_TOO_COMPLEX": _a(_TOO_HEAVY, _PRINT_AGAIN),
    "DOC_TOO_MANY_PAGES": _a(_TOO_HEAVY, _SMALLER),
    "DOC_UNREADABLE": _a(("Tệp hỏng hoặc không phải PDF thật.", "The file is damaged, or no real PDF."), _PRINT_AGAIN),
    "DOC_NOT_PDF": _a(
        ("Chỉ tệp PDF mới mang được chữ ký số kiểm tra ở đây.", "Only a PDF carries the signatures checked here."),
        ("Chọn đúng tệp PDF rồi tải lên lại.", "Choose the PDF itself and upload it again."),
    ),
    "DOC_ENCRYPTED": _a(
        ("Tệp có mật khẩu thì cơ quan không đọc và không kiểm tra được.", "Nobody can read or check a file behind a password."),
        ("Gỡ mật khẩu, ký số lại rồi tải lên.", "Remove the password, sign again and upload it."),
    ),
    "DOC_TRAILING_BYTES": _a(_CHANGED, _SIGN_AGAIN),
    "DOC_FIELD_MISMATCH": _a(_UNSOUND, _PRINT_AGAIN),
    "DOC_HYBRID_XREF": _a(
        (
            "Thường gặp ở tệp xuất từ phần mềm văn phòng; vẫn kiểm tra được.",
            "Usual in files from office programs; checked all the same.",
        ),
        _NOTHING,
    ),
    "DOC_LENIENT_PARSE": _a(
        (
            "Tệp có lỗi nhỏ về cấu trúc nhưng vẫn đọc được chắc chắn.",
            "Small faults in the structure; it could still be read for certain.",
        ),
        _NOTHING,
    ),
    "DOC_HIDDEN_CONTENT": _a(
        ("Lớp hoặc trường ẩn có thể hiện ra sau khi ký.", "Hidden layers or fields could be shown after signing."),
        (
            "Xem lại tài liệu; tốt nhất xuất PDF mới không có lớp ẩn rồi ký.",
            "Look the document over; better export a PDF without hidden layers and sign that.",
        ),
    ),
    "DOC_NO_SIGNATURE": _a(
        ("Không có chữ ký số nào trong tệp.", "There is no digital signature in the file."),
        (
            "Nếu giấy tờ này phải ký số, hãy ký rồi tải lên lại.",
            "If this paper must be signed, sign it and upload it again.",
        ),
    ),
    "DOC_INTEGRITY_ONLY": _a(
        ("Kết quả này chỉ để nghiên cứu, không dùng để nhận hồ sơ.", "This result is for study and never for a filing."),
        (
            "Kiểm tra lại đầy đủ, với kho chứng thư tin cậy.",
            "Check it again in full, against a trust store.",
        ),
    ),
    "DOC_FOREIGN_DATA": _a(
        ("Một tệp đọc được theo hai cách có thể lừa người nhận.", "A file that can be read in two ways can deceive its reader."),
        _PRINT_AGAIN,
    ),
    "DOC_JAVASCRIPT": _a(_ACTIVE, _PRINT_AGAIN),
    "DOC_ACTIVE_CONTENT": _a(_ACTIVE, _PRINT_AGAIN),
    "DOC_XFA": _a(_ACTIVE, _PRINT_AGAIN),
    "DOC_RICH_MEDIA": _a(_ACTIVE, _PRINT_AGAIN),
    "DOC_EXTERNAL_STREAM": _a(_ACTIVE, _PRINT_AGAIN),
    "DOC_EMBEDDED_FILES": _a(
        ("Tệp đính kèm bên trong không được kiểm tra.", "Files inside the file are not checked."),
        ("Bỏ tệp đính kèm, ký lại; nộp tệp kia riêng.", "Take the attachment out, sign again; hand the other file in by itself."),
    ),
    # the signature
    "SIG_SUBFILTER_UNSUPPORTED": _a(
        ("Kiểu chữ ký này không kiểm tra được ở đây.", "Signatures of this type cannot be checked here."), _TELL_SOFTWARE
    ),
    "SIG_BYTERANGE_BAD": _a(_UNSOUND, _SIGN_AGAIN),
    "SIG_DUPLICATE_REF": _a(_UNSOUND, _SIGN_AGAIN),
    "SIG_FORMAT": _a(_UNSOUND, _SIGN_AGAIN),
    "SIG_HASH_MISMATCH": _a(
        ("Nội dung hiện nay không phải nội dung đã ký.", "What the file says now is not what was signed."), _SIGN_AGAIN
    ),
    "SIG_CRYPTO_INVALID": _a(
        ("Chữ ký không do khóa của chứng thư này tạo ra.", "The signature was not made with the key of this certificate."),
        _SIGN_AGAIN,
    ),
    "SIG_MODIFIED_AFTER": _a(_CHANGED, _SIGN_AGAIN),
    "SIG_FORM_FILLED_AFTER": _a(
        _CHANGED,
        ("Điền xong biểu mẫu trước, ký sau cùng rồi tải lên lại.", "Fill in the form first, sign last, and upload it again."),
    ),
    "SIG_DOCMDP_VIOLATED": _a(_CHANGED, _SIGN_AGAIN),
    "SIG_LATER_REVISION_UNCLEAR": _a(_CHANGED, _SIGN_AGAIN),
    "SIG_BOX_ADDED": _a(
        (
            "Người ký trước chưa nhìn thấy khung này. Định dạng cho phép, nhưng khung có thể che vài chữ.",
            "Whoever signed before has not seen this box. The format allows it, yet it may cover a few words.",
        ),
        (
            "Mở tệp xem khung có che chữ nào không. Nếu có, đặt khung vào chỗ trống, các bên ký lại rồi tải lên.",
            "Open the file and see whether the box covers words. If so, place it where nothing stands, sign again and upload.",
        ),
    ),
    # the certificate
    "CERT_UNTRUSTED": _a(
        (
            "Chỉ chứng thư của tổ chức được Nhà nước công nhận mới có giá trị.",
            "Only certificates of authorities recognised by the State count.",
        ),
        _OTHER_CERTIFICATE,
    ),
    "CERT_EXPIRED": _a(
        (
            "Không có bằng chứng rằng chữ ký được tạo khi chứng thư còn hiệu lực.",
            "Nothing proves that the signature was made while the certificate was in force.",
        ),
        _OTHER_CERTIFICATE,
    ),
    "CERT_NOT_YET_VALID": _a(
        ("Chứng thư chưa có hiệu lực lúc ký.", "The certificate was not in force yet when this was signed."), _OTHER_CERTIFICATE
    ),
    "CERT_REVOKED": _a(
        ("Nơi cấp đã thu hồi chứng thư trước thời điểm xét.", "The issuer had revoked the certificate by then."),
        _OTHER_CERTIFICATE,
    ),
    "CERT_ON_HOLD": _a(
        ("Nơi cấp đang tạm dừng chứng thư.", "The issuer has suspended the certificate."),
        (
            "Liên hệ tổ chức cấp chứng thư để khôi phục, hoặc ký bằng chứng thư khác.",
            "Ask the certificate authority to restore it, or sign with another certificate.",
        ),
    ),
    "CERT_KEY_USAGE": _a(
        ("Chứng thư này được cấp cho mục đích khác.", "The certificate was issued for another purpose."), _OTHER_CERTIFICATE
    ),
    "ROLE_NOT_ALLOWED": _a(
        ("Chữ ký loại này không được tính cho việc này.", "Signatures of this kind do not count for this purpose."),
        _OTHER_CERTIFICATE,
    ),
    "REV_UNKNOWN": _a(
        (
            "Chưa hỏi được nơi cấp chứng thư có bị thu hồi hay không; chưa kết luận đúng hay sai.",
            "Whether the certificate is revoked could not be learnt yet; the signature is neither good nor bad.",
        ),
        _WAIT,
    ),
    "REV_STALE": _a(("Câu trả lời của nơi cấp đã quá hạn dùng.", "What the issuer last said is out of date."), _WAIT),
    "ALG_SHA1": _a(("Thuật toán này đã có thể làm giả.", "This algorithm can be forged by now."), _TELL_SOFTWARE),
    "ALG_NOT_ALLOWED": _a(
        ("Pháp luật chỉ cho phép một số thuật toán.", "The law allows certain algorithms only."), _TELL_SOFTWARE
    ),
    "ALG_WEAK_KEY": _a(("Khóa ngắn có thể bị bẻ.", "A short key can be broken."), _OTHER_CERTIFICATE),
    "ALG_PKCS1V15": _a(("Kiểu đệm cũ nhưng vẫn được phép.", "An older padding that is still allowed."), _NOTHING),
    # time
    "TS_MISSING": _a(
        ("Cổng lấy thời điểm nhận tệp làm mốc kiểm tra.", "The portal takes the moment it received the file instead."), _NOTHING
    ),
    "TIME_CLAIMED_ONLY": _a(
        ("Giờ trong tệp do máy người ký ghi, chỉ để tham khảo.", "The time in the file is the signer's own clock, shown only."),
        _NOTHING,
    ),
    "TS_UNTRUSTED": _a(_UNTRUSTED_TIME, _NOTHING),
    "TS_STATUS_UNKNOWN": _a(_UNHEARD_TIME, _NOTHING),
    "TS_INVALID": _a(_UNTRUSTED_TIME, _SIGN_AGAIN),
    "LTV_INCOMPLETE": _a(
        (
            "Tệp thiếu dữ liệu để tự chứng minh sau nhiều năm.",
            "The file lacks what it would need to prove itself years from now.",
        ),
        _NOTHING,
    ),
    # whose it is
    "MST_MISSING": _a(
        ("Không xác định được chữ ký thuộc doanh nghiệp nào.", "Which enterprise signed cannot be told."), _RIGHT_OWNER
    ),
    "MST_MALFORMED": _a(
        ("Không xác định được chữ ký thuộc doanh nghiệp nào.", "Which enterprise signed cannot be told."), _RIGHT_OWNER
    ),
    "MST_MISMATCH": _a(("Chữ ký thuộc mã số thuế khác.", "The signature belongs to another tax code."), _RIGHT_OWNER),
    "MST_BRANCH_ONLY": _a(
        ("Chi nhánh và đơn vị chủ quản có mã số khác nhau.", "A branch and its parent have different codes."), _RIGHT_OWNER
    ),
    "PERSON_MISMATCH": _a(
        ("Người ký không phải người đại diện đã đăng ký.", "Whoever signed is not the registered representative."),
        (
            "Để người đại diện ký, hoặc nộp văn bản ủy quyền.",
            "Let the representative sign, or hand in an authorisation.",
        ),
    ),
    "ENGINE_ERROR": _a(("Lỗi ở phía chúng tôi, đã được ghi lại.", "A fault of ours; it has been recorded."), _SUPPORT),
}
CODES_WITH_ADVICE = frozenset(_ADVICE)
