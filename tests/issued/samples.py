"""One filled example of every document, with the long names that real businesses have."""

from datetime import UTC, date, datetime

from app.issued import facts

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
DUE = datetime(2026, 12, 14, 9, 30, tzinfo=UTC)

APPLICANT = facts.Applicant(
    name="Công ty Trách nhiệm hữu hạn Một thành viên Thương mại Dịch vụ Xuất nhập khẩu Nguyễn Thị Ví Dụ Đường Phượng Hoàng",
    tax_code="9900000030",
    address="Tầng 12, Tòa nhà Phượng Vĩ, số 1234 đường Nguyễn Hữu Thọ, phường Tân Hưng, Thành phố Hồ Chí Minh",
    phone="028 5555 0123",
    email="lien-he@vi-du.example",
)
OFFICER = facts.Officer(name="Nguyễn Thị Ví Dụ", title="Phó Chủ tịch", capacity="KT. CHỦ TỊCH", phone="024 5555 0100")
COMMON = {
    "office": "Ủy ban Cạnh tranh Quốc gia",
    "dossier": "G02.918-20261123-0000042",
    "applicant": APPLICANT,
    "procedure_vi": "Cấp Giấy chứng nhận đăng ký hoạt động bán hàng đa cấp",
    "procedure_en": "Certificate of registration of multi-level selling",
}
PAPERS = (
    facts.Paper(
        name="Đơn đề nghị cấp Giấy chứng nhận đăng ký hoạt động bán hàng đa cấp (Mẫu 01 Phụ lục I)", form="Bản điện tử ký số"
    ),
    facts.Paper(name="Điều lệ", form="Bản điện tử ký số"),
    facts.Paper(
        name="Bộ tài liệu: hợp đồng mẫu, kế hoạch trả thưởng, chương trình đào tạo, quy tắc hoạt động", form="Bản điện tử ký số"
    ),
)
FILES = tuple(
    facts.FiledFile(
        paper=paper.name, file_name=f"tài-liệu-{i}-bản-cuối-cùng-đã-ký.pdf", size=1_234_567 * i, sha256=f"{i:x}9af" * 16
    )
    for i, paper in enumerate(PAPERS * 3, 1)
)
RESULT = {
    "title_vi": "Giấy chứng nhận đăng ký hoạt động bán hàng đa cấp",
    "title_en": "Certificate of registration of multi-level selling",
    "legal_basis": ("Căn cứ Nghị định số 137/2026/NĐ-CP của Chính phủ về quản lý hoạt động kinh doanh theo phương thức đa cấp",),
    "term": "5 năm",
    "valid_from": date(2026, 11, 23),
    "valid_until": date(2031, 11, 22),
    "recipients": ("Như trên", "Ủy ban nhân dân các tỉnh, thành phố", "Lưu: VT, hồ sơ"),
    "signer": OFFICER,
}
LINES = (
    facts.Line(label_vi="Tên doanh nghiệp", label_en="Enterprise", value=APPLICANT.name),
    facts.Line(label_vi="Mã số doanh nghiệp", label_en="Enterprise code", value="9900000030"),
    facts.Line(label_vi="Trụ sở chính", label_en="Head office", value=APPLICANT.address),
    facts.Line(label_vi="Người đại diện theo pháp luật", label_en="Legal representative", value="John Sample, Tổng giám đốc"),
    facts.Line(
        label_vi="Ngân hàng ký quỹ", label_en="Deposit bank", value="Ngân hàng Thương mại cổ phần Ví Dụ, 10.000.000.000 đồng"
    ),
)

