"""The portal and the client of another agency, for every test here."""

from tests.machines import agency, portal, reader

__all__ = ["agency", "portal", "reader"]
