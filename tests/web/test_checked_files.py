"""The page of one file's check, for its owner and for the official: what is wrong, what to do, and once more, please."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from sqlalchemy import select, update

import signing
from app.audit.models import AuditRow
from app.core.db import Sessions, transaction
from app.demo.browsing import Browser
from app.documents.models import Document
from app.documents.rules import own_signature, refusal_of
from app.dossiers.models import Dossier
from signing.model import Report
from tests.dossiers.world import altered, report, unknown, unsigned, untrusted
from tests.make import pdf
from tests.web.test_papers import document_of, upload

SELLER, RETAILER = "9900000030", "9900000048"


async def found(sessions: Sessions, document_id: UUID, made: Report, *, ago: float = 60) -> None:
    """The worker's check of a file, so many seconds ago."""
    told: dict[str, Any] = {"state": "checked", "verdict": made.verdict, "binding": own_signature(made, SELLER)}
    told |= {"refusal": refusal_of(made), "report": made.to_json(), "checked_at": datetime.now(UTC) - timedelta(seconds=ago)}
    async with transaction(sessions) as session:
        await session.execute(update(Document).where(Document.id == document_id).values(next_check_at=None, **told))


@pytest.fixture
async def file(seller: Browser, draft: str, tmp_path: Path) -> str:
    """The address of a freshly uploaded file."""
    return f"{draft}/giay-to/{document_of(await upload(seller, draft, tmp_path, 'dieu-le.pdf', pdf()))}"


def id_of(file: str) -> UUID:
    return UUID(file.rpartition("/")[2])


SAID = [
    (report(SELLER), "HỢP LỆ", ["Đúng mã số thuế 9900000030", "Nơi cấp chứng thư", "Không cần làm gì với tệp này"]),
    (unknown(SELLER), "KHÔNG XÁC ĐỊNH", ["Chưa xác minh được tình trạng thu hồi", "tự hỏi lại nơi cấp", "Bạn vẫn nộp được"]),
    (untrusted(SELLER), "KHÔNG XÁC ĐỊNH", ["không do tổ chức được tin cậy cấp", "Ký lại bằng chứng thư", "chờ thêm thường"]),
    (altered(SELLER), "KHÔNG HỢP LỆ", ["đã bị thay đổi sau khi ký", "Ký số lại bản cuối cùng", "Thay tệp này"]),
    (unsigned(), "CHƯA KÝ SỐ", ["chưa được ký", "Thay tệp này"]),
    (report(RETAILER), "KHÔNG DÙNG ĐƯỢC CHO GIẤY TỜ NÀY", ["Thuộc mã số thuế khác", "Thay tệp này"]),
]


@pytest.mark.parametrize("made, headline, said", SAID, ids=["valid", "unknown", "untrusted", "altered", "unsigned", "other"])
async def test_the_owner_reads_what_is_wrong_and_what_to_do(
    seller: Browser, file: str, sessions: Sessions, made: Report, headline: str, said: list[str]
) -> None:
    await found(sessions, id_of(file), made)
    page = await seller.get(file)
    assert page.status == 200
    assert f">{headline}<" in page.text
    for words in said:
        assert words in page.text, words
    english = await seller.get(f"{file}?lang=en")
    assert "Next step" in english.text


async def test_the_button_replaces_the_file(seller: Browser, file: str, sessions: Sessions) -> None:
    await found(sessions, id_of(file), altered(SELLER))
    page = await seller.get(file)
    after = await seller.send(page, page.form("/go"))
    assert after.url.endswith("/giay-to")
    assert "dieu-le.pdf" not in after.text


async def test_asking_again_queues_one_check_remembers_who_asked_and_not_too_soon(
    seller: Browser, file: str, sessions: Sessions
) -> None:
    await found(sessions, id_of(file), unknown(SELLER))
    page = await seller.get(file)
    form = page.form("/kiem-tra-lai")
    after = await seller.send(page, form)
    assert "Đang chờ kiểm tra lại" in after.text
    with pytest.raises(LookupError):
        after.form("/kiem-tra-lai")
    assert (await seller.send(page, form)).status == 200
    async with sessions() as session:
        asked = select(AuditRow).where(AuditRow.action == "document.check_asked", AuditRow.subject_id == str(id_of(file)))
        assert len((await session.scalars(asked)).all()) == 1
    await found(sessions, id_of(file), unknown(SELLER), ago=5)
    refused = await seller.send(page, form)
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) <= 30
    assert "nửa phút" in refused.text


