"""Answers of several parts: a person, an enterprise, an address of two levels, a point on the map.

Each part is a question of its own (`head.name`), so it is asked, read, checked and shown like any other.
"""

from decimal import Decimal
from functools import cache

from app.catalogue.questions import FieldType, FormField, Option
from app.core.text import Text

_T = FieldType
_SOUTH, _NORTH, _WEST, _EAST = Decimal(6), Decimal("23.5"), Decimal(102), Decimal("117.9")  # with the islands

_PERSON = {
    "name": FormField(id="name", type=_T.TEXT, label=Text("Họ và tên", "Full name"), required=True, max_length=120),
    "sex": FormField(
        id="sex",
        type=_T.CHOICE,
        label=Text("Giới tính", "Sex"),
        required=True,
        options=(Option(id="male", label=Text("Nam", "Male")), Option(id="female", label=Text("Nữ", "Female"))),
    ),
    "birth_date": FormField(id="birth_date", type=_T.DATE, label=Text("Ngày sinh", "Date of birth"), required=True),
    "nationality": FormField(id="nationality", type=_T.COUNTRY, label=Text("Quốc tịch", "Nationality"), required=True),
    "id_no": FormField(
        id="id_no",
        type=_T.ID_DOCUMENT,
        label=Text("Số định danh cá nhân hoặc hộ chiếu", "Personal number or passport number"),
        required=True,
    ),
    "id_date": FormField(id="id_date", type=_T.DATE, label=Text("Ngày cấp giấy tờ", "Date of issue of the paper"), required=True),
    "position": FormField(id="position", type=_T.TEXT, label=Text("Chức vụ", "Position"), required=True, max_length=120),
    "phone": FormField(id="phone", type=_T.PHONE, label=Text("Điện thoại", "Telephone"), required=True),
    "email": FormField(id="email", type=_T.EMAIL, label=Text("Thư điện tử", "E-mail"), required=True),
}
_ENTERPRISE = {
    "name": FormField(id="name", type=_T.TEXT, label=Text("Tên", "Name"), required=True, max_length=300),
    "tax_code": FormField(id="tax_code", type=_T.TAX_CODE, label=Text("Mã số thuế", "Tax code"), required=True),
    "country": FormField(id="country", type=_T.COUNTRY, label=Text("Nước", "Country"), required=True),
    "address": FormField(id="address", type=_T.ADDRESS, label=Text("Địa chỉ", "Address"), required=True),
    "phone": FormField(id="phone", type=_T.PHONE, label=Text("Điện thoại", "Telephone"), required=True),
    "email": FormField(id="email", type=_T.EMAIL, label=Text("Thư điện tử", "E-mail"), required=True),
}
_ADDRESS = {
    "province": FormField(
        id="province",
        type=_T.CHOICE,
        label=Text("Tỉnh, thành phố", "Province or city"),
        required=True,
        options_from="provinces",
    ),
    "commune": FormField(
        id="commune",
        type=_T.TEXT,
        label=Text("Xã, phường, đặc khu", "Commune, ward or special zone"),
        help=Text("Theo địa giới hai cấp từ 01/7/2025", "As of the two-level units since 1 July 2025"),
        required=True,
        max_length=100,
    ),
    "street": FormField(
        id="street",
        type=_T.TEXT,
        label=Text("Số nhà, đường, thôn, khu công nghiệp", "House number, street, hamlet or industrial zone"),
        required=True,
        max_length=300,
    ),
}
_GEO = {
    "lat": FormField(
        id="lat",
        type=_T.DECIMAL,
        label=Text("Vĩ độ", "Latitude"),
        help=Text("Ví dụ 21,0285", "For example 21,0285"),
        required=True,
        min=_SOUTH,
        max=_NORTH,
    ),
    "lon": FormField(
        id="lon",
        type=_T.DECIMAL,
        label=Text("Kinh độ", "Longitude"),
        help=Text("Ví dụ 105,8542", "For example 105,8542"),
        required=True,
        min=_WEST,
        max=_EAST,
    ),
}
KNOWN: dict[FieldType, dict[str, FormField]] = {
    _T.PERSON: _PERSON,
    _T.ENTERPRISE: _ENTERPRISE,
    _T.ADDRESS_VN: _ADDRESS,
    _T.GEO_POINT: _GEO,
}
_USUAL: dict[FieldType, tuple[str, ...]] = {
    _T.PERSON: ("name", "id_no", "position"),
    _T.ENTERPRISE: ("name", "tax_code"),
    _T.ADDRESS_VN: ("province", "commune", "street"),
    _T.GEO_POINT: ("lat", "lon"),
}
COMPOSITE = frozenset(KNOWN)


@cache
def _parts(kind: FieldType, wanted: tuple[str, ...]) -> tuple[FormField, ...]:
    known = KNOWN.get(kind, {})
    return tuple(known[name] for name in wanted or _USUAL.get(kind, ()) if name in known)


def parts_of(field: FormField) -> tuple[FormField, ...]:
    """The parts a field asks for; none for a plain one."""
    return _parts(field.type, field.parts)
