"""Worker processes for background jobs."""
