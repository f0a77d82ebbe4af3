"""One day of the calendar changed: asked for by one person, confirmed by another. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from app.core.errors import Incomplete, Problem
from app.core.text import Text, has_unwanted, nfc

ORDINARY = "ordinary"
KINDS = {
    "holiday": Text("Ngày nghỉ lễ, tết", "Holiday"),
    "compensatory": Text("Ngày nghỉ bù", "Compensatory day off"),
    "swap_off": Text("Ngày nghỉ do hoán đổi", "Day off by a swap"),
    "swap_working": Text("Ngày làm việc bù (thứ Bảy, Chủ nhật)", "Worked day of rest"),
    ORDINARY: Text("Ngày bình thường (bỏ ngày đặc biệt)", "Ordinary day (drop the special one)"),
}
CERTAINTIES = {"found": Text("Đã công bố", "Published"), "uncertain": Text("Chờ xác nhận", "To be confirmed")}
_LONGEST = 200
_NO_DAY = Text("Hãy nhập ngày, tháng, năm có thật.", "Enter a real day, month and year.")
_NO_CHOICE = Text("Hãy chọn một mục trong danh sách.", "Choose one of the list.")
_NO_NAME = Text("Hãy ghi tên bằng cả hai ngôn ngữ và căn cứ.", "Give the name in both languages, and the ground.")


@dataclass(frozen=True, slots=True)
class DayChange:
    """What a day is to be; `ordinary` makes it the weekday that it is."""

    day: date
    kind: str
    name_vi: str
    name_en: str
    certainty: str
    source: str

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """From a form or a kept proposal. Raises `Incomplete` with everything that is missing."""
        words = {name: nfc(str(given.get(name, "")).strip()) for name in ("name_vi", "name_en", "source")}
        problems = []
        try:
            day = date.fromisoformat(str(given.get("date", "")))
        except ValueError:
            day, problems = date.min, [Problem("date", "not-a-day", _NO_DAY)]
        kind, certainty = str(given.get("kind", "")), str(given.get("certainty", ""))
        if kind not in KINDS:
            problems.append(Problem("kind", "not-a-choice", _NO_CHOICE))
        if certainty not in CERTAINTIES:
            problems.append(Problem("certainty", "not-a-choice", _NO_CHOICE))
        if kind != ORDINARY:
            unfit = [name for name, word in words.items() if not word or len(word) > _LONGEST or has_unwanted(word)]
            problems += [Problem(name, "required", _NO_NAME) for name in unfit]
        if problems:
            raise Incomplete(problems)
        return cls(day, kind, words["name_vi"], words["name_en"], certainty, words["source"])

    def to_json(self) -> dict[str, str]:
        """As kept in a proposal and in the calendar's content."""
        return {
            "date": self.day.isoformat(),
            "kind": self.kind,
            "name_vi": self.name_vi,
            "name_en": self.name_en,
            "certainty": self.certainty,
            "source": self.source,
        }
