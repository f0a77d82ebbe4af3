"""The portal and the client of another agency, for every test here."""

from tests.machines import agency, portal, reader, standing_agency, standing_portal, standing_reader, the_app

__all__ = ["agency", "portal", "reader", "standing_agency", "standing_portal", "standing_reader", "the_app"]
