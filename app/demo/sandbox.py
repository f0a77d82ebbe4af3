"""The sandbox beside the demo: its own database on the same server, its own secrets, its own folder and address."""

from pathlib import Path

from app.core import embedded
from app.core.settings import Settings
from app.demo import world

DATABASE = "motcua_sandbox"


def environment(settings: Settings, embedded_root: Path) -> dict[str, str]:
    """What makes a process of ours one of the sandbox; made when it is missing. Nothing of the portal's own is left in it."""
    var = settings.var / "sandbox"
    world.make_secrets(var)
    app_url, owner_url = embedded.addresses(embedded_root, database=DATABASE)
    own = settings.model_copy(update={"var": var})
    return world.env(own) | {
        "DATABASE_URL": app_url,
        "MIGRATION_DATABASE_URL": owner_url,
        "MOTCUA_VAR": str(var),
        "MOTCUA_PUBLIC_URL": settings.sandbox_url,
        "MOTCUA_SANDBOX": "true",
        "MOTCUA_SANDBOX_URL": "",
    }
