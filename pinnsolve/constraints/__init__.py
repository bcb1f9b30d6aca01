"""Conditions that are built into the network."""
