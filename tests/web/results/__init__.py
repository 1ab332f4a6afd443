"""Pages of experiments, drawn from rows that no worker made."""
