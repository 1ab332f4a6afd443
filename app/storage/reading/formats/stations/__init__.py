"""The files of loggers and agencies: each known by its content, read by its published description."""
