"""Experiment templates: what they fix, what they need, how columns are mapped, and what two versions differ in."""
