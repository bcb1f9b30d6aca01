"""The fast lane, ``pytest -m "not slow"``, of tests that hold for many cases."""

import pytest


def studied(names, gate):
    """Return names as parameters of a test; those that the gate leaves out are a study."""
    return [pytest.param(name, marks=() if name in gate else pytest.mark.study) for name in names]


def parameters(names, slow):
    """Return names as parameters of a test; those that take long are not in the fast lane."""
    return [pytest.param(name, marks=pytest.mark.slow if name in slow else ()) for name in names]
