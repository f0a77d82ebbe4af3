"""All routers of the door for people; `main` mounts them."""

from fastapi import APIRouter, Depends, Request

from app.core.errors import NotFound
from app.core.text import has_unwanted
from app.web import (
    admin,
    agreements,
    agreements_desk,
    agreements_given,
    agreements_public,
    business,
    calendars,
    checking,
    closed_books,
    data_catalogue,
    developer,
    developer_desk,
    evidence,
    inspection_photos,
    machine_keys,
    official,
    official_course,
    official_files,
    official_notices,
    printing,
    problems,
    public,
    read_questions,
    roster,
    signed_back,
    signing_queue,
    units,
)


def plain_address(request: Request) -> None:
    """An address with control or invisible characters leads nowhere; no database takes them either."""
    asked = [
        request.url.path,
        *request.path_params.values(),
        *(text for pair in request.query_params.multi_items() for text in pair),
    ]
    if any(has_unwanted(str(text)) for text in asked):
        raise NotFound


_every = APIRouter(dependencies=[Depends(plain_address)])
_officials = (
    official.router,
    official_course.router,
    evidence.router,
    *inspection_photos.routers,
    official_files.router,
    official_notices.router,
    printing.router,
    closed_books.router,
    signing_queue.router,
    signed_back.router,
    units.router,
    *roster.routers,
    agreements.router,
    agreements_given.router,
    agreements_desk.router,
    developer_desk.router,
)
for _router in (
    public.router,
    checking.router,
    agreements_public.router,
    problems.router,
    data_catalogue.router,
    developer.router,
    *business.routers,
    *_officials,
    *admin.routers,
    calendars.router,
    machine_keys.router,
    read_questions.router,
):
    _every.include_router(_router)
routers: list[APIRouter] = [_every]
