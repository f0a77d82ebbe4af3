"""Notices: what a business is told, in the portal and by e-mail."""
