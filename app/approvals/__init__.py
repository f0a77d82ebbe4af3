"""Acts that one person asks for and another confirms: role grants, trust changes, procedures, agreements."""
