"""The heart: what can legally happen to a dossier, and the only place where the instruments meet."""
