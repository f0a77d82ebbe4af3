"""Minutes that a business signs too: our sealed file with its one valid signature takes their place, any other file does not."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.core.errors import WrongState
from app.core.ids import uuid7
from app.dossiers.models import Dossier
from app.issued import actions, countersigning, queries
from app.issued.models import IssuedDocument
from app.issued.press import Press
from tests.issued.samples import SAMPLES
from tests.pki import BUSINESS, NOW, Pki


@pytest.fixture
async def minutes(session: AsyncSession, dossier: Dossier, press: Press) -> IssuedDocument:
    """Sealed minutes, on their way to the business."""
    made = await actions.order(
        session, SAMPLES["inspection-minutes"], dossier_id=dossier.id, unit="G02.918", series="BBKT", at=NOW
    )
    await actions.make(session, dossier.id, made.id, press=press, at=NOW)
    assert made.error is None
    return made


async def brought(session, minutes: IssuedDocument, press: Press, content: bytes) -> IssuedDocument | None:
    key = uuid7()
    await press.blobs.put_bytes(key, minutes.dossier_id, content)
    await countersigning.bring(session, minutes, key=key)
    return await countersigning.accept(session, minutes.dossier_id, minutes.id, tax_code=BUSINESS, press=press, at=NOW)


async def signed(pki: Pki, press: Press, minutes: IssuedDocument, label: str = "biz") -> bytes:
    sealed = await press.blobs.get(minutes.file_key, minutes.dossier_id)
    return await signing.sign_paper(sealed, pki.signer(label), tsa=pki.tsa(), field="DoanhNghiep")


async def test_the_signed_file_takes_its_place_and_the_sealed_one_stays_genuine(session, minutes, press, pki) -> None:
    before, content = minutes.sha256, await signed(pki, press, minutes)
    assert await brought(session, minutes, press, content) is minutes
    assert minutes.upload_key is None
    assert await press.blobs.get(minutes.file_key, minutes.dossier_id) == content
    await session.flush()
    assert [version.sha256 for version in await queries.versions(session, minutes.dossier_id, minutes.id)] == [before]


async def wrong_files(pki: Pki, press: Press, minutes: IssuedDocument) -> dict[str, bytes]:
    once = await signed(pki, press, minutes)
    twice = await signing.sign_paper(once, pki.signer("biz"), tsa=pki.tsa(), field="LanHai")
    sealed = await press.blobs.get(minutes.file_key, minutes.dossier_id)
    return {
        "other-bytes": sealed.replace(b"%PDF-1.7", b"%PDF-1.6") + b"\n",
        "not-one": twice,
        "another-signer": await signed(pki, press, minutes, "bizother"),
        "not-valid": await signed(pki, press, minutes, "bizrev"),
    }


async def test_any_other_file_is_turned_down_with_its_reason(session, minutes, press, pki) -> None:
    sealed = minutes.file_key
    for why, content in (await wrong_files(pki, press, minutes)).items():
        assert await brought(session, minutes, press, content) is None
        assert (minutes.error, minutes.upload_key, minutes.file_key) == (why, None, sealed)
    assert set(countersigning.WHY_NOT) >= {"other-bytes", "not-one", "another-signer", "not-valid"}


async def test_a_second_file_waits_until_the_first_is_judged(session, minutes) -> None:
    await countersigning.bring(session, minutes, key=uuid7())
    with pytest.raises(WrongState):
        await countersigning.bring(session, minutes, key=uuid7())
