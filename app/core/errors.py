"""Refusals: what a person or a machine asked for and cannot have, said so that a clerk could read it.

They carry a stable `slug` (an API: add, never rename) and a sentence in both languages that says what, why and what to do.
The HTTP status is the door's business. Only `Unreachable` and what nobody foresaw wake a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. `where` is a field path (`goods.0.price`), a paper id or "" for the whole."""

    where: str
    slug: str
    text: Text


class Refusal(Exception):
    """Base of all refusals. A refusal rolls the transaction back."""

    slug = "refused"
    text = Text("Yêu cầu không được chấp nhận.", "The request was refused.")

    def __init__(self, text: Text | None = None, *, slug: str | None = None) -> None:
        self.text = text or type(self).text
        self.slug = slug or type(self).slug
        super().__init__(self.slug)


class NotFound(Refusal):
    """Missing, or not yours to see: the two are never told apart."""

    slug = "not-found"
    text = Text(
        "Không tìm thấy nội dung này. Hãy kiểm tra lại địa chỉ hoặc mã tra cứu.",
        "This was not found. Check the address or the reference.",
    )


class NotAllowed(Refusal):
    """Known, visible, but not within the actor's rights."""

    slug = "not-allowed"
    text = Text(
        "Tài khoản của bạn không có quyền làm việc này. Hãy liên hệ người quản trị của đơn vị.",
        "Your account may not do this. Ask your organisation's administrator.",
    )


class WrongState(Refusal):
    """The act is not in the lifecycle table for the present state."""

    slug = "wrong-state"
    text = Text(
        "Hồ sơ không còn ở bước cho phép việc này. Hãy tải lại trang để xem tình trạng mới nhất.",
        "The dossier is no longer at a step that allows this. Reload the page to see where it stands.",
    )


class Conflict(Refusal):
    """Someone else was faster, or the same key came with another body."""

    slug = "conflict"
    text = Text(
        "Nội dung vừa được người khác thay đổi. Hãy tải lại trang rồi làm lại.",
        "Someone else has just changed this. Reload the page and try again.",
    )


class Incomplete(Refusal):
    """What was given does not suffice; every problem is listed at once."""

    slug = "incomplete"
    text = Text("Còn nội dung cần sửa hoặc bổ sung.", "Some items must be corrected or added.")

    def __init__(self, problems: Sequence[Problem], text: Text | None = None, *, slug: str | None = None) -> None:
        super().__init__(text, slug=slug)
        self.problems = tuple(problems)


class TooMany(Refusal):
    """Asked more often than the limit allows; `retry_after_seconds` says when to come back."""

    slug = "too-many-requests"
    text = Text(
        "Bạn đã gửi quá nhiều yêu cầu trong thời gian ngắn. Hãy thử lại sau {seconds} giây.",
        "Too many requests in a short time. Try again after {seconds} s.",
    )

    def __init__(self, retry_after_seconds: int, text: Text | None = None) -> None:
        super().__init__(text or self.text.filled(seconds=retry_after_seconds))
        self.retry_after_seconds = retry_after_seconds


class Unreachable(Refusal):
    """Another system did not answer; nothing is known to be wrong with what was asked."""

    slug = "unreachable"
    text = Text(
        "Hệ thống liên quan chưa trả lời. Dữ liệu của bạn vẫn được giữ; hãy thử lại sau ít phút.",
        "A system we depend on did not answer. Your data are kept; try again in a few minutes.",
    )
