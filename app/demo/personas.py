"""Who can sign in to the demo world. All names are made up; tax codes begin with 99, which no province gives out."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from app.core.permissions import Role
from app.core.text import Text
from app.identity import roster
from app.identity.claims import Organisation

MINISTRY = "G02"
DESK = "G02.990"
COMPETITION = "G02.918"
DOMESTIC_MARKET = "G02.914"
TAX_OFFICE = "G12.901"

DIRECT_SELLER = "9900000030"
RETAILER = "9900000048"


@dataclass(frozen=True, slots=True)
class Persona:
    """A person of the demo identity provider; `subject` is also the key that scripts use. `also_in`: more units, same roles."""

    subject: str
    name: str
    title: Text
    unit: str | None = None
    roles: tuple[Role, ...] = ()
    tax_code: str | None = None
    personal_number: str | None = None
    also_in: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit where the roles are held."""
        return (self.unit, *self.also_in) if self.unit else ()

    @property
    def email(self) -> str:
        """An address that the demo's mail sink receives."""
        return f"{self.subject}@motcua.example"

    def person_id(self, issuer: str) -> UUID:
        """The same id in every database of this issuer, so that key files can be named before any database exists."""
        return uuid5(NAMESPACE_URL, f"{issuer}#{self.subject}")


def _staff(unit: str, short: str, names: tuple[str, str, str, str, str], also_in: tuple[str, ...] = ()) -> tuple[Persona, ...]:
    officer, colleague, head, leader, clerk = names

    def works(subject: str, name: str, title: Text, role: Role) -> Persona:
        return Persona(subject, name, title, unit, (role,), also_in=also_in)

    return (
        works(f"cv-{short}-1", officer, Text("Chuyên viên thụ lý", "Case officer"), Role.CASE_OFFICER),
        works(f"cv-{short}-2", colleague, Text("Chuyên viên thụ lý", "Case officer"), Role.CASE_OFFICER),
        works(f"lp-{short}", head, Text("Lãnh đạo phòng", "Head of division"), Role.DIVISION_HEAD),
        works(f"lc-{short}", leader, Text("Lãnh đạo đơn vị", "Leader of the unit"), Role.UNIT_LEADER),
        works(f"vt-{short}", clerk, Text("Văn thư", "Records officer"), Role.RECORDS_OFFICER),
    )


