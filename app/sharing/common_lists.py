"""The common code lists that come with the portal (danh mục dùng chung), in full or as a sample marked as one."""

import csv
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.words import code_list
from app.core.text import Text
from app.registers.codelists import Code, CodeList, adopt, is_ours
from app.registers.importing import read

_FROM_FILES = (
    ("provinces", "Tỉnh, thành phố trực thuộc trung ương", "Provinces and cities", "NQ 202/2025/QH15; QĐ 19/2025/QĐ-TTg", False),
    ("communes", "Xã, phường, đặc khu", "Communes and wards", "QĐ 19/2025/QĐ-TTg", True),
    ("hs-codes", "Mã hàng hóa (HS)", "Goods codes (HS)", "TT 31/2022/TT-BTC", True),
    ("cas-numbers", "Số CAS của hóa chất", "CAS numbers of chemicals", "Chemical Abstracts Service", True),
    ("vsic", "Ngành kinh tế (VSIC)", "Economic activities (VSIC)", "QĐ 27/2018/QĐ-TTg", True),
    ("agencies", "Mã định danh cơ quan", "Codes of agencies", "QĐ 20/2020/QĐ-TTg", True),
    ("document-kinds", "Loại văn bản hành chính", "Kinds of administrative documents", "NĐ 30/2020/NĐ-CP, Phụ lục III", False),
    ("result-kinds", "Loại kết quả giải quyết", "Kinds of results", None, False),
    ("licence-statuses", "Tình trạng hiệu lực của văn bản", "Statuses of a licence", None, False),
    ("dossier-statuses", "Trạng thái hồ sơ quốc gia", "National statuses of a dossier", None, False),
)
_OF_THE_CATALOGUE = (
    ("countries", "Quốc gia, vùng lãnh thổ", "Countries and territories", "ISO 3166-1; Unicode CLDR"),
    ("currencies", "Tiền tệ", "Currencies", "ISO 4217"),
)
_MESSAGES = "Danh mục của thông điệp Cổng Dịch vụ công quốc gia", "A list of the national portal's messages"


def shipped() -> Iterator[CodeList]:
    """Every list that comes with the portal."""
    for name, vi, en, source, sample in _FROM_FILES:
        yield CodeList(name, Text(vi, en), read(_text(name), name), source, sample)
    for name, vi, en, source in _OF_THE_CATALOGUE:
        codes = [Code(code, title.vi, title.en, certainty="as in the source") for code, title in code_list(name).items()]
        yield CodeList(name, Text(vi, en), codes, source, name == "currencies")
    yield from _messages()


def _messages() -> Iterator[CodeList]:
    """The short lists of the national messages that were found in public documents."""
    found: dict[str, list[Code]] = {}
    for row in csv.DictReader(_text("messages").splitlines()):
        found.setdefault(row["list"], []).append(Code(row["code"], row["name_vi"], row["name_en"], certainty=row["certainty"]))
    vi, en = _MESSAGES
    for name, codes in found.items():
        yield CodeList(name, Text(f"{vi}: {name}", f"{en}: {name}"), codes)


def _text(name: str) -> str:
    return (files("app.registers") / "data" / f"{name}.csv").read_text("utf-8")


async def adopt_all(session: AsyncSession, *, at: datetime) -> int:
    """Write the lists that come with the portal; how many codes are new or changed.

    A list that the ministry imported from elsewhere stays as it is.
    """
    return sum([await adopt(session, given, at=at) for given in shipped() if await is_ours(session, given)])
