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

GOODS = facts.Table(
    title_vi="Danh mục hàng hóa",
    title_en="List of goods",
    columns=("Tên hàng", "Mã CAS", "Khối lượng (kg)"),
    rows=(("Axit sunfuric kỹ thuật 98 %", "7664-93-9", "12.000"), ("Toluen", "108-88-3", "1.200,5")),
)
LICENCE = {
    **RESULT,
    "title_vi": "Giấy phép hoạt động hóa chất cần kiểm soát đặc biệt",
    "title_en": "Licence for special-control chemicals",
}
HAND_OVERS = tuple(
    facts.HandOver(
        from_agency=before, to_agency=after, at=AT, giver="Trần Văn Ví Dụ", receiver="Nguyễn Thị Ví Dụ", result=result, note=note
    )
    for before, after, result, note in (
        ("Công ty Ví Dụ", "Bộ phận Tiếp nhận và Trả kết quả của Bộ", "", "Nộp hồ sơ"),
        ("Bộ phận Tiếp nhận và Trả kết quả của Bộ", "Ủy ban Cạnh tranh Quốc gia", "Trước hạn", "Phân công thụ lý"),
        ("Ủy ban Cạnh tranh Quốc gia", "Ủy ban Cạnh tranh Quốc gia", "Đúng hạn", "Kiểm tra tính hợp lệ"),
        ("Ủy ban Cạnh tranh Quốc gia", "Bộ phận Tiếp nhận và Trả kết quả của Bộ", "Quá hạn", "Trả kết quả"),
    )
)


def entries(many: int) -> tuple[facts.BookEntry, ...]:
    """So many lines of the register book."""
    return tuple(
        facts.BookEntry(
            no=str(n),
            procedure=COMMON["procedure_vi"],
            name=APPLICANT.name,
            address_phone=f"{APPLICANT.address}, {APPLICANT.phone}",
            lead_agency=COMMON["office"],
            received_on=date(2026, 11, 2),
            due_on=date(2026, 11, 20),
            returned_on=date(2026, 11, 19),
            return_way="Trực tuyến",
            sign="Đã nhận điện tử",
            dossier=f"G02.918-20261102-{n:07}",
        )
        for n in range(1, many + 1)
    )


