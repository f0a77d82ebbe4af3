"""The outside world played on loopback, to try the portal out. Production refuses to start with it."""
