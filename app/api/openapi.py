"""The descriptions of our two interfaces for machines: OpenAPI 3.1, made from the routes themselves."""

from fastapi import APIRouter, Depends

from app.core.entry import anyone

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)
