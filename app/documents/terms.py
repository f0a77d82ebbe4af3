"""The words for what a report says by code: one place for pages, the printed report and the public check. Pure."""

from app.core.text import Text
from signing.binding import Binding
from signing.model import (
    Coverage,
    Indication,
    Kind,
    Label,
    Level,
    Modification,
    Origin,
    Revoked,
    Role,
    StampKind,
    TimeSource,
    Verdict,
)

HEADLINE = {
    Verdict.VALID: Text("HỢP LỆ", "VALID"),
    Verdict.INDETERMINATE: Text("KHÔNG XÁC ĐỊNH", "INDETERMINATE"),
    Verdict.INVALID: Text("KHÔNG HỢP LỆ", "INVALID"),
    Verdict.UNREADABLE: Text("KHÔNG ĐỌC ĐƯỢC", "UNREADABLE"),
    Verdict.UNSIGNED: Text("CHƯA KÝ SỐ", "UNSIGNED"),
}
MEANING = {
    Verdict.VALID: Text(
        "Mọi chữ ký trên tệp đều đúng, còn nguyên vẹn và do chứng thư được tin cậy tạo ra.",
        "Every signature on the file is right, intact and made with a trusted certificate.",
    ),
    Verdict.INDETERMINATE: Text(
        "Chưa đủ căn cứ để kết luận chữ ký đúng hay sai. Đây không phải là hợp lệ, cũng không phải là không hợp lệ.",
        "There is not enough to say whether the signatures are right or wrong. This is neither valid nor invalid.",
    ),
    Verdict.INVALID: Text(
        "Có ít nhất một chữ ký sai, hoặc tài liệu đã bị thay đổi sau khi ký.",
        "At least one signature is wrong, or the document was changed after signing.",
    ),
    Verdict.UNREADABLE: Text(
        "Không đọc được tệp nên không thể kiểm tra chữ ký.",
        "The file could not be read, so its signatures could not be checked.",
    ),
    Verdict.UNSIGNED: Text("Tệp không mang chữ ký số nào.", "The file carries no digital signature."),
}
ASSUMED = Text("CHỈ XÉT TÍNH TOÀN VẸN", "INTEGRITY ONLY")
ASSUMED_MEANING = Text(
    "Chỉ xét cấu trúc, tính toàn vẹn và thuật toán. Chưa xét chứng thư có được tin cậy hay bị thu hồi.",
    "Only structure, integrity and algorithms were checked. Whether the certificates are trusted or revoked was not.",
)
KEPT_OUT = Text("TỆP KHÔNG ĐƯỢC NHẬN", "FILE NOT ACCEPTED")
KEPT_OUT_MEANING = Text(
    "Chữ ký đúng, nhưng tệp chứa nội dung không được phép nên không thể đưa vào hồ sơ.",
    "The signatures are right, but the file contains what is not allowed in a dossier.",
)
NOT_USABLE = Text("KHÔNG DÙNG ĐƯỢC CHO GIẤY TỜ NÀY", "NOT USABLE FOR THIS PAPER")
INTACT = Text("Nguyên vẹn; chưa xét độ tin cậy", "Intact; trust was not judged")
INDICATION = {
    Indication.TOTAL_PASSED: Text("Chữ ký hợp lệ", "Valid signature"),
    Indication.INDETERMINATE: Text("Chưa xác định", "Not known yet"),
    Indication.TOTAL_FAILED: Text("Chữ ký không hợp lệ", "Invalid signature"),
}
KIND = {
    Kind.SIG: Text("Chữ ký số", "Digital signature"),
    Kind.SEAL: Text("Con dấu số của tổ chức", "Organisation seal"),
    Kind.DOC_TS: Text("Dấu thời gian của tài liệu", "Document time stamp"),
}
LABEL = {
    Label.PUBLIC: Text("Chữ ký số công cộng", "Public certificate authority"),
    Label.OFFICIAL: Text("Chữ ký số công vụ", "Government certificate authority"),
    Label.FOREIGN: Text("Chữ ký số nước ngoài", "Foreign certificate authority"),
    Label.UNTRUSTED: Text("Không thuộc hệ thống được tin cậy", "Not of a trusted system"),
}
ROLE = {
    Role.FILER: Text("Doanh nghiệp, người dân", "Enterprises and people"),
    Role.OFFICIAL: Text("Cơ quan nhà nước", "State bodies"),
    Role.TSA: Text("Cấp dấu thời gian", "Time stamping"),
    Role.FOREIGN: Text("Nước ngoài", "Foreign"),
}
TIME_SOURCE = {
    TimeSource.TSA: Text("theo dấu thời gian", "from a time stamp"),
    TimeSource.RECEIPT: Text("thời điểm Cổng nhận tệp", "when the portal received the file"),
    TimeSource.CLAIMED: Text("do người ký tự khai", "claimed by the signer"),
}
COVERAGE = {
    Coverage.ENTIRE_FILE: Text("Toàn bộ tệp", "The whole file"),
    Coverage.ENTIRE_REVISION: Text("Toàn bộ tài liệu lúc ký", "The whole document as it was then"),
    Coverage.PARTIAL: Text("Chỉ một phần tệp", "Part of the file only"),
    Coverage.UNKNOWN: Text("Không xác định được", "Could not be told"),
}
MODIFICATION = {
    Modification.NONE: Text("Không có thay đổi sau khi ký", "Nothing was changed after signing"),
    Modification.SIGNATURES: Text(
        "Chỉ thêm chữ ký, dấu thời gian hoặc dữ liệu kiểm tra", "Only signatures, time stamps or validation data came later"
    ),
    Modification.OTHER: Text("Nội dung bị thay đổi sau khi ký", "Content was changed after signing"),
    Modification.UNKNOWN: Text("Không xác định được", "Could not be told"),
}
REVOKED = {
    Revoked.GOOD: Text("Không bị thu hồi", "Not revoked"),
    Revoked.REVOKED: Text("Đã bị thu hồi", "Revoked"),
    Revoked.ON_HOLD: Text("Đang bị tạm dừng", "On hold"),
    Revoked.UNKNOWN: Text("Chưa hỏi được nơi cấp", "The issuer could not be asked yet"),
    Revoked.STALE: Text("Thông tin của nơi cấp đã cũ", "What the issuer said is out of date"),
}
LEVEL = {
    Level.P7: Text("PKCS#7, không dấu thời gian", "PKCS#7, no time stamp"),
    Level.B: Text("PAdES B-B", "PAdES B-B"),
    Level.T: Text("PAdES B-T (có dấu thời gian)", "PAdES B-T (time stamped)"),
    Level.LT: Text("PAdES B-LT (kèm bằng chứng)", "PAdES B-LT (with evidence)"),
    Level.LTA: Text("PAdES B-LTA (lưu trữ lâu dài)", "PAdES B-LTA (for the archive)"),
}
BINDING = {
    Binding.BOUND: Text("Đúng mã số thuế {code}", "Belongs to tax code {code}"),
    Binding.MST_BRANCH_ONLY: Text(
        "Chỉ khớp phần đơn vị chủ quản của mã số thuế {code}", "Matches only the parent of tax code {code}"
    ),
    Binding.MST_MISMATCH: Text("Thuộc mã số thuế khác, không phải {code}", "Belongs to another tax code, not {code}"),
    Binding.PERSON_MISMATCH: Text("Người ký không phải người đại diện", "The signer is not the representative"),
    Binding.NONE: Text("Chứng thư không cho biết mã số thuế {code}", "The certificate does not name tax code {code}"),
}
ORIGIN = {
    Origin.PORTAL: Text("Cổng đã hỏi và lưu giữ", "asked and kept by the portal"),
    Origin.DOCUMENT: Text("có sẵn trong tệp", "carried by the file"),
}
STAMP = {
    StampKind.SIGNATURE: Text("Trên chữ ký", "Over the signature"),
    StampKind.DOCUMENT: Text("Trên cả tài liệu", "Over the whole document"),
}
