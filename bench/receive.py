"""How fast the desk receives: checks, number, clock, first task, form 01; beside pgbench sending its writes."""

from typing import Any
from uuid import UUID

from app.dossiers.actions.receive import receive
from bench.workload import measure
from tests.dossiers.world import AT, World


def run() -> dict[str, dict[str, float]]:
    """Acts a second, CPU milliseconds of application and database, round trips."""
    return measure(_act, submitted=True)


async def _act(session: Any, world: World, dossier_id: UUID) -> object:
    return await receive(session, world.desk, dossier_id, at=AT)


if __name__ == "__main__":
    print(run())
