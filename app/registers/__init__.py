"""Shared records: one row per dataset and key, written in the transaction of the act that made it true; and code lists."""
