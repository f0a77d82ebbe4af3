"""Results that wait for the leader's own key: approved together under one consent, or signed elsewhere and brought back."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.core.ids import uuid7
from app.issued import approving
from app.issued.models import IssuedApproval, IssuedDocument
from app.issued.rules import State, Way
from tests.make import pdf
from tests.web.test_official import Office, act, office, reviewed

__all__ = ["office"]
CONTENT = pdf(8_000)


async def decided(office: Office, way: Way) -> tuple[UUID, UUID]:
    """A dossier decided by the leader whose key asks for more; the job that prepares its file is played."""
    address = await office.have(reviewed)
    await act(await office.be("lc-918"), address, "/quyet-dinh", outcome="granted")
    dossier_id = UUID(address.rpartition("/")[2])
    async with transaction(office.sessions) as session:
        wanted = select(IssuedDocument).where(IssuedDocument.dossier_id == dossier_id, IssuedDocument.kind == "result")
        document = (await session.scalars(wanted)).one()
        document.state, document.way = State.WAITING, way
        if way is Way.UPLOAD:
            document.prepared_key = uuid7()
            await office.app.state.blobs.put_bytes(document.prepared_key, dossier_id, CONTENT)
        return dossier_id, document.id


async def test_documents_are_approved_together_once_and_their_progress_is_shown(office: Office) -> None:
    first, second = [await decided(office, Way.APPROVAL) for _ in range(2)]
    leader = await office.be("lc-918")
    shown = await leader.get("/can-bo/ky-so")
    form = shown.form("/phe-duyet")
    chosen = [f"{dossier}:{document}" for dossier, document in (first, second)]
    nothing = await leader.send(shown, form)
    assert nothing.status == 422
    told = await leader.send(shown, form, {"van-ban": chosen, "pin": "123456"})
    assert "0/2" in told.text
    async with office.sessions() as session:
        approval = (await session.scalars(select(IssuedApproval).order_by(IssuedApproval.asked_at.desc()))).first()
    assert approval is not None
    assert approval.total == 2
    assert b"123456" not in (approval.secret or b"")
    again = await leader.send(shown, form, {"van-ban": chosen})
    assert again.status == 409
    assert "đang được ký" in again.text
    assert "Đang ký" in (await leader.get("/can-bo/ky-so")).text


async def test_another_leader_sees_and_approves_none_of_it(office: Office) -> None:
    dossier, document = await decided(office, Way.APPROVAL)
    other = await office.be("lc-914")
    shown = await other.get("/can-bo/ky-so")
    assert str(document) not in shown.text
    csrf = next(form for form in shown.forms() if form.fields.get("csrf")).fields["csrf"][0]
    sent = {"csrf": csrf, "van-ban": [f"{dossier}:{document}"]}
    answer = await other.http.post("/can-bo/ky-so/phe-duyet", data=sent, headers={"origin": other.portal})
    assert answer.status_code == 404


async def test_a_file_signed_elsewhere_is_fetched_and_brought_back(office: Office, tmp_path: Path) -> None:
    dossier, document = await decided(office, Way.UPLOAD)
    leader, other = await office.be("lc-918"), await office.be("lc-914")
    address = f"/can-bo/ho-so/{dossier}/van-ban/{document}/de-ky"
    assert (await leader.get(address)).content == CONTENT
    assert (await other.get(address)).status == 404
    signed = tmp_path / "da-ky.pdf"
    signed.write_bytes(CONTENT + b"signed")
    shown = await leader.get("/can-bo/ky-so")
    form = shown.form(f"/ky-so/nop/{dossier}/{document}")
    assert (await leader.send(shown, form, files=[("tep", signed)])).status == 200
    async with office.sessions() as session:
        row = await session.get(IssuedDocument, (dossier, document))
    assert row is not None
    assert row.upload_key is not None
    assert await office.app.state.blobs.get(row.upload_key, dossier) == CONTENT + b"signed"
    assert "đang được kiểm tra" in (await leader.get("/can-bo/ky-so")).text


async def test_no_file_and_one_too_large_are_told_in_the_queue_beside_their_place(
    office: Office, tmp_path: Path, monkeypatch
) -> None:
    dossier, document = await decided(office, Way.UPLOAD)
    monkeypatch.setattr(approving, "MOST_BYTES", len(CONTENT) - 1)
    leader, file = await office.be("lc-918"), tmp_path / "a.pdf"
    for content, status, sentence in ((b"", 422, "Hãy chọn một tệp"), (CONTENT, 413, "không thể là tệp đã lấy về")):
        file.write_bytes(content)
        shown = await leader.get("/can-bo/ky-so")
        told = await leader.send(shown, shown.form(f"/ky-so/nop/{dossier}/{document}"), files=[("tep", file)])
        assert (told.status, told.text.count(sentence), f'href="#tep-{document}"' in told.text) == (status, 2, True)
    async with office.sessions() as session:
        assert (await session.get_one(IssuedDocument, (dossier, document))).upload_key is None


@pytest.mark.parametrize("subject, status", [("lc-914", 404), ("cv-918-1", 403)], ids=["another-leader", "officer"])
async def test_nobody_else_brings_a_file(office: Office, subject: str, status: int) -> None:
    dossier, document = await decided(office, Way.UPLOAD)
    other = await office.be(subject)
    shown = await other.get("/can-bo")
    csrf = next(form for form in shown.forms() if form.fields.get("csrf")).fields["csrf"][0]
    sent = {"csrf": (None, csrf), "tep": ("a.pdf", CONTENT)}
    answer = await other.http.post(f"/can-bo/ky-so/nop/{dossier}/{document}", files=sent, headers={"origin": other.portal})
    assert answer.status_code == status
    async with office.sessions() as session:
        row = await session.get(IssuedDocument, (dossier, document))
    assert row is not None
    assert row.upload_key is None
