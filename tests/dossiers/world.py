"""A ministry in one transaction: units, people, two businesses, the shipped procedures, and the whole way as short verbs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor, ActorKind
from app.core.blobs import Stored
from app.core.ids import uuid7
from app.core.permissions import Role
from app.documents.examine import Findings
from app.dossiers.actions import assign, decide, deliver, draft, papers, pay, process, receive, submit
from app.dossiers.models import Dossier
from app.fees.gateway import Vnpay, signed_query
from app.fees.queries import open_bill
from app.identity.models import Enterprise, Person, RoleGrant, Unit
from app.issued.models import IssuedDocument
from app.issued.rules import State as IssuedState
from app.tasks.queries import open_of
from app.worktime import actions as worktime
from signing.codes import finding
from signing.model import (
    Coverage,
    Indication,
    Kind,
    Label,
    Level,
    Modification,
    Report,
    Revocation,
    Revoked,
    Signature,
    Signer,
    Verdict,
)
from signing.model import (
    Role as SignerRole,
)
from tests import shipped

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 09:00 in Vietnam
SELLER, RETAILER = "9900000030", "9900000048"
LICENCE, PROMOTION = "multi-level-selling-certificate", "promotion-lottery-registration"
DESK, COMPETITION, MARKET = "G02.990", "G02.918", "G02.914"
GATEWAY = Vnpay("https://pay.example/vpcpay.html", "MOTCUA01", "s3cret")

PROMOTION_ANSWERS = {
    "contact_person": "Lê Văn Ví Dụ",
    "programme_name": "Mua sắm cuối năm, trúng thưởng liền tay",
    "provinces": ["ha_noi", "da_nang"],
    "form_of_promotion": ["lottery"],
    "goods_promoted": [{"name": "Gạo", "unit": "kg", "price": 20_000}],
    "goods_used": [{"name": "Xe máy", "quantity": 2, "unit_value": 30_000_000}],
    "start_date": "2027-01-10",
    "end_date": "2027-02-10",
    "customers": "Khách mua từ 200.000 đồng",
    "prizes": [{"level": "Nhất", "description": "Xe máy", "unit_value": 30_000_000, "quantity": 2}],
    "details": "Mỗi hóa đơn một phiếu quay số.",
    "commitment": True,
}
LICENCE_ANSWERS = {
    "registration_office": "Sở Kế hoạch và Đầu tư",
    "rep_name": "John Sample",
    "rep_nationality": "US",
    "rep_id": "C0000001",
    "rep_position": "Giám đốc",
    "rep_residence": "Tầng 0, Tòa nhà Minh Họa, Hà Nội",
    "deposit_bank": "Ngân hàng Ví Dụ",
    "deposit_ref": "01/KQ",
    "deposit_amount": 10_000_000_000,
    "deposit_date": "2026-11-02",
    "goods": [
        {
            "name": "Nước giặt",
            "kind": "Hóa mỹ phẩm",
            "origin": "VN",
            "specification": "Chai 1 lít",
            "price": 120_000,
            "bonus_points": 10,
            "from_date": "2027-01-01",
        }
    ],
    "foreign_capital": False,
    "commitment": True,
}
ANSWERS = {LICENCE: LICENCE_ANSWERS, PROMOTION: PROMOTION_ANSWERS}


@dataclass
class World:
    """The cast. `at` is the present moment; stories move it."""

    session: AsyncSession
    at: datetime = AT
    actors: dict[str, Actor] = field(default_factory=dict)
    secrets: dict[UUID, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.actors[name]
        except KeyError:
            raise AttributeError(name) from None

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)

    async def dossier(self, dossier_id: UUID) -> Dossier:
        await self.session.flush()
        return (await self.session.scalars(select(Dossier).where(Dossier.id == dossier_id))).one()

    async def begin(self, slug: str, who: Actor, **changed: Any) -> UUID:
        """A draft with right answers."""
        dossier_id = await draft.start(self.session, who, slug, at=self.at)
        known = (await self.dossier(dossier_id)).answers
        saved = await draft.save_json(self.session, who, dossier_id, known | ANSWERS[slug] | changed, revision=1, at=self.at)
        assert saved.problems == ()
        return dossier_id

    async def attach(self, who: Actor, dossier_id: UUID, paper: str, place: int = 0, name: str = "tep.pdf") -> UUID:
        """A file in its place, not checked yet."""
        document_id = uuid7()
        await draft.attach(
            self.session,
            who,
            dossier_id,
            paper=paper,
            place=place,
            row=None,
            name=name,
            stored=Stored("ab" * 32, 1000),
            document_id=document_id,
            at=self.at,
        )
        return document_id

    async def checked(self, dossier_id: UUID, document_id: UUID, findings: Findings) -> None:
        await papers.checked(self.session, dossier_id, document_id, findings, at=self.at)

    async def with_papers(self, who: Actor, dossier_id: UUID) -> dict[str, UUID]:
        """Every paper these answers call for, signed by the filer and checked."""
        dossier = await self.dossier(dossier_id)
        from app.dossiers.queries import procedure_of

        procedure = await procedure_of(self.session, dossier)
        given: dict[str, UUID] = {}
        for need in procedure.papers_needed(dossier.answers, today=self.at.date()):
            for place, formats in enumerate(need.paper.formats):
                document_id = await self.attach(who, dossier_id, need.paper.id, place, f"tep.{formats[-1]}")
                sound = report(who.tax_code or "") if "pdf" in formats else None
                await self.checked(dossier_id, document_id, Findings(sound))
                given[f"{need.paper.id}.{place}"] = document_id
        return given

    async def ready(self, slug: str, who: Actor, **changed: Any) -> UUID:
        """A draft that may be submitted."""
        dossier_id = await self.begin(slug, who, **changed)
        await self.with_papers(who, dossier_id)
        return dossier_id

    async def submitted(self, slug: str, who: Actor, **changed: Any) -> UUID:
        dossier_id = await self.ready(slug, who, **changed)
        done = await submit.submit(self.session, who, dossier_id, at=self.at)
        self.secrets[dossier_id] = done.secret
        return dossier_id

    async def received(self, slug: str, who: Actor) -> UUID:
        dossier_id = await self.submitted(slug, who)
        await receive.receive(self.session, self.desk, dossier_id, at=self.at)
        return dossier_id

    async def in_review(self, slug: str, who: Actor, unit: str) -> UUID:
        """Assigned to the first case officer of the unit."""
        dossier_id = await self.received(slug, who)
        officer = self.actors[f"officer_{unit}"]
        await assign.assign(self.session, self.actors[f"leader_{unit}"], dossier_id, assignee=officer.person_id, at=self.at)
        return dossier_id

    async def task(self, dossier_id: UUID) -> UUID:
        await self.session.flush()
        return (await open_of(self.session, dossier_id))[0].id

    async def step(self, who: Actor, dossier_id: UUID, note: str = "") -> None:
        await process.complete_step(self.session, who, dossier_id, await self.task(dossier_id), note=note, at=self.at)

    async def awaiting_payment(self) -> UUID:
        """The licence after its validity check."""
        dossier_id = await self.in_review(LICENCE, self.seller, COMPETITION)
        await self.step(self.actors[f"officer_{COMPETITION}"], dossier_id, "Hồ sơ hợp lệ")
        await self.step(self.actors[f"head_{COMPETITION}"], dossier_id)
        await self.step(self.actors[f"leader_{COMPETITION}"], dossier_id)
        return dossier_id

    async def notice_of_payment(self, dossier_id: UUID, **changed: str) -> dict[str, str]:
        """Go to the gateway and pay there: the notice that it sends."""
        await self.session.flush()
        bill = await open_bill(self.session, dossier_id)
        assert bill is not None
        url = await pay.start(
            self.session,
            self.seller,
            dossier_id,
            bill.id,
            gateway=GATEWAY,
            return_url="https://p.example/r",
            ip="::1",
            at=self.at,
        )
        await self.session.flush()
        sent = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        notice = {
            "vnp_TmnCode": sent["vnp_TmnCode"],
            "vnp_Amount": sent["vnp_Amount"],
            "vnp_BankCode": "NCB",
            "vnp_OrderInfo": sent["vnp_OrderInfo"],
            "vnp_PayDate": "20261123090500",
            "vnp_ResponseCode": "00",
            "vnp_TransactionNo": "14000001",
            "vnp_TransactionStatus": "00",
            "vnp_TxnRef": sent["vnp_TxnRef"],
        }
        query = signed_query("s3cret", notice | changed)
        return {name: values[0] for name, values in parse_qs(query).items()}

    async def paid(self) -> UUID:
        """The licence in appraisal."""
        dossier_id = await self.awaiting_payment()
        notice = await self.notice_of_payment(dossier_id)
        settlement = await pay.settle(self.session, notice, gateway=GATEWAY, at=self.at)
        assert settlement.paid is not None
        return dossier_id

    async def proposed(self, dossier_id: UUID, unit: str, outcome: str, reasons: str = "") -> None:
        officer = self.actors[f"officer_{unit}"]
        await decide.propose(
            self.session,
            officer,
            dossier_id,
            await self.task(dossier_id),
            outcome=outcome,  # type: ignore[arg-type]
            reasons=reasons,
            facts={"conditions": ["Chỉ kinh doanh hàng hóa trong danh mục."]},
            at=self.at,
        )

    async def sealed(self, dossier_id: UUID, unit: str) -> None:
        """From the decision to the published result; the press is the outside world here, so its rows are played."""
        dossier = await self.dossier(dossier_id)
        document = await self.result(dossier)
        document.state, document.signed_key, document.signed_at = IssuedState.SIGNED, uuid7(), self.at
        await self.session.flush()
        await decide.signed(self.session, dossier_id, document.id, at=self.at)
        await deliver.issue(self.session, self.actors[f"clerk_{unit}"], dossier_id, at=self.at)
        document.state, document.ready_at, document.sha256, document.size = IssuedState.READY, self.at, "cd" * 32, 5000
        await self.session.flush()
        await deliver.publish(self.session, dossier_id, document.id, at=self.at)

    async def result(self, dossier: Dossier) -> IssuedDocument:
        await self.session.flush()
        found = await self.session.get(IssuedDocument, (dossier.id, dossier.result_id))
        assert found is not None
        return found


async def build(session: AsyncSession) -> World:
    """Everyone in place."""
    world = World(session)
    await worktime.seed(session, at=AT)
    await shipped.publish(session, at=AT)
    session.add_all(
        [
            Unit(code="G02", name_vi="Bộ Công Thương", name_en="Ministry", parent=None, kind="ministry", demo=True),
            Unit(code=DESK, name_vi="Bộ phận Một cửa", name_en="One-stop desk", parent="G02", kind="one_stop_desk", demo=True),
            Unit(
                code=COMPETITION, name_vi="Ủy ban Cạnh tranh Quốc gia", name_en="VCC", parent="G02", kind="commission", demo=True
            ),
            Unit(code=MARKET, name_vi="Cục Thị trường trong nước", name_en="Market", parent="G02", kind="agency", demo=True),
            enterprise(SELLER, "Công ty TNHH Bán hàng Đa cấp Giả Định"),
            enterprise(RETAILER, "Siêu thị Khuyến Mại Minh Họa"),
        ]
    )
    await session.flush()
    _business(world, "seller", SELLER)
    _business(world, "retailer", RETAILER)
    _official(world, "desk", DESK, Role.INTAKE_OFFICER)
    for unit in (COMPETITION, MARKET):
        _official(world, f"officer_{unit}", unit, Role.CASE_OFFICER)
        _official(world, f"colleague_{unit}", unit, Role.CASE_OFFICER)
        _official(world, f"head_{unit}", unit, Role.DIVISION_HEAD)
        _official(world, f"leader_{unit}", unit, Role.UNIT_LEADER)
        _official(world, f"clerk_{unit}", unit, Role.RECORDS_OFFICER)
    await session.flush()
    return world


def enterprise(tax_code: str, name: str, **changed: Any) -> Enterprise:
    told = {
        "tax_code": tax_code,
        "name_vi": name,
        "name_en": None,
        "head_office": "Số 1 đường Ví Dụ, Hà Nội",
        "province": "Hà Nội",
        "phone": "0240000003",
        "email": "lienhe@vi-du.example",
        "website": "https://vi-du.example",
        "legal_representative": "John Sample",
        "representative_title": "Giám đốc",
        "legal_form": "TNHH",
        "founded": datetime(2020, 10, 20, tzinfo=UTC).date(),
        "status": "đang hoạt động",
        "search_key": "",
        "source": "demo",
    }
    return Enterprise(**(told | changed))


def _person(world: World, name: str) -> UUID:
    person = Person(id=uuid7(), issuer="https://id.example", subject=name, name=name.replace("_", " ").title())
    world.session.add(person)
    return person.id


def _business(world: World, name: str, tax_code: str) -> None:
    person_id = _person(world, name)
    roles = frozenset({Role.APPLICANT})
    world.actors[name] = Actor(ActorKind.BUSINESS, name=name.title(), person_id=person_id, tax_code=tax_code, roles=roles)


def _official(world: World, name: str, unit: str, role: Role) -> None:
    person_id = _person(world, name)
    world.session.add(RoleGrant(id=uuid7(), person_id=person_id, role=role, unit=unit, valid_from=AT, granted_by="test"))
    shown = name.replace("_", " ").title()
    world.actors[name] = Actor(ActorKind.OFFICIAL, name=shown, person_id=person_id, unit=unit, roles=frozenset({role}))


def report(
    tax_code: str,
    indication: Indication = Indication.TOTAL_PASSED,
    *,
    verdict: Verdict = Verdict.VALID,
    codes: tuple[str, ...] = (),
    coverage: Coverage = Coverage.ENTIRE_FILE,
    modification: Modification = Modification.NONE,
) -> Report:
    """What the engine says of a file signed by the holder of `tax_code`."""
    signer = Signer("Công ty", "Công ty", tax_code, None, None, "01", "CA", "ef" * 32)
    signature = Signature(
        field="ChuKy",
        kind=Kind.SIG,
        level=Level.T,
        indication=indication,
        subindication=None,
        signer=signer,
        role=SignerRole.FILER,
        label=Label.PUBLIC,
        signing_time=None,
        coverage=coverage,
        modification=modification,
        revocation=Revocation(Revoked.GOOD, "crl"),
        timestamp=None,
        algorithm="sha256_rsa",
        findings=tuple(finding(code) for code in codes),
    )
    return Report(verdict, "ab" * 32, 1000, "test", 1, AT, (), (signature,))


def unknown(tax_code: str) -> Report:
    """Revocation could not be learnt."""
    return report(tax_code, Indication.INDETERMINATE, verdict=Verdict.INDETERMINATE, codes=("REV_UNKNOWN",))


def untrusted(tax_code: str) -> Report:
    """Signed under an authority that nobody recognises."""
    return report(tax_code, Indication.INDETERMINATE, verdict=Verdict.INDETERMINATE, codes=("CERT_UNTRUSTED",))


def unsigned() -> Report:
    return Report(Verdict.UNSIGNED, "ab" * 32, 1000, "test", 1, AT, (finding("DOC_NO_SIGNATURE"),), ())


def altered(tax_code: str) -> Report:
    return report(tax_code, Indication.TOTAL_FAILED, verdict=Verdict.INVALID, codes=("SIG_MODIFIED_AFTER",))
