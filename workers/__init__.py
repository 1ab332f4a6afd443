"""The processes that do the long work."""
