"""Families of functions: what may vary in a problem, drawn at random or read from a file."""
