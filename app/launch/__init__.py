"""Starting every process of the product on one machine, for the command line."""
