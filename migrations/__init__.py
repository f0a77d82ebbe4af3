"""The schema's history. Run by `motcua migrate` under the owner's role."""
