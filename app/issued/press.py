"""The press: what the jobs need to turn facts into a signed file. Made once per worker; no table is written here."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.core.blobs import Blobs
from app.core.clock import in_vietnam
from app.core.db import Sessions
from app.core.settings import Settings
from app.core.text import Text
from app.issued import qr
from app.issued.editions import edition
from app.issued.facts import Sheet
from app.issued.keyring import Keyring
from app.issued.models import IssuedDocument
from app.issued.proof import values_of
from app.issued.render import Place, Rendered, draw_stamp, render
from app.issued.values import printed
from app.trust import actions as trust
from app.trust import queries as trusted
from signing import archive, outside
from signing.model import Indication
from signing.pending import Begun, begin, complete

# Names of the signature fields, and what a screen reader says of them.
PERSON, SEAL, TIMESTAMP = "ChuKyNguoiCoThamQuyen", "ConDauCoQuan", "DauThoiGian"
LABELS = {
    PERSON: "Chữ ký số của người có thẩm quyền",
    SEAL: "Chữ ký số của cơ quan, tổ chức",
    TIMESTAMP: "Dấu thời gian của văn bản",
}


_OFFICIALS = frozenset({signing.Role.OFFICIAL})
Stamper = Callable[[signing.FetchRules], signing.Tsa]
Gather = Callable[[Sequence[signing.Need], datetime], Awaitable[signing.Evidence]]


# What passes for a receipt: all is well, or only the authority's word is missing.
PASSES = {(Indication.TOTAL_PASSED, None), (Indication.INDETERMINATE, "TRY_LATER")}


class Unsound(RuntimeError):
    """The finished file did not pass our own check: it is not given out."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a signing job reads from the database before it starts: whom to trust, and whom it may ask."""

    trust: signing.TrustSnapshot
    rules: signing.FetchRules
    at: datetime


