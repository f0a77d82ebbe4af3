"""Versions of the working calendar. Added, never changed: an old due date must stay explainable."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class CalendarVersion(Base):
    """One adopted calendar; the latest adopted one counts."""

    __tablename__ = "calendar_version"
    __table_args__ = ({"info": {"append_only": True}},)

    version: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    adopted_at: Mapped[datetime]
    note: Mapped[str]
