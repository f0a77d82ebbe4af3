"""Doors for machines: filing, sharing, authorization, payments, health."""
