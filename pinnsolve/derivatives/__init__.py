"""Derivative backends: each turns a field and the terms wanted of it into a jet."""
