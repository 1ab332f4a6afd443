"""Experiment templates: content, requirements, column mapping and differences between versions."""
