"""Least squares: Jacobians with structure, and the solutions of ``min |J v + r|``."""
