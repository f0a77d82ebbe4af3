"""Officials print the control sheet of a dossier and the register book of their desk; nobody else does."""

import subprocess

import pytest
from fastapi import FastAPI

from app.core.db import Sessions
from app.core.settings import Settings
from tests.web.test_official import Office, received, sealed, submitted

BOOK = "/can-bo/so-theo-doi"


@pytest.fixture
def office(world: FastAPI, sessions: Sessions, settings: Settings) -> Office:
    return Office(world, sessions, settings)


def words(pdf: bytes) -> str:
    read = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(read.stdout.decode().split())


async def test_the_control_sheet_of_a_received_dossier_is_printed_from_what_happened(office: Office):
    address = await office.have(sealed)
    officer = await office.be("cv-918-1")
    page = await officer.get(address)
    assert f"{address}/phieu-kiem-soat.pdf" in page.text
    answer = await officer.http.get(f"{address}/phieu-kiem-soat.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    said = words(answer.content)
    assert "Bản in làm việc, chưa đóng dấu" in said
    assert "Nộp hồ sơ trực tuyến" in said
    assert "Quyết định và ký" in said


async def test_there_is_no_control_sheet_before_a_dossier_is_received(office: Office):
    address = await office.have(submitted)
    answer = await (await office.be("mc-1")).http.get(f"{address}/phieu-kiem-soat.pdf")
    assert answer.status_code == 404


async def test_the_desk_opens_its_book_and_takes_a_volume_home(office: Office):
    address = await office.have(received)
    desk = await office.be("mc-1")
    shown = await desk.get(BOOK)
    assert "Quyển 1/1" in shown.text
    link = shown.text.split(f'href="{BOOK}/quyen/')[1].split('"')[0].replace("&amp;", "&")
    answer = await desk.http.get(f"{BOOK}/quyen/{link}")
    assert answer.status_code == 200
    said = words(answer.content)
    assert "SỔ THEO DÕI HỒ SƠ" in said
    number = (await desk.get(address)).text.split("<title>")[1].split(" ")[0].strip()
    assert number in said.replace(" ", "")
    assert (await desk.http.get(f"{BOOK}/quyen/9.pdf?{link.partition('?')[2]}")).status_code == 404


@pytest.mark.parametrize("who, status", [("qt-2", 200), ("cv-918-1", 403), ("dn-9900000030", 403)])
async def test_only_the_desk_and_those_who_read_all_open_the_book(office: Office, who: str, status: int):
    assert (await (await office.be(who)).http.get(BOOK)).status_code == status


async def test_another_desks_book_is_not_there(office: Office):
    desk = await office.be("mc-1")
    assert (await desk.http.get(f"{BOOK}?quay=G02.918")).status_code == 404
    assert (await desk.http.get(f"{BOOK}?nam=abc&thang=13&quyen=-1")).status_code == 200
