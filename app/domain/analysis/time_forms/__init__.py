"""How times are written: forms built from parts, which of them a column has, and columns that make a time together."""
