"""The fast lane, ``pytest -m "not slow"``, of tests that hold for many cases."""

import pytest


def parameters(names, slow):
    """Return names as parameters of a test; those that take long are not in the fast lane."""
    return [pytest.param(name, marks=pytest.mark.slow if name in slow else ()) for name in names]
