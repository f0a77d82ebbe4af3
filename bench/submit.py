"""How fast a finished draft is handed in: the whole act, beside pgbench sending its writes."""

from typing import Any
from uuid import UUID

from app.dossiers.actions.submit import submit
from bench.workload import measure
from tests.dossiers.world import AT, World


def run() -> dict[str, dict[str, float]]:
    """Acts a second, CPU milliseconds of application and database, round trips."""
    return measure(_act, submitted=False)


async def _act(session: Any, world: World, dossier_id: UUID) -> object:
    return await submit(session, world.retailer, dossier_id, at=AT)


if __name__ == "__main__":
    print(run())
