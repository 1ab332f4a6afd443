"""The audit trail: the acts it records, and the chain of hashes that shows any change."""
