"""The audit trail: recording acts, reading and exporting them, and verifying that nothing was altered."""
