"""Usage: recording events, and reports for administrators."""
