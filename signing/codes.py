"""Every code that a report can carry, with its texts: an API, so codes are added and never renamed."""

from dataclasses import dataclass

from signing.model import Finding, Severity, Verdict


@dataclass(frozen=True)
class Code:
    """What a code means. `forces` is the worst verdict it allows; `refuses` keeps the file out of a dossier."""

    name: str
    scope: str
    severity: Severity
    forces: Verdict | None
    subindication: str | None
    en: str
    vi: str
    refuses: bool = False


def finding(name: str, detail: str = "") -> Finding:
    """A finding with the texts of its code; `detail` is technical and English."""
    code = CODES[name]
    return Finding(code.name, code.severity, code.en, code.vi, detail[:300], code.refuses)


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_INVALID, _UNREADABLE, _UNCLEAR, _UNSIGNED = (
    Verdict.INVALID,
    Verdict.UNREADABLE,
    Verdict.INDETERMINATE,
    Verdict.UNSIGNED,
)

_TABLE = (
    Code("DOC_TOO_LARGE", "doc", _E, _UNREADABLE, None, "File exceeds the size limit", "Tệp vượt quá dung lượng cho phép", refuses=True),
    Code("DOC_UNREADABLE", "doc", _E, _UNREADABLE, "FORMAT_FAILURE", "The file cannot be read as a PDF", "Không đọc được tệp PDF", refuses=True),
    Code("DOC_ENCRYPTED", "doc", _E, _UNREADABLE, "FORMAT_FAILURE", "The file is encrypted", "Tệp bị mã hóa hoặc đặt mật khẩu", refuses=True),
    Code("DOC_RESOURCE_LIMIT", "doc", _E, _UNREADABLE, None, "The file needs more resources than allowed", "Tệp quá phức tạp, vượt giới hạn xử lý", refuses=True),
    Code("DOC_TIMEOUT", "doc", _E, _UNREADABLE, None, "Checking took too long", "Quá thời gian kiểm tra", refuses=True),
    Code("DOC_TRAILING_BYTES", "doc", _E, _INVALID, "FORMAT_FAILURE", "Unexpected data after the end of the document", "Có dữ liệu lạ sau phần kết thúc tài liệu", refuses=True),
    Code("DOC_FIELD_MISMATCH", "doc", _E, _UNREADABLE, "FORMAT_FAILURE", "Signature fields and file content disagree", "Trường chữ ký không khớp nội dung tệp", refuses=True),
    Code("DOC_HYBRID_XREF", "doc", _W, None, None, "Hybrid-reference file, read in tolerant mode", "Tệp dùng bảng tham chiếu lai, đọc ở chế độ dung sai"),
    Code("DOC_LENIENT_PARSE", "doc", _W, None, None, "Read in tolerant mode", "Tệp có lỗi cấu trúc nhỏ, đọc ở chế độ dung sai"),
    Code("DOC_HIDDEN_CONTENT", "doc", _W, None, None, "The file may contain hidden content", "Tệp có thể chứa nội dung ẩn"),
    Code("DOC_NO_SIGNATURE", "doc", _I, _UNSIGNED, None, "The file carries no signature", "Tài liệu chưa được ký số"),
    Code("SIG_SUBFILTER_UNSUPPORTED", "sig", _E, _UNCLEAR, "GENERIC", "Signature type not supported", "Định dạng chữ ký không được hỗ trợ"),
    Code("SIG_BYTERANGE_BAD", "sig", _E, _INVALID, "FORMAT_FAILURE", "The signed range is malformed", "Phạm vi ký không hợp lệ"),
    Code("SIG_DUPLICATE_REF", "sig", _E, _INVALID, "FORMAT_FAILURE", "The same signature is used twice", "Một chữ ký được tham chiếu nhiều lần"),
    Code("SIG_HASH_MISMATCH", "sig", _E, _INVALID, "HASH_FAILURE", "Content does not match the signature", "Nội dung không khớp với chữ ký"),
    Code("SIG_CRYPTO_INVALID", "sig", _E, _INVALID, "SIG_CRYPTO_FAILURE", "The signature value is wrong", "Giá trị chữ ký không đúng"),
    Code("SIG_FORMAT", "sig", _E, _INVALID, "FORMAT_FAILURE", "The signature is malformed", "Chữ ký sai cấu trúc"),
    Code("SIG_MODIFIED_AFTER", "sig", _E, _INVALID, "FORMAT_FAILURE", "The document was changed after signing", "Tài liệu đã bị thay đổi sau khi ký"),
    Code("SIG_FORM_FILLED_AFTER", "sig", _E, _INVALID, "FORMAT_FAILURE", "A form was filled after signing; sign again", "Biểu mẫu bị điền thêm sau khi ký, đề nghị ký lại"),
    Code("SIG_DOCMDP_VIOLATED", "sig", _E, _INVALID, "FORMAT_FAILURE", "A change forbidden by the certifying signature", "Thay đổi trái với quyền của chữ ký chứng nhận"),
    Code("SIG_LATER_REVISION_UNCLEAR", "sig", _E, _UNCLEAR, "SIG_CONSTRAINTS_FAILURE", "Later revisions could not be judged", "Không đánh giá được phần bổ sung sau khi ký"),
    Code("CERT_UNTRUSTED", "sig", _E, _UNCLEAR, "NO_CERTIFICATE_CHAIN_FOUND", "Issuer is not trusted", "Chứng thư không do tổ chức được tin cậy cấp"),
    Code("CERT_EXPIRED", "sig", _E, _UNCLEAR, "OUT_OF_BOUNDS_NO_POE", "Certificate expired at the relevant time", "Chứng thư đã hết hạn tại thời điểm xét"),
    Code("CERT_NOT_YET_VALID", "sig", _E, _INVALID, "NOT_YET_VALID", "Certificate not yet valid", "Chứng thư chưa có hiệu lực"),
    Code("CERT_REVOKED", "sig", _E, _INVALID, "REVOKED", "Certificate revoked before the relevant time", "Chứng thư đã bị thu hồi"),
    Code("CERT_ON_HOLD", "sig", _E, _UNCLEAR, "TRY_LATER", "Certificate is suspended", "Chứng thư đang bị tạm dừng"),
    Code("CERT_KEY_USAGE", "sig", _E, _UNCLEAR, "CHAIN_CONSTRAINTS_FAILURE", "Certificate is not meant for signing", "Chứng thư không dùng để ký số"),
    Code("REV_UNKNOWN", "sig", _E, _UNCLEAR, "TRY_LATER", "Revocation status could not be verified", "Chưa xác minh được tình trạng thu hồi chứng thư"),
    Code("REV_STALE", "sig", _E, _UNCLEAR, "TRY_LATER", "Revocation data is too old", "Dữ liệu thu hồi đã cũ"),
    Code("ALG_SHA1", "sig", _E, _UNCLEAR, "CRYPTO_CONSTRAINTS_FAILURE", "SHA-1 is no longer allowed", "Thuật toán SHA-1 không còn được phép dùng"),
    Code("ALG_WEAK_KEY", "sig", _E, _UNCLEAR, "CRYPTO_CONSTRAINTS_FAILURE", "Key is too short", "Độ dài khóa không đạt yêu cầu"),
    Code("ALG_PKCS1V15", "sig", _I, None, None, "RSA PKCS#1 v1.5 padding", "Chữ ký RSA theo PKCS#1 v1.5"),
    Code("TS_MISSING", "sig", _I, None, None, "No time stamp", "Chữ ký không có dấu thời gian"),
    Code("TS_UNTRUSTED", "sig", _W, None, "NO_CERTIFICATE_CHAIN_FOUND", "Time stamp issuer not trusted", "Dấu thời gian không từ nguồn tin cậy"),
    Code("TS_INVALID", "sig", _E, _UNCLEAR, "SIG_CONSTRAINTS_FAILURE", "Time stamp is wrong", "Dấu thời gian không hợp lệ"),
    Code("TIME_CLAIMED_ONLY", "sig", _I, None, None, "Signing time is claimed by the signer only", "Thời gian ký do người ký tự khai"),
    Code("MST_MISSING", "sig", _W, None, None, "No tax code in the certificate", "Chứng thư không có mã số thuế"),
    Code("MST_MALFORMED", "sig", _W, None, None, "Tax code in the certificate is malformed", "Mã số thuế trong chứng thư sai cấu trúc"),
    Code("MST_MISMATCH", "sig", _E, None, None, "Tax code differs from the filer's", "Mã số thuế trong chứng thư không khớp với doanh nghiệp nộp hồ sơ"),
    Code("MST_BRANCH_ONLY", "sig", _W, None, None, "Only the parent tax code matches", "Chỉ khớp mã số thuế của đơn vị chủ quản"),
    Code("PERSON_MISMATCH", "sig", _E, None, None, "Signer is not the representative", "Người ký không phải người đại diện hoặc người được ủy quyền"),
    Code("ROLE_NOT_ALLOWED", "sig", _E, _UNCLEAR, "CHAIN_CONSTRAINTS_FAILURE", "Certificate comes from a root not meant for this role", "Chứng thư không thuộc hệ thống được chấp nhận cho vai trò này"),
    Code("LTV_INCOMPLETE", "sig", _W, None, "NO_POE", "Long-term data incomplete", "Thiếu dữ liệu kiểm tra dài hạn"),
    Code("ENGINE_ERROR", "both", _E, _UNREADABLE, "GENERIC", "Internal error while checking", "Lỗi nội bộ khi kiểm tra"),
    Code("DOC_NOT_PDF", "doc", _E, _UNREADABLE, "FORMAT_FAILURE", "The file is not a PDF", "Tệp không phải là PDF", refuses=True),
    Code("DOC_FOREIGN_DATA", "doc", _E, None, None, "The file hides data of another kind", "Tệp chứa dữ liệu thuộc định dạng khác", refuses=True),
    Code("DOC_JAVASCRIPT", "doc", _E, None, None, "The file contains JavaScript", "Tệp chứa mã JavaScript", refuses=True),
    Code("DOC_ACTIVE_CONTENT", "doc", _E, None, None, "The file contains an action that starts by itself or leads out of the file", "Tệp chứa thao tác tự chạy hoặc dẫn ra ngoài tệp", refuses=True),
    Code("DOC_XFA", "doc", _E, None, None, "The file is an XFA form", "Tệp là biểu mẫu XFA", refuses=True),
    Code("DOC_RICH_MEDIA", "doc", _E, None, None, "The file contains sound, video or 3D content", "Tệp chứa âm thanh, phim hoặc nội dung 3D", refuses=True),
    Code("DOC_EMBEDDED_FILES", "doc", _E, None, None, "The file carries other files inside it", "Tệp có đính kèm tệp khác bên trong", refuses=True),
    Code("DOC_EXTERNAL_STREAM", "doc", _E, None, None, "The file takes part of its content from elsewhere", "Tệp lấy một phần nội dung từ nơi khác", refuses=True),
    Code("DOC_TOO_MANY_PAGES", "doc", _E, None, None, "The file has too many pages", "Tệp có quá nhiều trang", refuses=True),
    Code("DOC_TOO_COMPLEX", "doc", _E, None, None, "The file is built too deeply or of too many parts", "Tệp có cấu trúc quá sâu hoặc quá nhiều thành phần", refuses=True),
)

CODES: dict[str, Code] = {code.name: code for code in _TABLE}
