"""Everything that can legally happen to a dossier: one file per kind of act, one verb each."""
