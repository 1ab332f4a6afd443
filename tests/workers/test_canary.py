"""A value that stands in data, columns, names, tokens and passwords is found nowhere that operators read."""
