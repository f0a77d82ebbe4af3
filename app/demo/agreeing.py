"""The demo agreement, made as people make one: drafted, shown, agreed, proposed, signed by both sides, brought into force.

Every signature is a real one of the demo's authorities; they are asked in this process, because nothing is served yet.
"""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.core import clock
from app.core.actor import Actor, ActorKind
from app.core.blobs import blobs_of
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.core.settings import Settings
from app.core.text import Text
from app.demo.personas import ADMINISTRATORS, CONTACT_OFFICER, MINISTER, STEWARD, TAX_OFFICE, Persona
from app.demo.pki import Pki, pki_of, seal
from app.demo.sign import signed, stamper
from app.issued.press import Press
from app.registers.rules import SCHEMAS, Dataset, FieldClass
from app.sharing import agreements, agreements_drafts, agreements_papers, agreements_seen
from app.sharing.rules import ITEM_NAME, Basis, Grant, Purpose, Remark, Terms

AGREEMENT = "TT-2026-02"
PURPOSE = "kiem-tra-thue"
_ITEMS = {
    "parties": "Bộ Công Thương cung cấp dữ liệu; Cục Thuế khai thác dữ liệu.",
    "content": "Giấy phép, giấy chứng nhận do Bộ cấp và tình trạng hồ sơ, theo các trường nêu trong thỏa thuận.",
    "place": "Trên môi trường mạng, qua giao diện chia sẻ dữ liệu của Cổng.",
    "duration": "Theo thời hạn của thỏa thuận; gia hạn bằng phiên bản sửa đổi.",
    "method": "Đọc từng bản ghi, đọc theo danh sách và nhận thay đổi qua giao diện lập trình.",
    "post_processing": "Bên khai thác chỉ đối chiếu với dữ liệu quản lý thuế, không cung cấp lại cho bên thứ ba.",
    "limits": "Chỉ dùng cho mục đích đã nêu và trong số lần đọc cho phép.",
    "commitments": "Mỗi lần đọc có mã vụ việc; doanh nghiệp được xem ai đã đọc dữ liệu của mình.",
    "security": "Mã truy cập gắn với khóa của bên khai thác; kết nối mã hóa; khóa được thay định kỳ.",
    "storage": "Bên khai thác lưu dữ liệu trong hồ sơ vụ việc, không lập kho dữ liệu riêng.",
    "deletion": "Xóa trong 30 ngày kể từ khi kết thúc vụ việc hoặc khi thỏa thuận chấm dứt.",
    "other": "Vướng mắc được trả lời trong 7 ngày làm việc.",
}


def terms(at: datetime) -> Terms:
    """Public fields of licences and of dossiers' status, from this year's first day on."""
    today = clock.day_in_vietnam(at)
    return Terms(
        code=AGREEMENT,
        party=TAX_OFFICE,
        title=Text("Chia sẻ dữ liệu giấy phép cho cơ quan thuế", "Sharing licence data with the tax office"),
        purposes=(Purpose(PURPOSE, Text("Kiểm tra việc chấp hành pháp luật thuế", "Checking compliance with tax law")),),
        legal_basis=(Basis("Nghị định 278/2025/NĐ-CP", "Điều 7"), Basis("Luật Dữ liệu 60/2024/QH15", "Điều 18")),
        items={key: _ITEMS[key] for key in ITEM_NAME},
        valid_from=date(today.year, 1, 1),
        valid_to=date(today.year + 5, 12, 31),
        grants=tuple(Grant(dataset, _public_fields(dataset)) for dataset in (Dataset.LICENCES, Dataset.DOSSIERS)),
    )


def _public_fields(dataset: Dataset) -> tuple[str, ...]:
    return tuple(field.name for field in SCHEMAS[dataset].fields if field.classed is FieldClass.PUBLIC)


async def seed(sessions: Sessions, settings: Settings, *, at: datetime) -> None:
    """Bring the demo agreement into force. Changes nothing when it ever was."""
    async with transaction(sessions) as session:
        if any(card.code == AGREEMENT for card in await agreements_seen.versions(session, party=TAX_OFFICE)):
            return
    pki = pki_of(settings)
    async with signing.Pool(size=1) as pool, transaction(sessions) as session:
        press = Press.of(settings, sessions=sessions, blobs=blobs_of(settings), pool=pool)
        press = replace(press, stamper=lambda _rules: stamper(pki), gather=pki.gather)
        await _agree(session, settings, press, pki, at=at)


async def _agree(session: AsyncSession, settings: Settings, press: Press, pki: Pki, *, at: datetime) -> None:
    steward, partner, leader, second = (_actor(settings, one) for one in (STEWARD, CONTACT_OFFICER, MINISTER, ADMINISTRATORS[0]))
    draft_id = await agreements_drafts.begin(session, steward, code=AGREEMENT, party=TAX_OFFICE, at=at)
    draft = await agreements_drafts.save(session, steward, draft_id, 1, lambda _: terms(at), at=at)
    await agreements_drafts.show(session, steward, draft_id, at=at)
    await agreements_drafts.remark(session, partner, draft_id, kind=Remark.AGREED, about="", text="Thống nhất nội dung.", at=at)
    made = await agreements_drafts.propose(session, steward, draft_id, draft.revision, at=at)
    await session.flush()
    await agreements_papers.prepare(session, AGREEMENT, made.version, press=press)
    await _sign_for_partner(session, partner, press, pki, made.version, at=at)
    await agreements_papers.ask_signature(session, leader, AGREEMENT, made.version, at=at)
    await agreements_papers.sign(session, AGREEMENT, made.version, press=press, at=at)
    await agreements.activate_agreement(session, second, code=AGREEMENT, version=made.version, at=at)


async def _sign_for_partner(session: AsyncSession, partner: Actor, press: Press, pki: Pki, version: int, *, at: datetime) -> None:
    """What the other agency does with its own program."""
    paper = (await agreements_seen.version(session, AGREEMENT, version, by=partner)).paper
    if paper is None or paper.prepared_key is None:
        raise RuntimeError("the paper of the demo agreement was not printed")
    content = await press.blobs.get(paper.prepared_key, paper.id)
    key: UUID = uuid7()
    await press.blobs.put_bytes(key, paper.id, await signed(pki, content, seal(TAX_OFFICE)))
    await agreements_papers.take_signed(session, partner, AGREEMENT, version, key=key, at=at)
    await agreements_papers.accept(session, AGREEMENT, version, press=press, at=at)


def _actor(settings: Settings, persona: Persona) -> Actor:
    person_id = persona.person_id(settings.oidc_issuer)
    roles = frozenset(persona.roles)
    return Actor(ActorKind.OFFICIAL, name=persona.name, person_id=person_id, unit=persona.unit, roles=roles)
