"""Answers that a business could give to the shipped procedures, and the procedures themselves."""

from datetime import date
from typing import Any

from app.catalogue import files
from app.catalogue.forms import Form, prefill
from app.catalogue.procedure import Procedure
from app.worktime.actions import shipped
from app.worktime.calendar import Calendar

CALENDAR = Calendar.of(shipped())
TODAY = date(2026, 11, 23)
DEFINITIONS = files.definitions()
LICENCE = Procedure.of(DEFINITIONS["multi-level-selling-certificate/1"])
LOTTERY = Procedure.of(DEFINITIONS["promotion-lottery-registration/1"])
LICENCE_FORM, LOTTERY_FORM = Form.of(LICENCE), Form.of(LOTTERY)

ENTERPRISE: dict[str, Any] = {
    "tax_code": "9900000030",
    "name_vi": "Công ty TNHH Bán hàng Đa cấp Giả Định",
    "head_office": "Tầng 0, Tòa nhà Minh Họa",
    "phone": "0240 000 003",
    "email": "lienhe@dacap-giadinh.example",
    "website": "https://dacap-giadinh.example",
    "legal_representative": "John Sample",
    "representative_title": "Giám đốc",
    "founded": date(2020, 10, 20),
}


def licence_answers(**changes: Any) -> dict[str, Any]:
    """Complete answers for the licence; `changes` replace, `None` takes away."""
    given = prefill(LICENCE, ENTERPRISE) | {
        "registration_office": "Sở Tài chính Hà Nội",
        "rep_nationality": "GB",
        "rep_id": "P1234567",
        "rep_residence": "Số 1 đường Ví Dụ, Hà Nội",
        "deposit_bank": "Ngân hàng Mẫu",
        "deposit_ref": "KQ-01/2026",
        "deposit_amount": 10_000_000_000,
        "deposit_date": "2026-10-01",
        "goods": [
            {
                "name": "Trà thảo mộc",
                "kind": "Thực phẩm",
                "origin": "VN",
                "specification": "Hộp 20 gói",
                "price": 250_000,
                "bonus_points": 12.5,
                "from_date": "2027-01-01",
            }
        ],
        "foreign_capital": False,
        "commitment": True,
    }
    return _changed(given, changes)


def lottery_answers(**changes: Any) -> dict[str, Any]:
    """Complete answers for the promotion."""
    given = prefill(LOTTERY, ENTERPRISE) | {
        "contact_person": "Nguyễn Văn Mẫu",
        "programme_name": "Quay số trúng thưởng",
        "provinces": ["ha_noi", "da_nang"],
        "form_of_promotion": ["lottery"],
        "goods_promoted": [{"name": "Trà", "unit": "hộp", "price": 250_000}],
        "goods_used": [{"name": "Xe máy", "quantity": 2, "unit_value": 40_000_000}],
        "start_date": "2027-01-04",
        "end_date": "2027-02-04",
        "customers": "Mọi khách hàng",
        "prizes": [
            {"level": "Nhất", "description": "Xe máy", "unit_value": 40_000_000, "quantity": 2},
            {"level": "Nhì", "description": "Điện thoại", "unit_value": 10_000_000, "quantity": 5},
        ],
        "details": "Quay số ngày cuối chương trình",
        "commitment": True,
    }
    return _changed(given, changes)


def _changed(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (given | changes).items() if value is not None}
