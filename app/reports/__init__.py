"""What looks at everything and changes no dossier."""
