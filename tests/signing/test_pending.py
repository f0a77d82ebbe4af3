"""A signature that waits for its owner: begun here, kept as JSON, finished by another process, the same file."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from signing import FieldBox, Policy, Seat, Verdict, check, prepare, seal
from signing.keys import KeyFailed
from signing.model import Level
from signing.pending import Begun, Pending, begin, complete

PERSON = FieldBox("ChuKy", "Chữ ký của người có thẩm quyền", (330, 300, 540, 362))
SEAL = FieldBox("ConDau", "Chữ ký số của cơ quan", (260, 300, 470, 362))


@pytest.fixture(scope="module")
def prepared(paper) -> bytes:
    return prepare(paper, [PERSON, SEAL])


@pytest.mark.parametrize("label", ["seal", "official"])
async def test_what_was_begun_is_finished_by_another_process(pki, prepared, label):
    signer = pki.signer(label)
    begun = await begin(prepared, Seat(signer, "ChuKy"), certify=True)
    kept = json.dumps(begun.pending.to_json())

    pending = Pending.from_json(json.loads(kept))
    signature = await signer.sign(pending.digest, pending.mechanism)
    signed = await complete(Begun(begun.pdf, pending), signature, pki.tsa())
    sealed = await seal(signed, Seat(pki.signer("seal"), "ConDau"), pki.tsa())

    at = datetime.now(UTC)
    report = check(sealed, Policy(at=at, trust=pki.trust, evidence=pki.evidence(at)))
    assert report.verdict is Verdict.VALID, report.codes
    assert [s.level for s in report.signatures] == [Level.T, Level.T]


async def test_nobody_is_asked_before_the_person_agrees(pki, prepared):
    class Silent:
        certificate, chain, pss = pki.cert("seal").dump(), pki.chain("seal"), True

        async def sign(self, digest: bytes, mechanism: str) -> bytes:
            raise AssertionError("asked too early")

    assert (await begin(prepared, Seat(Silent(), "ChuKy"), certify=True)).pending.mechanism == "rsassa_pss"


async def test_a_signature_over_something_else_is_not_put_in(pki, prepared):
    begun = await begin(prepared, Seat(pki.signer("seal"), "ChuKy"), certify=True)
    other = await pki.signer("seal").sign(bytes(32), "rsassa_pss")
    foreign = await pki.signer("biz").sign(begun.pending.digest, "rsassa_pss")
    for wrong in (other, foreign, b"", bytes(256)):
        with pytest.raises(KeyFailed, match="does not fit"):
            await complete(begun, wrong, pki.tsa())


async def test_pkcs1_v15_is_kept_in_mind(pki, prepared):
    begun = await begin(prepared, Seat(replace(pki.signer("seal"), pss=False), "ChuKy"), certify=True)
    signature = await pki.signer("seal").sign(begun.pending.digest, begun.pending.mechanism)

    report = check(await complete(begun, signature, pki.tsa()), Policy(at=datetime.now(UTC), integrity_only=True))
    assert (begun.pending.mechanism, report.signatures[0].algorithm) == ("rsassa_pkcs1v15", "rsassa_pkcs1v15")
