"""What the ministry issues: receipts, the one-stop forms, letters, results; rendered, numbered, signed and sealed."""
