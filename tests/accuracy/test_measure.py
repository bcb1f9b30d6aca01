import numpy as np
import pytest

from pinnsolve.solution.norms import by_level, max_error, relative_l2


def test_the_relative_error_is_scale_free():
    u, exact = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0])
    assert relative_l2(u, exact) == pytest.approx(1 / 3)
    assert relative_l2(1e6 * u, 1e6 * exact) == pytest.approx(1 / 3)


def test_against_zero_the_error_is_absolute():
    assert relative_l2(np.full(4, 0.1), np.zeros(4)) == pytest.approx(0.1)


def test_the_largest_error_counts_one_point():
    assert max_error(np.array([0.0, -3.0]), np.array([1.0, 1.0])) == 4.0


def test_the_error_of_a_level_is_relative_to_that_level():
    exact = np.array([[1.0, 1.0], [10.0, 10.0]])
    np.testing.assert_allclose(by_level(1.01 * exact, exact), [0.01, 0.01])


def test_a_level_where_the_solution_vanishes_is_measured_against_the_largest():
    exact = np.array([[1e-16, 0.0], [3.0, 4.0]])
    u = np.array([[0.3, 0.4], [3.0, 4.0]])
    np.testing.assert_allclose(by_level(u, exact), [0.1, 0])
    np.testing.assert_allclose(by_level(np.full((2, 4), 0.1), np.zeros((2, 4))), 0.1)