SAMPLES: dict[str, facts.Sheet] = {
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
        submitter="John Sample",
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
    "form-06": facts.ProcessControl(
        **COMMON, lead_agency=COMMON["office"], other_agencies=("Ngân hàng Ví Dụ",), rows=HAND_OVERS, kept_by="Nguyễn Thị Ví Dụ"
    ),
    "form-07": facts.RegisterBook(
        office="Bộ phận Tiếp nhận và Trả kết quả của Bộ",
        from_day=date(2026, 1, 1),
        to_day=date(2026, 12, 31),
        rows=entries(6),
        kept_by="Nguyễn Thị Ví Dụ",
    ),
    "consultation-letter": facts.Consultation(
        **COMMON,
        to="Ngân hàng Thương mại cổ phần Ví Dụ",
        subject="lấy ý kiến về việc ký quỹ của doanh nghiệp đăng ký bán hàng đa cấp",
        legal_basis=("Nghị định số 137/2026/NĐ-CP",),
        questions=("Xác nhận số tiền và ngày ký quỹ của doanh nghiệp.", "Nêu rõ việc phong tỏa tài khoản ký quỹ, nếu có."),
        attachments=("Văn bản xác nhận ký quỹ",),
        reply_by=DUE,
        officer=OFFICER,
    ),
    "inspection-minutes": facts.Minutes(
        **COMMON,
        decision="Quyết định số 15/QĐ-HC ngày 16 tháng 11 năm 2026 về việc thành lập đoàn kiểm tra",
        site="Kho số 3, Khu công nghiệp Ví Dụ, phường Tân Hưng, Thành phố Hồ Chí Minh",
        began_at=AT,
        ended_at=DUE,
        team=(OFFICER.model_copy(update={"title": "Trưởng đoàn"}), facts.Officer(name="Lê Văn Thử", title="Thành viên")),
        hosts=(facts.Officer(name="John Sample", title="Tổng giám đốc"),),
        findings=(
            facts.Finding(item="Hệ thống phòng cháy và chữa cháy", result="Đạt", note="Có biên bản nghiệm thu."),
            facts.Finding(item="Bể chứa phòng tràn đổ", result="Cần khắc phục", note="Thiếu gờ chắn phía đông."),
        ),
        conclusion="Cơ sở cần khắc phục các điểm nêu dưới đây trước khi được cấp phép.",
        corrections=(facts.Correction(what="Xây gờ chắn bể chứa", until=date(2026, 12, 20)),),
        photos=(facts.Photo(file_name="be-chua.jpg", sha256="ab" * 32, taken_at=AT, place="10,7769 B, 106,7009 Đ"),),
        officer=OFFICER,
    ),
    "fee-notice": facts.FeeNotice(
        **COMMON,
        demands=(facts.Demand(title="Phí thẩm định cấp mới", amount=5_000_000, legal_basis="TT 09/2024/TT-BTC"),),
        amount=5_000_000,
        pay_by=date(2027, 1, 6),
        otherwise="Hồ sơ được trả lại.",
    ),
    "licence": facts.Result(
        **COMMON,
        **LICENCE,
        authority="Bộ trưởng Bộ Công Thương",
        paragraphs=("Cho phép doanh nghiệp có thông tin sau đây sản xuất, kinh doanh hóa chất cần kiểm soát đặc biệt:",),
        lines=LINES,
        tables=(GOODS,),
        conditions=("Lưu giữ sổ theo dõi hóa chất.", "Báo cáo hằng năm trước ngày 15 tháng 02."),
    ),
    "decision": facts.Result(
        **COMMON,
        **RESULT
        | {
            "title_vi": "Về việc miễn trừ áp dụng biện pháp phòng vệ thương mại",
            "title_en": "Exemption from trade remedies",
        },
        authority="Bộ trưởng Bộ Công Thương",
        paragraphs=("Miễn trừ áp dụng biện pháp phòng vệ thương mại đối với hàng hóa nhập khẩu của doanh nghiệp sau đây:",),
        lines=LINES,
        tables=(GOODS,),
        conditions=("Sử dụng hàng hóa đúng mục đích được miễn trừ.",),
    ),
    "approval-letter": facts.Result(
        **COMMON,
        **RESULT
        | {"title_vi": "Chấp thuận tự chứng nhận xuất xứ hàng hóa", "title_en": "Approval of self-certification of origin"},
        paragraphs=("Doanh nghiệp được tự chứng nhận xuất xứ đối với hàng hóa sau:",),
        lines=LINES,
        tables=(GOODS,),
    ),
    "acknowledgement": facts.Result(
        **COMMON,
        **RESULT
        | {
            "title_vi": "Tiếp nhận thông báo thực hiện khuyến mại",
            "title_en": "Notification of a promotion taken in",
            "term": "",
        },
        lines=LINES,
    ),
    "code-registration": facts.Result(
        **COMMON,
        **RESULT
        | {"title_vi": "Mã số kinh doanh tạm nhập, tái xuất", "title_en": "Business code for temporary import and re-export"},
        authority="Cục Xuất nhập khẩu",
        paragraphs=("Doanh nghiệp sau đây được cấp mã số kinh doanh tạm nhập, tái xuất:",),
        lines=LINES,
    ),
    "result-notice": facts.Result(
        **COMMON,
        **RESULT
        | {
            "title_vi": "Kết quả kiểm tra nhà nước về an toàn thực phẩm nhập khẩu",
            "title_en": "Result of the inspection of imported food",
        },
        paragraphs=("Lô hàng nêu dưới đây đạt yêu cầu nhập khẩu:",),
        lines=LINES,
        tables=(GOODS,),
    ),
}
