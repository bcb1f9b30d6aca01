import numpy as np
import pytest

from pinnsolve.solution.norms import (
    by_field,
    by_level,
    max_by_field,
    max_error,
    overall_l2,
    relative_l2,
    relative_l2_of_each,
)


def test_errors_of_many_problems_are_those_of_each():
    exact = np.random.default_rng(0).standard_normal((4, 30))
    exact[1], exact[2] = 3.0, 0.0  # what does not vary, and what is nothing
    u = exact + 0.1 * np.random.default_rng(1).standard_normal((4, 30))
    each = [relative_l2(a, b) for a, b in zip(u, exact, strict=True)]
    assert np.allclose(relative_l2_of_each(u, exact), each, rtol=1e-14)


def test_neither_unit_nor_zero_of_a_field_changes_its_relative_error():
    u, exact = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 0.0])
    error = relative_l2(u, exact)
    assert error == pytest.approx(3 / np.sqrt(2))
    assert relative_l2(1e6 * u, 1e6 * exact) == pytest.approx(error)
    assert relative_l2(u + 273.15, exact + 273.15) == pytest.approx(error)


def test_what_does_not_vary_but_for_rounding_is_measured_against_its_size():
    exact = np.full(4, 20.0) * (1 + 1e-12 * np.arange(4))
    assert relative_l2(np.full(4, 21.0), exact) == pytest.approx(0.05)


def test_against_zero_the_error_is_absolute():
    assert relative_l2(np.full(4, 0.1), np.zeros(4)) == pytest.approx(0.1)


def test_the_largest_error_counts_one_point():
    assert max_error(np.array([0.0, -3.0]), np.array([1.0, 1.0])) == 4.0
    both = max_by_field("uv", np.array([[0.0, 2.0], [1.0, 2.0]]), np.zeros((2, 2)))
    assert both == {"u": 1.0, "v": 2.0}


def test_over_all_fields_each_counts_alike_whatever_its_unit():
    exact = np.random.default_rng(0).normal(size=(9, 2)) * [1, 1e6]
    u = exact.copy()
    u[:, 0] += 0.3
    errors = by_field("uv", u, exact)
    assert overall_l2(u, exact) == pytest.approx(errors["u"] / np.sqrt(2))


def test_the_error_of_a_level_is_relative_to_the_variation_at_that_level():
    exact = np.array([[1.0, 3.0], [10.0, 30.0]])
    np.testing.assert_allclose(by_level(np.add(exact, [[0.01], [0.1]]), exact), [0.01, 0.01])


def test_a_level_where_the_solution_is_uniform_is_measured_against_the_largest():
    exact = np.array([[20.0, 20.0], [20.0, 26.0]])
    u = np.add(exact, [[0.3], [0.0]])
    np.testing.assert_allclose(by_level(u, exact), [0.1, 0])
    np.testing.assert_allclose(by_level(np.full((2, 4), 0.1), np.zeros((2, 4))), 0.1)


def test_a_solution_that_is_uniform_at_every_level_varies_in_time():
    exact = np.array([[1.0, 1.0], [3.0, 3.0]])
    np.testing.assert_allclose(by_level(np.add(exact, [[0.1], [0.2]]), exact), [0.1, 0.2])


def test_over_the_levels_nothing_is_lost():
    # where all levels vary alike about one mean, the error of all is the mean square of theirs
    exact = np.random.default_rng(1).normal(size=(3, 50))
    exact = (exact - exact.mean(1, keepdims=True)) / exact.std(1, keepdims=True)
    u = np.add(exact, [[0.1], [0.2], [0.3]])
    mean_square = np.mean(np.square(by_level(u, exact)))
    assert relative_l2(u.ravel(), exact.ravel()) == pytest.approx(np.sqrt(mean_square))
