"""The sections and keys of a problem file."""
