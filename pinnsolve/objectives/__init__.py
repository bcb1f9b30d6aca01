"""Residual vectors as functions of a network's weights."""
