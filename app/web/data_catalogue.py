"""For everybody: which data the ministry shares at all, field by field, and on which conditions."""

from fastapi import APIRouter, Depends, Request

from app.core.entry import anyone
from app.core.text import Text
from app.registers.rules import SCHEMAS, FieldClass
from app.sharing import catalogue
from app.web.deps import Session, visitor
from app.web.pages import Shown, page

CLASSES = {
    FieldClass.PUBLIC: Text("công khai", "public"),
    FieldClass.INTERNAL: Text("nội bộ", "internal"),
    FieldClass.PERSONAL: Text("cá nhân", "personal"),
    FieldClass.SENSITIVE: Text("nhạy cảm", "sensitive"),
}
router = APIRouter(dependencies=[Depends(anyone), Depends(visitor)])


@router.get("/danh-muc-du-lieu")
async def data_catalogue(request: Request, session: Session) -> Shown:
    """The datasets with their fields, how personal each field is, and when a record was last written."""
    fresh = await catalogue.newest(session)
    shown = [(schema, fresh.get(schema.dataset)) for schema in SCHEMAS.values()]
    party = await catalogue.contact(session)
    return page(request, "public/data_catalogue.html", datasets=shown, classes=CLASSES, party=party)
