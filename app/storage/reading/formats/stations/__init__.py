"""Files of loggers and agencies, recognised by content and read by their published descriptions."""
