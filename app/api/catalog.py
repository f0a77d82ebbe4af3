"""The door to the catalogue of shared data: JSON-LD for machines; a browser is sent to the page for people."""

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from app.api.deps import Session
from app.core.entry import anyone
from app.sharing import catalogue

PAGE = "/danh-muc-du-lieu"
KIND = "application/ld+json"
_HEADERS = {"vary": "Accept", "cache-control": "public, max-age=300"}
router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)


@router.get("/catalog")
async def catalog(request: Request, session: Session) -> Response:
    """DCAT-AP; `Accept: text/html` without JSON leads to the page."""
    accepted = request.headers.get("accept", "")
    if "text/html" in accepted and "json" not in accepted:
        return RedirectResponse(PAGE, 303, _HEADERS)
    issuer = request.app.state.settings.issuer
    made = catalogue.catalogue(issuer, await catalogue.newest(session), await catalogue.contact(session))
    return Response(orjson.dumps(made), headers=_HEADERS, media_type=KIND)
