"""Fees: the bill of a dossier, attempts to pay it, and what the gateway said."""
