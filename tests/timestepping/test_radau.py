import numpy as np
import pytest

from pinnsolve.timestepping.radau import radau

ORDERS = [1, 3, 5, 7, 9]


@pytest.mark.parametrize("order", ORDERS)
def test_a_step_is_exact_for_polynomials_as_the_order_says(order):
    method = radau(order)
    assert 2 * len(method.c) - 1 == order
    for degree in range(order):  # the integral of t^degree over the step
        assert method.A[-1] @ method.c**degree == pytest.approx(1 / (degree + 1), rel=1e-13)


@pytest.mark.parametrize("order", ORDERS)
def test_each_stage_is_exact_for_polynomials_of_the_number_of_stages(order):
    method = radau(order)
    for degree in range(len(method.c)):
        np.testing.assert_allclose(
            method.A @ method.c**degree, method.c ** (degree + 1) / (degree + 1), atol=1e-14
        )


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_infinitely_stiff_is_damped_in_one_step(order):
    method = radau(order)
    ones = np.ones(len(method.c))
    assert method.A[-1] @ np.linalg.solve(method.A, ones) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("order", [2, *ORDERS])
def test_one_of_each_pair_of_eigenvalues_gives_the_matrix_again(order):
    method = radau(order)
    double = np.where(method.eigenvalues.imag == 0, 1, 2)
    again = (method.vectors * (double * method.eigenvalues)) @ method.inverse
    np.testing.assert_allclose(again.real, method.A, atol=1e-12)
