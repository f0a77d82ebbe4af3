"""How time counts before the law: working days, and the ledger of a limit that started, paused and ended."""
