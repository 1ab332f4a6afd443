"""Starting everything on one machine; only the command line uses it."""
