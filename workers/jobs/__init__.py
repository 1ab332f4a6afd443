"""One thin module for each kind of job; each may be run twice without harm."""