@dataclass(frozen=True, slots=True)
class Press:
    """Templates, the keys of this installation, its store of files, and the two voices outside: time stamps and revocation."""

    blobs: Blobs
    pool: signing.Pool
    public_url: str
    agency: str
    keyring: Keyring
    stamper: Stamper
    gather: Gather
    stamp_url: str = ""
    loopback: bool = False

    @classmethod
    def of(cls, settings: Settings, *, sessions: Sessions, blobs: Blobs, pool: signing.Pool) -> Self:
        """The press of these settings."""
        url, loopback = settings.tsa_url or "", settings.fetch_loopback

        async def gather(needs: Sequence[signing.Need], at: datetime) -> signing.Evidence:
            return await trust.gather(sessions, needs, loopback=loopback, at=at)

        return cls(
            blobs=blobs,
            pool=pool,
            public_url=settings.public_url,
            agency=settings.agency_code,
            keyring=Keyring.of(settings),
            stamper=partial(signing.HttpTsa, url),
            gather=gather,
            stamp_url=url,
            loopback=loopback,
        )

    async def ground(self, session: AsyncSession, at: datetime) -> Ground:
        """Read what a job needs to know before it starts."""
        rules = await trusted.fetch_rules(session, loopback=self.loopback, also=[self.stamp_url])
        return Ground(await trusted.snapshot(session), rules, at)

    def print(self, document: IssuedDocument) -> Rendered:
        """The document as it is before any signature. CPU: call it in a thread."""
        verify = qr.verification_url(self.public_url, document.secret)
        title = Text(document.title_vi, document.title_en)
        layout = edition(document.template, document.edition)
        values = printed(
            document.facts,
            kind=document.kind,
            edition=layout,
            title=title,
            number=document.number,
            at=document.asked_at,
            verify=verify,
        )
        return render(layout, values, qr=qr.svg(verify))

    async def seal_alone(self, document: IssuedDocument, ground: Ground) -> bytes:
        """Printed and closed by one organisation seal: PDF/A-3a and PDF/UA-1 stay whole."""
        rendered = await asyncio.to_thread(self.print, document)
        box = _box(SEAL, rendered.place("seal"))
        seat = await self._organisation(document, "framed", rendered.place("seal"), ground.at)
        return await signing.seal_only(rendered.pdf, seat, box, self.stamper(ground.rules))

    async def seal_sheet(self, sheet: Sheet, *, unit: str, link: str, ground: Ground) -> bytes:
        """A sheet of no dossier, closed by the organisation's seal; its QR code holds `link`, a page of officials."""
        values = values_of(sheet, link=link, at=ground.at) | {"proof": False}
        rendered = await asyncio.to_thread(render, edition(values["template"], values["edition"]), values, qr=qr.svg(link))
        paper = IssuedDocument(unit=unit, facts=values["facts"])  # never stored: what the seal's own words need
        seat = await self._organisation(paper, "framed", rendered.place("seal"), ground.at)
        sealed = await signing.seal_only(rendered.pdf, seat, _box(SEAL, rendered.place("seal")), self.stamper(ground.rules))
        await self.examine(sealed, ground, strict=False)
        return sealed

    async def seal_annex(self, document: IssuedDocument, annex: bytes, ground: Ground) -> bytes:
        """An annex of `document` in a file of its own, A4: the organisation's signature in words, top right of the first page."""
        place = Place("seal", 0, ANNEX_PT)
        seat = await self._organisation(document, "annex", place, ground.at)
        return await signing.seal_only(annex, seat, _box(SEAL, place), self.stamper(ground.rules))

    async def prepare(self, document: IssuedDocument) -> tuple[bytes, Place]:
        """Printed, with a field for every signature to come; and where the person's stands."""
        rendered = await asyncio.to_thread(self.print, document)
        boxes = [_box(PERSON, rendered.place("person")), _box(SEAL, rendered.place("seal"))]
        boxes.append(signing.FieldBox(TIMESTAMP, LABELS[TIMESTAMP], None))
        return await asyncio.to_thread(signing.prepare, rendered.pdf, boxes), rendered.place("person")

    async def sign(self, document: IssuedDocument, signer: UUID, ground: Ground) -> bytes:
        """Printed, every field prepared, and signed by the person; the seal is to come."""
        prepared, place = await self.prepare(document)
        seat = await self._person(document, signer, place, ground.at)
        return await signing.personal_sign(prepared, seat, self.stamper(ground.rules))

    async def begin(self, document: IssuedDocument, signer: UUID, at: datetime) -> Begun:
        """The same up to the person's key, which will be asked later."""
        prepared, place = await self.prepare(document)
        return await begin(prepared, await self._person(document, signer, place, at), certify=True)

    async def complete(self, begun: Begun, signature: bytes, ground: Ground) -> bytes:
        """What was begun, with the signature that the person's key has given."""
        return await complete(begun, signature, self.stamper(ground.rules))

    async def seal(self, document: IssuedDocument, signed: bytes, ground: Ground) -> bytes:
        """The organisation's seal over the signed file, then the evidence and the document time stamp."""
        place = Place("seal", 0, (0, 0, SEAL_PT, SEAL_PT))  # the field is there already; only its size matters
        seat = await self._organisation(document, "round", place, ground.at)
        tsa = self.stamper(ground.rules)
        sealed = await signing.seal(signed, seat, tsa)
        return await signing.finish(sealed, tsa, ground.trust, partial(self._evidence, ground), field=TIMESTAMP)

    async def extend(self, pdf: bytes, ground: Ground) -> bytes:
        """One more time stamp over a finished file, before the last one's certificate ends."""
        return await archive.extend(pdf, self.stamper(ground.rules), ground.trust, partial(self._evidence, ground))

    async def report(self, pdf: bytes, ground: Ground, *, roles: frozenset[signing.Role] | None = _OFFICIALS) -> signing.Report:
        """What our own engine says of the file: officials' signatures alone count, or everybody's."""
        needs = await self.pool.revocation_needs(pdf, ground.trust)
        evidence = await self.gather(needs, ground.at)
        policy = signing.Policy(at=ground.at, trust=ground.trust, evidence=evidence)
        if roles is not None:
            policy = replace(policy, roles=roles)
        return await self.pool.check(pdf, policy)

    async def problem_of(self, prepared: bytes, signed: bytes, signer: UUID, ground: Ground) -> str:
        """Why a file that the person signed himself may not be taken, empty when it may. Raises `Unsound` while it is unknown."""
        certificate, number = self.keyring.registered(person_key(signer))
        report = await self.report(signed, ground)
        if report.verdict is signing.Verdict.INDETERMINATE and only_waits(report):
            raise Unsound("revocation is not known yet")
        known = partial(outside.problem_of, certificate=certificate, person_id=number)
        return await asyncio.to_thread(known, prepared, signed, report) or ""

    async def examine(self, pdf: bytes, ground: Ground, *, strict: bool) -> None:
        """Raise `Unsound` unless our own engine accepts the file, and `pdfsig` as well, where it is installed.

        Not `strict`: our own seal's revocation may be unknown for the moment, so that a filer gets the receipt of what was
        filed while an authority is silent.
        """
        report = await self.report(pdf, ground)
        if report.verdict is not signing.Verdict.VALID and (strict or not only_waits(report)):
            raise Unsound(f"{report.verdict}: {', '.join(sorted(report.codes))}")
        await self._second_opinion(pdf)

    async def _second_opinion(self, pdf: bytes) -> None:
        """Raise `Unsound` when `pdfsig` finds a signature broken."""
        tool = shutil.which("pdfsig")
        if tool is None:
            return
        async with self.blobs.scratch([pdf]) as path:
            process = await asyncio.create_subprocess_exec(
                tool, "-nocert", str(path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
            heard, _ = await process.communicate()
        if faults := _faults(heard.decode(errors="replace")):
            raise Unsound(f"pdfsig: {'; '.join(faults)}")

    async def _organisation(self, document: IssuedDocument, shape: str, place: Place, at: datetime) -> signing.Seat:
        name = f"seal-{document.unit}"
        own = self.keyring.holds(name)
        facts = document.facts
        said = {"organisation": facts["office"] if own else facts["governing_body"], "at": _shown(at), "shape": shape}
        if shape == "annex":
            said |= {"number": document.number or "", "at": in_vietnam(at).isoformat(timespec="seconds")}
        key = name if own else f"seal-{self.agency}"
        if shape == "round":
            said["picture"] = self.keyring.picture(key)
        return signing.Seat(await self.keyring.signer(key), SEAL, stamp=await asyncio.to_thread(_stamp, said, place))

    async def _person(self, document: IssuedDocument, signer: UUID, place: Place, at: datetime) -> signing.Seat:
        who: dict[str, Any] = document.facts.get("signer") or document.facts["officer"]
        key = person_key(signer)
        said = {"signer": who["name"], "at": _shown(at), "shape": "personal", "picture": self.keyring.picture(key)}
        return signing.Seat(await self.keyring.signer(key), PERSON, stamp=await asyncio.to_thread(_stamp, said, place))

    async def _evidence(self, ground: Ground, needs: Sequence[signing.Need]) -> signing.Evidence:
        return await self.gather(needs, ground.at)


def only_waits(report: signing.Report) -> bool:
    """Whether nothing is wrong and only an authority has yet to answer."""
    return bool(report.signatures) and {(sign.indication, sign.subindication) for sign in report.signatures} <= PASSES


def person_key(person_id: UUID) -> str:
    """The name of a person's entry in the keyring."""
    return f"person-{person_id}"


ANNEX_PT = (373.0, 785.0, 553.0, 813.0)  # inside the right margin of 15 mm, 10 mm below the edge
SEAL_PT = 102.05  # 36 mm, the actual size of a ministry's seal


def _box(name: str, place: Place) -> signing.FieldBox:
    return signing.FieldBox(name, LABELS[name], place.box, place.page)


def _stamp(said: dict[str, Any], place: Place) -> signing.StampStyle:
    left, low, right, high = place.box
    return signing.stamp_style(draw_stamp(said | {"width": right - left, "height": high - low}))


def _faults(said: str) -> list[str]:
    """What `pdfsig` holds against a file. Poppler before 23 does not know document time stamps and says nothing of them."""
    passed_over = f"Field Name: {TIMESTAMP}", "field is not signed"  # a signer's own program may add a field beside ours
    told = [block for block in said.split("Signature #")[1:] if not any(words in block for words in passed_over)]
    if not told:
        return ["no signature seen"]
    return [block.splitlines()[1].strip() for block in told if "Signature Validation: Signature is Valid" not in block]


def _shown(at: datetime) -> str:
    return f"{in_vietnam(at):%d/%m/%Y %H:%M:%S} +07:00"