SAMPLES: dict[str, facts.Facts] = {
    "receipt": facts.Receipt(
        **COMMON,
        submitted_at=AT,
        submitted_by="John Sample",
        answers_sha256="0f" * 32,
        files=FILES,
        lookup_code="tX9wQm2kLp4RvB8s",
    ),
    "form-01": facts.Appointment(
        **COMMON,
        papers=PAPERS,
        time_limit="15 ngày làm việc, kể từ ngày nộp phí",
        received_at=AT,
        due_at=DUE,
        due_note="Hạn này là hạn kiểm tra tính hợp lệ; hạn thẩm định tính từ ngày nộp phí.",
        fees=(facts.FeeLine(title="Phí thẩm định cấp mới", amount=5_000_000),),
        officer=OFFICER,
    ),
    "form-02": facts.SupplementRequest(
        **COMMON,
        items=PAPERS[1:],
        reason="Điều lệ chưa có chữ ký của người đại diện theo pháp luật.",
        guidance="Ký số bằng chứng thư của doanh nghiệp rồi tải lại tệp.",
        reply_by=date(2027, 1, 6),
        officer=OFFICER,
    ),
    "form-03": facts.RefusalToReceive(
        **COMMON,
        reason="Thủ tục không thuộc thẩm quyền của Bộ.",
        proper_authority="Ủy ban nhân dân tỉnh nơi đặt trụ sở",
        officer=OFFICER,
    ),
    "form-04": facts.Apology(
        **COMMON,
        received_on=date(2026, 11, 1),
        old_due=AT,
        reason="Chưa nhận được ý kiến của ngân hàng ký quỹ.",
        extension="10 ngày làm việc",
        new_due=DUE,
        officer=OFFICER,
    ),
    "form-05": facts.StopNotice(
        **COMMON,
        request="Đơn rút hồ sơ ngày 20 tháng 11 năm 2026",
        stage="Thẩm định",
        decision="Dừng giải quyết hồ sơ theo đề nghị của doanh nghiệp.",
        money="Không hoàn trả phí thẩm định đã nộp",
        officer=OFFICER,
    ),
    "fee-receipt": facts.FeeReceipt(
        **COMMON,
        collector_tax_code="0100000001",
        fee_title="Phí thẩm định cấp mới",
        amount=5_000_000,
        paid_at=AT,
        transaction="14123456",
    ),
    "certificate": facts.Result(
        **COMMON,
        **RESULT,
        lines=LINES,
        authority="Chủ tịch Ủy ban Cạnh tranh Quốc gia",
        paragraphs=("Chứng nhận doanh nghiệp có thông tin sau đây đã đăng ký hoạt động bán hàng đa cấp:",),
        conditions=("Duy trì tiền ký quỹ trong suốt thời hạn của Giấy chứng nhận.",),
    ),
    "confirmation-letter": facts.Result(
        **{**COMMON, "office": "Cục Quản lý và Phát triển thị trường trong nước"},
        **{
            **RESULT,
            "title_vi": "Xác nhận đăng ký thực hiện khuyến mại",
            "title_en": "Confirmation of the registration of a promotion",
            "term": "",
        },
        subject="xác nhận đăng ký thực hiện chương trình khuyến mại mang tính may rủi trên địa bàn nhiều tỉnh",
        paragraphs=(
            "Cục Quản lý và Phát triển thị trường trong nước xác nhận doanh nghiệp đã đăng ký chương trình khuyến mại như sau:",
        ),
        lines=LINES,
    ),
    "refusal-letter": facts.Refusal(
        **COMMON,
        **{
            **RESULT,
            "title_vi": "Từ chối cấp Giấy chứng nhận",
            "title_en": "Refusal of the certificate",
            "valid_until": None,
            "term": "",
        },
        subject="trả lời đề nghị cấp Giấy chứng nhận đăng ký hoạt động bán hàng đa cấp",
        paragraphs=("Ủy ban Cạnh tranh Quốc gia không chấp thuận đề nghị của doanh nghiệp.",),
        reasons=("Số tiền ký quỹ thấp hơn mức tối thiểu theo quy định.", "Kế hoạch trả thưởng vượt tỷ lệ cho phép."),
    ),
}
