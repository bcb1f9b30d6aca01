"""Differentiation on scattered nodes by RBF-FD, and the direct solution it gives; no torch."""
