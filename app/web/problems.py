"""The help pages that the `type` of a problem document opens: what it means and what to do, for each slug."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from fastapi import APIRouter, Depends, Request

from app.core.entry import anyone
from app.core.errors import NotFound
from app.core.text import Text
from app.web.deps import visitor
from app.web.pages import Shown, page

FILE = Path(__file__).with_name("problems.yaml")
router = APIRouter(prefix="/loi", dependencies=[Depends(anyone), Depends(visitor)])


@dataclass(frozen=True, slots=True)
class Help:
    """What is known of one slug."""

    slug: str
    status: int
    title: Text
    advice: Text


@cache
def known() -> dict[str, Help]:
    """The help of every slug, in the order of the file."""
    return {slug: _help(slug, said) for slug, said in yaml.safe_load(FILE.read_text("utf-8")).items()}


def _help(slug: str, said: dict[str, list[str]]) -> Help:
    (title_vi, advice_vi), (title_en, advice_en) = said["vi"], said["en"]
    return Help(slug, int(str(said["status"])), Text(title_vi, title_en), Text(advice_vi, advice_en))


@router.get("")
async def every(request: Request) -> Shown:
    """All problems that an answer may name."""
    return page(request, "public/problems.html", problems=list(known().values()))


@router.get("/{slug}")
async def one(request: Request, slug: str) -> Shown:
    """What one problem means and what to do."""
    if slug not in known():
        raise NotFound
    return page(request, "public/problem.html", problem=known()[slug])
