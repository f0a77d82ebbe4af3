"""Rules of sign-in and sessions: how long, under which cookie, back to where, with which rights."""

from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from app.core.errors import NotAllowed
from app.core.permissions import Permission
from app.core.text import Text

OFFICIAL_IDLE = timedelta(minutes=15)
BUSINESS_IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
ATTEMPT_LIFE = timedelta(minutes=10)
KEPT_FORM_LIFE = timedelta(hours=1)
TOUCH_EVERY = timedelta(minutes=1)
ROLE_GRANT = "role.grant"
"""Kind of the two-person act that gives a role."""


class Right(StrEnum):
    """What a mandate lets a person do for an enterprise."""

    DRAFT = "draft"
    SIGN = "sign"
    PAY = "pay"
    VIEW = "view"


_RIGHT_OF = {
    Permission.DOSSIER_DRAFT: Right.DRAFT,
    Permission.DOSSIER_SUBMIT: Right.SIGN,
    Permission.DOSSIER_WITHDRAW: Right.SIGN,
    Permission.DOSSIER_PAY: Right.PAY,
}


def withheld_by(rights: list[str]) -> frozenset[Permission]:
    """The applicant's permissions that a mandate with `rights` does not carry."""
    return frozenset(permission for permission, right in _RIGHT_OF.items() if right not in rights)


def session_cookie(*, https: bool) -> str:
    """The session's cookie; a browser takes `__Host-` only with Secure, so plain http on loopback has a plain name."""
    return "__Host-motcua" if https else "motcua"


def browser_cookie(*, https: bool) -> str:
    """The cookie that tells one browser from another before anyone has signed in."""
    return "__Host-motcua-tb" if https else "motcua-tb"


def ends_at(*, official: bool, seen_at: datetime, expires_at: datetime) -> datetime:
    """When a session last used at `seen_at` ends: after its idle time, and at `expires_at` whatever happens."""
    return min(seen_at + (OFFICIAL_IDLE if official else BUSINESS_IDLE), expires_at)


def safe_return(path: str | None) -> str:
    """A path on this site to go back to; anything else (another host, `//host`, a backslash) is the home page."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path


class SignInRefused(NotAllowed):
    """A sign-in that was not accepted. `reason` is for the audit log; the person reads `text`."""

    slug = "sign-in-refused"
    text = Text(
        "Đăng nhập không thành công: phản hồi của hệ thống định danh không hợp lệ hoặc đã hết hạn. Hãy đăng nhập lại.",
        "You are not signed in: the identity provider's answer was not valid or had expired. Sign in again.",
    )

    def __init__(self, reason: str, text: Text | None = None) -> None:
        super().__init__(text)
        self.reason = reason


NO_ROLE = Text(
    "Tài khoản này chưa gắn với tổ chức nào và chưa được giao vai trò. Doanh nghiệp hãy dùng tài khoản định danh tổ chức; "
    "cán bộ hãy liên hệ người quản trị của đơn vị.",
    "This account belongs to no organisation and holds no role. Businesses sign in with their organisation account; "
    "officials ask their unit's administrator.",
)
WEAK_SIGN_IN = Text(
    "Mức độ xác thực của lần đăng nhập này chưa đủ. Hãy đăng nhập bằng tài khoản định danh mức độ 2 hoặc tài khoản tổ chức.",
    "This sign-in was not strong enough. Use a level 2 account or an organisation account.",
)
