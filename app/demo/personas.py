"""Who can sign in to the demo world. All names are made up; tax codes begin with 99, which no province gives out."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from app.core.permissions import Role
from app.core.text import Text
from app.identity.claims import Organisation

MINISTRY = "G02"
DESK = "G02.990"
COMPETITION = "G02.918"
DOMESTIC_MARKET = "G02.914"

DIRECT_SELLER = "9900000030"
RETAILER = "9900000048"


@dataclass(frozen=True, slots=True)
class Persona:
    """A person of the demo identity provider; `subject` is also the key that scripts use."""

    subject: str
    name: str
    title: Text
    unit: str | None = None
    roles: tuple[Role, ...] = ()
    tax_code: str | None = None
    personal_number: str | None = None

    @property
    def email(self) -> str:
        """An address that the demo's mail sink receives."""
        return f"{self.subject}@motcua.example"

    def person_id(self, issuer: str) -> UUID:
        """The same id in every database of this issuer, so that key files can be named before any database exists."""
        return uuid5(NAMESPACE_URL, f"{issuer}#{self.subject}")


def _staff(unit: str, short: str, names: tuple[str, str, str, str, str]) -> tuple[Persona, ...]:
    officer, colleague, head, leader, clerk = names
    return (
        Persona(f"cv-{short}-1", officer, Text("Chuyên viên thụ lý", "Case officer"), unit, (Role.CASE_OFFICER,)),
        Persona(f"cv-{short}-2", colleague, Text("Chuyên viên thụ lý", "Case officer"), unit, (Role.CASE_OFFICER,)),
        Persona(f"lp-{short}", head, Text("Lãnh đạo phòng", "Head of division"), unit, (Role.DIVISION_HEAD,)),
        Persona(f"lc-{short}", leader, Text("Lãnh đạo đơn vị", "Leader of the unit"), unit, (Role.UNIT_LEADER,)),
        Persona(f"vt-{short}", clerk, Text("Văn thư", "Records officer"), unit, (Role.RECORDS_OFFICER,)),
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
DESK_OFFICER = Persona(
    "mc-1", "Vũ Thị Mẫu", Text("Cán bộ tiếp nhận, Bộ phận Một cửa", "Intake officer, one-stop desk"), DESK, (Role.INTAKE_OFFICER,)
)
COMPETITION_STAFF = _staff(
    COMPETITION, "918", ("Nguyễn Văn Thử", "Bùi Thị Thử", "Hoàng Văn Mẫu", "Phan Thị Minh Họa", "Đặng Văn Thử")
)
DOMESTIC_MARKET_STAFF = _staff(
    DOMESTIC_MARKET, "914", ("Trịnh Thị Thử", "Lý Văn Thử", "Hồ Thị Mẫu", "Dương Văn Minh Họa", "Mai Thị Thử")
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
)
OFFICIALS = (DESK_OFFICER, *COMPETITION_STAFF, *DOMESTIC_MARKET_STAFF, *ADMINISTRATORS)
PERSONAS = {persona.subject: persona for persona in (*BUSINESSES, *OFFICIALS)}
LEADERS = tuple(persona for persona in OFFICIALS if Role.UNIT_LEADER in persona.roles)

UNITS = (
    # code, name_vi, name_en, parent, kind; codes below G02 are placeholders of the demo
    (MINISTRY, "Bộ Công Thương", "Ministry of Industry and Trade", None, "ministry"),
    ("G02.901", "Văn phòng Bộ", "Ministry Office", MINISTRY, "office"),
    (
        DOMESTIC_MARKET,
        "Cục Quản lý và Phát triển thị trường trong nước",
        "Domestic Market Management and Development Agency",
        MINISTRY,
        "agency",
    ),
    (COMPETITION, "Ủy ban Cạnh tranh Quốc gia", "National Competition Commission", MINISTRY, "commission"),
    (DESK, "Bộ phận Tiếp nhận và Trả kết quả của Bộ", "One-stop desk of the ministry", "G02.901", "one_stop_desk"),
)

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
