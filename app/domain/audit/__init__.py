"""The audit trail: which acts are recorded, and how a chain of hashes shows that nothing was altered."""
