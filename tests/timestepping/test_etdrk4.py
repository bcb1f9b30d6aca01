import numpy as np
import pytest

from pinnsolve.timestepping.etdrk4 import etdrk4, phi_functions


@pytest.mark.parametrize("z", [1e-9, -0.3, -1e3, 40j, 3 - 2j])
def test_the_functions_of_a_number_are_their_quotients(z):
    found = [phi[0, 0, 0] for phi in phi_functions(np.array([[[z]]], dtype=complex), 3)]
    series = [1 + z / 1, 1 + z / 2, 1 / 2 + z / 6, 1 / 6 + z / 24]  # exact enough next to zero
    quotients = [np.exp(z)]
    for k in range(3):
        quotients.append((quotients[-1] - [1, 1, 1 / 2][k]) / z)
    expected = series if abs(z) < 1e-6 else quotients
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_a_matrix_without_enough_eigenvectors_has_functions_too():
    found = phi_functions(np.array([[[0.0, 8.0], [0.0, 0.0]]]), 2)
    for phi, diagonal, above in zip(found, [1, 1, 1 / 2], [8, 4, 8 / 6], strict=True):
        np.testing.assert_allclose(phi[0], [[diagonal, above], [0, diagonal]], rtol=1e-14)


def test_eigenvalues_far_apart_do_not_disturb_each_other():
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    A = rotation @ np.diag([-1e-3, -1e5]) @ rotation.T
    _, phi, *_ = phi_functions(A[None], 1)
    own = np.diag(rotation.T @ phi[0] @ rotation)
    np.testing.assert_allclose(own, [np.expm1(-1e-3) / -1e-3, 1e-5], rtol=1e-9)


def integrated(steps):
    """Return the end of u' = -u + t u^2, u(0) = 1, which is 1/(1 + t)."""
    h = 2.0 / steps
    step, v = etdrk4(np.array([[-1.0]]), h), np.array([1.0])
    for i in range(steps):
        v = step.step(v, i * h, lambda v, t: t * v * v)
    return v[0]


def test_the_order_is_four():
    errors = [abs(integrated(steps) - 1 / 3) for steps in (20, 40, 80)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(orders, 4, atol=0.15)


def test_what_is_linear_is_exact_whatever_the_step():
    L = np.array([[0.0, 1.0], [-4.0, 0.0]])
    v = etdrk4(L, 3.0).step(np.array([1.0, 0.0]), 0.0, lambda v, _: 0 * v)
    np.testing.assert_allclose(v, [np.cos(6.0), -2 * np.sin(6.0)], rtol=1e-13)
