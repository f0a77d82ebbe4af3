"""The portal with its demo people, for tests of pages: who is signed in, a draft with answers, a file with a verdict."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import update

from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo import answers
from app.demo.personas import ENTERPRISES, PERSONAS
from app.demo.world import load_people
from app.documents.models import Document
from app.identity import actions as identity
from app.identity.claims import Claims
from app.worktime import actions as worktime
from tests import shipped

SELLER = "dn-9900000030"
RETAILER = "dn-9900000048"
LICENCE = "multi-level-selling-certificate"
PROMOTION = "promotion-lottery-registration"


async def seed(sessions: Sessions, settings: Settings) -> None:
    """Units, enterprises, people, the calendar and the procedures."""
    at = datetime.now(UTC)
    async with transaction(sessions) as session:
        await load_people(session, settings, at)
        await worktime.seed(session, at=at)
        await shipped.publish(session, at=at)


async def session_of(sessions: Sessions, settings: Settings, subject: str) -> str:
    """The cookie of a fresh session of one demo person."""
    persona, at = PERSONAS[subject], datetime.now(UTC)
    claims = Claims(
        iss=settings.oidc_issuer,
        sub=subject,
        acr="vneid:2",
        auth_time=int(at.timestamp()),
        name=persona.name,
        organisation=ENTERPRISES[persona.tax_code] if persona.tax_code else None,
    )
    async with transaction(sessions) as session:
        return await identity.sign_in(session, persona.person_id(settings.oidc_issuer), claims, replaces=None, at=at)


def demo_answers(slug: str) -> dict[str, Any]:
    """What the demo business types into the form of `slug`."""
    known: dict[str, Any] = yaml.safe_load((Path(answers.__path__[0]) / f"{slug}.yaml").read_text())
    return dict(known["answers"])


async def judged(sessions: Sessions, document_id: UUID, *, verdict: str, binding: str, refusal: str | None = None) -> None:
    """Pretend that the worker has checked a file and found this."""
    found = {"state": "checked", "verdict": verdict, "binding": binding, "refusal": refusal, "checked_at": datetime.now(UTC)}
    async with transaction(sessions) as session:
        await session.execute(update(Document).where(Document.id == document_id).values(**found))
