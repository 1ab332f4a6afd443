"""The audit trail: recording, listing, export and verification."""
