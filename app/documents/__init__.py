"""What is filed: the papers of a dossier, their checks and what the checks mean."""