async def test_nobody_else_has_a_file_checked_and_nobody_after_the_end(
    seller: Browser, retailer: Browser, file: str, sessions: Sessions
) -> None:
    await found(sessions, id_of(file), unknown(SELLER))
    start = await retailer.get("/ho-so/moi/promotion-lottery-registration")
    sent = {"csrf": start.form("/ho-so/moi/").fields["csrf"][0]}
    foreign = await retailer.http.post(f"{file}/kiem-tra-lai", data=sent, headers={"origin": retailer.portal})
    assert foreign.status_code == 404
    page = await seller.get(file)
    async with transaction(sessions) as session:
        dossier = update(Dossier).where(Dossier.id == UUID(file.split("/")[-3]))
        await session.execute(dossier.values(state="withdrawn", ended_at=datetime.now(UTC)))
    assert (await seller.send(page, page.form("/kiem-tra-lai"))).status == 409


async def submitted(sessions: Sessions, file: str) -> str:
    """The official's address of the file, once its dossier is handed in."""
    async with transaction(sessions) as session:
        dossier = update(Dossier).where(Dossier.id == UUID(file.split("/")[-3]))
        reference = file[-8:].upper()
        await session.execute(dossier.values(state="submitted", reference=reference, submitted_at=datetime.now(UTC)))
    return "/can-bo" + file[file.index("/ho-so") :]


async def test_the_official_reads_what_held_at_filing_and_what_today_would_say(
    clerk: Browser, file: str, sessions: Sessions
) -> None:
    await found(sessions, id_of(file), report(SELLER))
    today = {"verdict": "INDETERMINATE", "codes": ["CERT_EXPIRED"], "as_of": "2026-11-23T03:00:00+00:00"}
    async with transaction(sessions) as session:
        await session.execute(update(Document).where(Document.id == id_of(file)).values(today=today))
    page = await clerk.get(await submitted(sessions, file))
    for words in (">HỢP LỆ<", "Xét như lúc nộp, ", "Nếu tệp này được nộp hôm nay", "Chứng thư đã hết hạn"):
        assert words in page.text, words


async def test_the_official_reads_everything_and_takes_it_away(clerk: Browser, file: str, sessions: Sessions) -> None:
    made = altered(SELLER)
    await found(sessions, id_of(file), made)
    address = await submitted(sessions, file)
    page = await clerk.get(address)
    for words in (
        "KHÔNG HỢP LỆ",
        "SIG_MODIFIED_AFTER",
        "Các bước kiểm tra bắt buộc",
        "Không đạt",
        "TOTAL_FAILED",
        "Kho chứng thư",
    ):
        assert words in page.text, words
    told = json.loads((await clerk.get(f"{address}/bao-cao.json")).content)
    jsonschema_rs.validator_for(signing.schema()).validate(told)
    assert told == made.to_json()
    root = ET.fromstring((await clerk.get(f"{address}/bao-cao.xml")).content)
    assert root.tag.endswith("ValidationReport")
    paper = await clerk.get(f"{address}/bao-cao.pdf")
    assert paper.content.startswith(b"%PDF")
    assert "attachment" in paper.headers["content-disposition"]


async def test_the_official_has_a_file_checked_again(clerk: Browser, file: str, sessions: Sessions) -> None:
    await found(sessions, id_of(file), unknown(SELLER))
    page = await clerk.get(await submitted(sessions, file))
    after = await clerk.send(page, page.form("/kiem-tra-lai"))
    assert after.status == 200
    assert "Đang chờ kiểm tra" in after.text


async def test_there_is_no_report_of_a_file_that_was_not_checked_and_no_xml_without_signature(
    clerk: Browser, seller: Browser, file: str, sessions: Sessions
) -> None:
    assert (await seller.get(f"{file}/phieu-kiem-tra.pdf")).status == 404
    await found(sessions, id_of(file), unsigned())
    assert (await seller.get(f"{file}/phieu-kiem-tra.pdf")).content.startswith(b"%PDF")
    address = await submitted(sessions, file)
    assert (await clerk.get(f"{address}/bao-cao.xml")).status == 404