BUSINESSES = (
    Persona(
        f"dn-{DIRECT_SELLER}",
        "John Sample",
        Text("Giám đốc, Công ty TNHH Bán hàng Đa cấp Giả Định", "Director, Gia Dinh Sample Direct Selling Co., Ltd."),
        tax_code=DIRECT_SELLER,
    ),
    Persona(
        f"dn-{RETAILER}",
        "Lê Văn Ví Dụ",
        Text("Tổng Giám đốc, Siêu thị Khuyến Mại Minh Họa – Công ty Cổ phần", "Director-general, Minh Hoa Sample Retail JSC"),
        tax_code=RETAILER,
        personal_number="001200000003",
    ),
)
UNITS = tuple((one.code, one.name_vi, one.name_en, one.parent, one.kind) for one in roster.shipped())
"""Code, names, parent and kind of every agency the procedures know."""
HANOI = "H26.990"
# Everywhere else one set of people plays every part: they choose in the masthead where they work.
ASKED = ("G02.903", "G02.904", "G06", "G12", "G18")
"""Units that give opinions on other units' dossiers."""
ELSEWHERE = (*(code for code, *_, kind in UNITS if kind in ("agency", "provincial_department")), *ASKED)
DESK_OFFICER = Persona(
    "mc-1", "Vũ Thị Mẫu", Text("Cán bộ tiếp nhận, Bộ phận Một cửa", "Intake officer, one-stop desk"), DESK, (Role.INTAKE_OFFICER,)
)
PROVINCIAL_DESK = Persona(
    "mc-26",
    "Đỗ Văn Mẫu",
    Text("Cán bộ tiếp nhận, Sở Công Thương", "Intake officer, provincial department"),
    HANOI,
    (Role.INTAKE_OFFICER,),
)
MINISTER = Persona("lb-1", "Lương Văn Minh Họa", Text("Lãnh đạo Bộ", "Leader of the ministry"), MINISTRY, (Role.MINISTRY_LEADER,))
COMPETITION_STAFF = _staff(
    COMPETITION, "918", ("Nguyễn Văn Thử", "Bùi Thị Thử", "Hoàng Văn Mẫu", "Phan Thị Minh Họa", "Đặng Văn Thử")
)
DOMESTIC_MARKET_STAFF = _staff(
    DOMESTIC_MARKET, "914", ("Trịnh Thị Thử", "Lý Văn Thử", "Hồ Thị Mẫu", "Dương Văn Minh Họa", "Mai Thị Thử")
)
EVERYWHERE_ELSE = _staff(
    "G02.908",
    "bct",
    ("Chu Thị Thử", "Tô Văn Thử", "Đinh Thị Mẫu", "Quách Văn Minh Họa", "Kiều Thị Thử"),
    also_in=tuple(code for code in ELSEWHERE if code not in ("G02.908", DOMESTIC_MARKET)),
)
ADMINISTRATORS = (
    Persona(
        "qt-1",
        "Ngô Văn Quản",
        Text("Quản trị hệ thống, đầu mối chia sẻ dữ liệu", "System administrator, data-sharing officer"),
        MINISTRY,
        (Role.SYSTEM_ADMIN, Role.DATA_OFFICER),
    ),
    Persona(
        "qt-2",
        "Tạ Thị Quản",
        Text("Quản trị hệ thống thứ hai, kiểm soát thủ tục", "Second system administrator, procedure control"),
        MINISTRY,
        (Role.SYSTEM_ADMIN, Role.PROCEDURE_CONTROLLER),
    ),
    Persona(
        "ks-1",
        "Cao Văn Kiểm",
        Text("Kiểm soát thủ tục hành chính", "Procedure control"),
        MINISTRY,
        (Role.PROCEDURE_CONTROLLER,),
    ),
)
STEWARD = Persona(
    "dl-1", "Lưu Thị Dữ", Text("Đầu mối chia sẻ dữ liệu của Bộ", "Data steward of the ministry"), MINISTRY, (Role.DATA_OFFICER,)
)
CONTACT_OFFICER = Persona(
    "ct-1",
    "Trần Văn Thuế",
    Text("Đầu mối của Cục Thuế", "Contact officer of the Tax Department"),
    TAX_OFFICE,
    (Role.CONTACT_OFFICER,),
)
OFFICIALS = (
    DESK_OFFICER,
    PROVINCIAL_DESK,
    *COMPETITION_STAFF,
    *DOMESTIC_MARKET_STAFF,
    *EVERYWHERE_ELSE,
    MINISTER,
    *ADMINISTRATORS,
    STEWARD,
    CONTACT_OFFICER,
)
PERSONAS = {persona.subject: persona for persona in (*BUSINESSES, *OFFICIALS)}
LEADERS = tuple(persona for persona in OFFICIALS if {Role.UNIT_LEADER, Role.MINISTRY_LEADER} & set(persona.roles))

ENTERPRISES = {
    DIRECT_SELLER: Organisation(
        tax_code=DIRECT_SELLER,
        name_vi="Công ty TNHH Bán hàng Đa cấp Giả Định",
        name_en="Gia Dinh Sample Direct Selling Co., Ltd.",
        legal_form="TNHH một thành viên (vốn nước ngoài)",
        founded="2020-10-20",
        head_office="Tầng 0, Tòa nhà Minh Họa",
        province="Hà Nội",
        phone="0240 000 003",
        email="lienhe@dacap-giadinh.example",
        website="https://dacap-giadinh.example",
        legal_representative="John Sample",
        representative_title="Giám đốc",
        status="đang hoạt động",
    ),
    RETAILER: Organisation(
        tax_code=RETAILER,
        name_vi="Siêu thị Khuyến Mại Minh Họa – Công ty Cổ phần",
        name_en="Minh Hoa Sample Retail JSC",
        legal_form="Cổ phần",
        founded="2015-01-15",
        head_office="Số 2 đường Ví Dụ, phường Minh Họa",
        province="Đà Nẵng",
        phone="0236 000 004",
        email="lienhe@sieuthi-minhhoa.example",
        website="https://sieuthi-minhhoa.example",
        legal_representative="Lê Văn Ví Dụ",
        representative_title="Tổng Giám đốc",
        representative_personal_number="001200000003",
        status="đang hoạt động",
    ),
}
