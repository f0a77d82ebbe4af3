"""Who acts. Made by a door after authentication, or by a job for the system; handed down to every action."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.core.errors import NotAllowed
from app.core.permissions import Permission, Role, rights_of


class ActorKind(StrEnum):
    """Where the actor comes from."""

    BUSINESS = "business"
    OFFICIAL = "official"
    CLIENT = "client"
    SYSTEM = "system"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated person, another system's client, or the portal itself.

    `tax_code` is the enterprise a business actor acts for; `unit` the agency code of an official; `client_id` a machine's.
    `withheld` is what the roles would allow but the mandate of this person does not.
    """

    kind: ActorKind
    name: str = ""
    person_id: UUID | None = None
    tax_code: str | None = None
    unit: str | None = None
    client_id: str | None = None
    roles: frozenset[Role] = frozenset()
    withheld: frozenset[Permission] = frozenset()

    @property
    def permissions(self) -> frozenset[Permission]:
        """What this actor may do at all; whether on this object is the action's question."""
        return frozenset(Permission) if self.kind is ActorKind.SYSTEM else rights_of(self.roles) - self.withheld

    def may(self, permission: Permission) -> bool:
        """Whether the actor holds `permission`."""
        return permission in self.permissions

    def must(self, permission: Permission) -> None:
        """Raise `NotAllowed` unless the actor holds `permission`."""
        if not self.may(permission):
            raise NotAllowed

    @property
    def ref(self) -> str:
        """How logs and events name the actor: a stable id, never a name or a tax code."""
        return f"{self.kind}:{self.person_id or self.client_id or '-'}"


SYSTEM = Actor(kind=ActorKind.SYSTEM, name="Hệ thống")
ANYONE = Actor(kind=ActorKind.ANYONE)
