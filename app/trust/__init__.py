"""Whose signatures count: the trust store with its history, and the cache of revocation answers."""
