"""The paper of an agreement: printed as PDF/A, signed by the other side with its own certificate, then by the ministry."""

import base64
import json
from io import BytesIO

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256

import signing
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import NotAllowed, NotFound, WrongState
from app.core.ids import uuid7
from app.core.permissions import Role
from app.identity.models import Person
from app.issued.press import Press
from app.sharing import actions, agreements
from app.sharing import agreements_papers as papers
from app.sharing.models import Agreement, AgreementPaper
from signing.model import Verdict
from tests.issued.conftest import LEADER, broken, dossier, keys, pki, pool, press
from tests.issued.test_render import findings, text_of
from tests.machines import party, terms
from tests.pki import AGENCY, NOW, Pki

__all__ = ["broken", "dossier", "keys", "pki", "pool", "press"]
CODE = "TT-01"
# Several signatures leave the first (see the design of documents); an invisible field that is not ours, the others.
OF_THEIR_PROGRAM = {"PDFA3A-SIGNATURE-BYTERANGE-001", "PDFUA1-WIDGET-FORM-TAG-001", "PDFUA1-FORM-FIELD-TU-ALT-001"}


def partner(unit: str = "CT") -> Actor:
    return Actor(ActorKind.OFFICIAL, "Trần Văn Thuế", person_id=uuid7(), unit=unit, roles=frozenset({Role.CONTACT_OFFICER}))


def leader() -> Actor:
    return Actor(ActorKind.OFFICIAL, "Lương", person_id=LEADER, unit="G02", roles=frozenset({Role.MINISTRY_LEADER}))


@pytest.fixture
async def proposed(session, press: Press, dossier) -> None:
    """A version whose paper is printed; the trust store is that of the test's authorities (`dossier` puts it into force)."""
    session.add(Person(id=LEADER, issuer="i", subject="lb", name="Lương Văn Minh Họa"))
    await party(session, "G02")
    await party(session, "CT")
    contact = {"contact": "Đầu mối", "phone": "000", "email": "a@example.vn"}
    said = {"code": "CT", "name_vi": "Cục Thuế", "name_en": "Tax Department", "budget_code": AGENCY, **contact}
    await actions.register_party(session, SYSTEM, **said, at=NOW)
    await agreements.propose_agreement(session, SYSTEM, terms(), at=NOW)
    await papers.order(session, CODE, 1, at=NOW)
    await session.flush()
    await papers.prepare(session, CODE, 1, press=press)


async def paper_of(session) -> AgreementPaper:
    return await session.get_one(AgreementPaper, (CODE, 1))


async def file(session, press: Press, name: str) -> bytes:
    row = await paper_of(session)
    return await press.blobs.get(getattr(row, f"{name}_key"), row.id)


async def bring_back(session, press: Press, content: bytes) -> str | None:
    """The other side brings this file; the answer is the word for what is wrong with it."""
    row, key = await paper_of(session), uuid7()
    await press.blobs.put_bytes(key, row.id, content)
    await papers.take_signed(session, partner(), CODE, 1, key=key, at=NOW)
    await papers.accept(session, CODE, 1, press=press, at=NOW)
    return row.problem


async def test_both_sides_sign_and_machines_read_what_people_signed(session, press: Press, pki: Pki, proposed):
    prepared = await file(session, press, "prepared")
    assert await bring_back(session, press, await signing.sign_paper(prepared, pki.signer("agency"), tsa=pki.tsa())) is None
    await papers.ask_signature(session, leader(), CODE, 1, at=NOW)
    await papers.sign(session, CODE, 1, press=press, at=NOW)
    agreement, paper = await session.get_one(Agreement, (CODE, 1)), await paper_of(session)
    assert paper.problem is None
    assert (agreement.status, [one["party"] for one in agreement.signatures]) == ("signed", ["CT", "G02"])

    report = await press.report(pdf := await file(session, press, "file"), await press.ground(session, NOW))
    assert (report.verdict, report.sha256) == (Verdict.VALID, agreement.signatures[1]["signature"])
    assert next(one.signer.o for one in report.signatures if one.signer) == "Cục Thuế"
    assert pdf.startswith(prepared)
    assert set(findings(pdf)) <= OF_THEIR_PROGRAM
    assert payload_of(agreement.jws or "", pki) == terms().content(1)


def payload_of(jws: str, pki: Pki) -> bytes:
    """What the ministry's seal signed, read as any library would."""
    header, payload, signature = jws.split(".")
    key = x509.load_der_x509_certificate(pki.cert("seal").dump()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(_raw(signature), f"{header}.{payload}".encode(), PSS(MGF1(SHA256()), 32), SHA256())
    assert json.loads(_raw(header))["alg"] == "PS256"
    return _raw(payload)


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_the_paper_carries_the_json_that_is_hashed(session, press: Press, proposed):
    pdf = await file(session, press, "prepared")
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert opened.attachments["thoa-thuan.json"].get_file().read_bytes() == terms().content(1)
    assert terms().content_hash(1) in text_of(pdf)


WRONG = {"another agency": ("seal", "another-signer"), "a business": ("biz", "not-valid"), "a forger": ("evilbiz", "not-valid")}


@pytest.mark.parametrize("label,problem", WRONG.values(), ids=WRONG)
async def test_a_signature_of_anybody_else_is_not_the_other_sides(session, press: Press, pki: Pki, proposed, label, problem):
    prepared = await file(session, press, "prepared")
    assert await bring_back(session, press, await signing.sign_paper(prepared, pki.signer(label), tsa=pki.tsa())) == problem
    assert (await session.get_one(Agreement, (CODE, 1))).signatures == []
    signed = await signing.sign_paper(prepared, pki.signer("agency"), tsa=pki.tsa())
    assert await bring_back(session, press, signed) is None  # the right one is taken afterwards


async def test_a_paper_of_other_terms_is_not_taken_however_well_signed(session, press: Press, pki: Pki, proposed):
    agreement = await session.get_one(Agreement, (CODE, 1))
    sides = await papers._sides(session, agreement)
    other = papers.drawn(agreement, (sides[1], sides[0]), NOW, press.public_url)
    assert await bring_back(session, press, await signing.sign_paper(other, pki.signer("agency"))) == "other-bytes"


async def test_only_the_partys_own_officer_brings_it_and_only_a_leader_signs(session, press: Press, pki: Pki, proposed):
    with pytest.raises(NotFound):
        await papers.take_signed(session, partner("G12-X"), CODE, 1, key=uuid7(), at=NOW)
    with pytest.raises(NotAllowed):
        await papers.take_signed(session, leader(), CODE, 1, key=uuid7(), at=NOW)
    with pytest.raises(NotAllowed):
        await papers.ask_signature(session, partner(), CODE, 1, at=NOW)
    with pytest.raises(WrongState, match="not-countersigned"):
        await papers.ask_signature(session, leader(), CODE, 1, at=NOW)


async def test_while_a_service_is_silent_the_signature_waits_and_comes_later(session, press, broken, pki: Pki, proposed):
    prepared = await file(session, press, "prepared")
    await bring_back(session, press, await signing.sign_paper(prepared, pki.signer("agency"), tsa=pki.tsa()))
    await papers.ask_signature(session, leader(), CODE, 1, at=NOW)
    await papers.sign(session, CODE, 1, press=broken, at=NOW)
    assert (await paper_of(session)).problem == "later"
    await papers.sign(session, CODE, 1, press=press, at=NOW)
    assert (await session.get_one(Agreement, (CODE, 1))).status == "signed"
