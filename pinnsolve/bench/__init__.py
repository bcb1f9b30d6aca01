"""Measurements of the package's own parts, next to the alternatives, in one process."""
