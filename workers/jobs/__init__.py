"""Thin modules with what workers run; each may be run twice without harm."""
