"""Runge-Kutta methods."""
