"""Một Cửa: the administrative-procedure portal. Rooms and directions: see README.md, "Where is what"."""
