"""Sharing with other agencies and with companies' own systems: parties, agreements, tokens, reads and their log."""
