"""Channels out of the portal: today e-mail by SMTP. A channel sends or raises `Unreachable`; what to do then is the action's."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Self
from urllib.parse import urlsplit

import aiosmtplib

from app.core.errors import Unreachable
from app.core.settings import Settings
from app.core.text import Text
from app.notices.queries import Shown

SMTP_TIMEOUT_SECONDS = 10

_GREETING = "Kính gửi doanh nghiệp,"
_TO_OFFICIAL = "Kính gửi đồng chí,"
_CLOSING_VI = "Thư được gửi tự động, xin không trả lời thư này. Cổng không bao giờ hỏi mật khẩu hay mã xác thực qua thư."
_CLOSING_EN = "This message was sent automatically; please do not reply. The portal never asks for passwords or codes by mail."


class Rejected(Unreachable):
    """The mail server took the connection and refused the message."""

    slug = "mail-rejected"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to another agency: `id` is the same whenever it is sent again; `attached` is text that machines read."""

    id: str
    subject: Text
    body: Text
    at: datetime
    attached: str = ""


@dataclass(frozen=True, slots=True)
class Mailer:
    """One SMTP server. Both languages go in one message: the portal does not know who opens the enterprise's mailbox."""

    host: str
    port: int
    sender: str
    public_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The mail server these settings name."""
        return cls(settings.smtp_host, settings.smtp_port, settings.smtp_from, settings.public_url.rstrip("/"))

    async def send(self, notice: Shown, address: str) -> None:
        """Send the notice. Raises `Unreachable` when it was not taken; the error names no address."""
        await self._post(self.message(notice, address))

    async def write(self, letter: Letter, address: str) -> None:
        """Send a letter to another agency. Raises `Unreachable` as `send` does."""
        parts = [letter.body.vi, letter.attached, "---", letter.body.en, _CLOSING_VI, _CLOSING_EN]
        mail = self._envelope(letter.id, letter.subject, address, letter.at)
        mail.set_content("\n\n".join(filter(None, parts)) + "\n")
        await self._post(mail)

    async def _post(self, mail: EmailMessage) -> None:
        try:
            await aiosmtplib.send(mail, hostname=self.host, port=self.port, timeout=SMTP_TIMEOUT_SECONDS, start_tls=None)
        except aiosmtplib.SMTPResponseException as error:
            raise Rejected(slug=f"mail-rejected-{error.code}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unreachable from error

    def message(self, notice: Shown, address: str) -> EmailMessage:
        """The mail: what happened and where to look, no facts of the dossier beyond its number."""
        mail = self._envelope(str(notice.id), notice.title, address, notice.at)
        mail.set_content(self._text(notice))
        return mail

    def _envelope(self, named: str, subject: Text, address: str, at: datetime) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self.sender, address
        mail["Subject"] = f"{subject.vi} / {subject.en}"
        mail["Date"] = format_datetime(at)
        # The same notice always has the same id: a mailbox shows a repeated delivery once.
        mail["Message-ID"] = f"<{named}@{urlsplit(self.public_url).hostname}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = "vi, en"
        return mail

    def _text(self, notice: Shown) -> str:
        desk = "/can-bo" if notice.official else ""
        link = f"{self.public_url}{desk}/ho-so/{notice.dossier_id}" if notice.dossier_id else f"{self.public_url}{desk}/thong-bao"
        vi = [_TO_OFFICIAL if notice.official else _GREETING, notice.body.vi, f"Trang của hồ sơ: {link}", _CLOSING_VI]
        en = ["---", notice.body.en, f"The dossier's page: {link}", _CLOSING_EN]
        return "\n\n".join([*vi, *en]) + "\n"
