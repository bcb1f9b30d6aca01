import numpy as np
import pytest
import sympy

from pinnsolve.equations.bounds import Bounds
from pinnsolve.equations.program import program

W = sympy.Symbol("w")


@pytest.mark.parametrize("bounds", [Bounds(0.5, None), Bounds(None, 2.0), Bounds(-1.0, 3.0)])
def test_a_function_lies_between_its_bounds_and_has_the_slope_it_says(bounds):
    w, h = np.linspace(-4, 4, 9), 1e-5
    of, slope = bounds.of(W), bounds.of(W).fdiff()
    (u,), (du,) = program([of], [W])(w), program([slope], [W])(w)
    assert bounds.lower is None or (u > bounds.lower).all()
    assert bounds.upper is None or (u < bounds.upper).all()
    (above,), (below,) = program([of], [W])(w + h), program([of], [W])(w - h)
    # central differences: their truncation is of second order in h
    np.testing.assert_allclose(du, (above - below) / (2 * h), rtol=1e-8, atol=1e-9)
    (back,) = program([bounds.potential(sympy.Symbol("u"))], [sympy.Symbol("u")])(u)
    np.testing.assert_allclose(back, w, atol=1e-12)
    assert bounds.potential(of) == W
