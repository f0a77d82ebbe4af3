"""Remember: who did, was refused or looked at what, in an append-only log sealed into a Merkle tree."""
