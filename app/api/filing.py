"""Filing by a company's own system: the same acts as the business's pages, through the same actions."""

from fastapi import APIRouter

from app.api.machine import MachineRoute

router = APIRouter(prefix="/api/filing/v1", route_class=MachineRoute, tags=["filing"])
