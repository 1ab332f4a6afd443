"""Date and time formats: detection, parsing, and columns that make up a time together."""
