"""What is known of errors before a fit: copies, and the digits that values have."""

import numpy as np
import pytest

from pinnsolve.conditions.noise import Noise


def told(values, x=None):
    """Return what is known of the errors of values at points."""
    values = np.array(values)
    x = np.arange(len(values))[:, None] / 10 if x is None else np.array(x)
    return Noise.of(x, values.astype(float))


def test_rows_of_the_same_place_and_value_are_copies():
    assert told([1.5, 1.5, 1.5, 2.5], [[0.0], [0.0], [1.0], [0.0]]).copies == 1


@pytest.mark.parametrize(
    ("values", "unit"),
    [([0.503, 0.5], 1e-3), ([1234.5, 20.0], 0.1), ([3e-7, 1.25e-6], 1e-8), ([100, 300], 100)],
)
def test_rounding_is_that_of_the_last_digit(values, unit):
    assert told(values).least == pytest.approx(unit / np.sqrt(12), rel=1e-6)


def test_numbers_of_all_digits_are_hardly_rounded():
    assert told([np.pi, np.e]).least < 1e-13
    assert told([0.0, 0.0]).least == 0
