"""A person has signed out at the identity provider: the sessions here end too."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM
from app.core.errors import Unreachable
from app.identity import oidc
from app.identity.models import Person, ProviderMetadata, WebSession


async def leave_everywhere(session: AsyncSession, client: oidc.Client, token: str, *, at: datetime) -> int:
    """End what a logout token of the provider says has ended; how many sessions. `SignInRefused` when it is not good."""
    known = await session.get(ProviderMetadata, client.issuer)
    if known is None:
        raise Unreachable
    said = oidc.check_logout_token(client, oidc.provider_of(client, known.document, known.jwks), token, at=at)
    theirs = select(Person.id).where(Person.issuer == client.issuer)
    if said.subject:
        theirs = theirs.where(Person.subject == said.subject)
    ended = update(WebSession).where(WebSession.person_id.in_(theirs), WebSession.revoked_at.is_(None))
    ended = ended.where(WebSession.created_at <= said.issued_at + oidc.LEEWAY)
    if said.sid:
        ended = ended.where(WebSession.provider_sid == said.sid)
    people = list(await session.scalars(ended.values(revoked_at=at).returning(WebSession.person_id)))
    for person_id in people:
        told = {"by": "provider"}
        record(session, SYSTEM, Event.SIGNED_OUT, subject_kind="person", subject_id=person_id, detail=told, at=at)
    return len(people)
