"""What an identity provider says about a person, read into our words.

No public specification of VNeID's claims exists; this file is the one place to change when one does. Assumed: `sub`, `name`,
`email`, `personal_number` (số định danh cá nhân), and for an organisation account `organisation` with at least its tax code and
name, as in Decree 69/2024/NĐ-CP's data of an organisation's electronic identity (to be confirmed).
"""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.core.text import Str
from app.identity.rules import Right, SignInRefused

Short = Annotated[Str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Organisation(BaseModel):
    """The enterprise behind an organisation account, as far as the provider tells."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tax_code: Annotated[str, StringConstraints(pattern=r"^\d{10}(-\d{3})?$")]
    name_vi: Short
    name_en: Short | None = None
    head_office: Short | None = None
    province: Short | None = None
    phone: Short | None = None
    email: Short | None = None
    website: Short | None = None
    legal_representative: Short | None = None
    representative_title: Short | None = None
    representative_personal_number: Short | None = None
    legal_form: Short | None = None
    founded: date | None = None
    status: Short | None = None
    rights: tuple[Right, ...] = tuple(Right)


class Claims(BaseModel):
    """A person at one issuer, and the strength and moment of the sign-in."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    iss: str
    sub: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    acr: str
    auth_time: int
    sid: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    name: Short
    email: Short | None = None
    personal_number: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    organisation: Organisation | None = Field(default=None)


def read_claims(claims: dict[str, Any]) -> Claims:
    """The claims of a checked ID token. `SignInRefused` when something we need is missing or malformed."""
    try:
        return Claims.model_validate(claims)
    except ValidationError as error:
        raise SignInRefused("claims") from error
