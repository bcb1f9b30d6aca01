"""Radau IIA methods, however many their stages."""

import numpy as np
import pytest

from pinnsolve.timestepping.collocation import collocation
from pinnsolve.timestepping.radau import radau

# what zeros of Legendre polynomials of degree 500, exact to 1e-14, leave of 16 digits
ROUNDING = 1e-12


@pytest.mark.parametrize("q", [1, 2, 3, 20, 100, 500])
def test_integrates_powers_exactly_to_any_instant(q: int) -> None:
    """Powers below the number of stages are integrated to the stages, the end and in between."""
    method = collocation(q)
    at = np.array([0.1, 0.5, 1.0])
    for power in {0, 1, min(q - 1, 7), q - 1} & set(range(q)):
        values = method.c**power
        exact = at ** (power + 1) / (power + 1)
        np.testing.assert_allclose(method.integrals(at) @ values, exact, atol=ROUNDING)
        np.testing.assert_allclose(
            method.A @ values, method.c ** (power + 1) / (power + 1), atol=ROUNDING
        )
        np.testing.assert_allclose(method.values(at) @ values, at**power, atol=100 * ROUNDING)


@pytest.mark.parametrize("q", [2, 5, 50])
def test_is_of_order_twice_the_stages_less_one_at_the_end(q: int) -> None:
    """The last row of ``A`` integrates powers below 2 q - 1, and no more."""
    method = collocation(q)
    for power in (q, 2 * q - 2):
        assert method.A[-1] @ method.c**power == pytest.approx(1 / (power + 1), abs=ROUNDING)
    if q < 10:  # beyond, what is missed is below rounding
        missed = method.A[-1] @ method.c ** (2 * q - 1) - 1 / (2 * q)
        assert abs(missed) > 100 * ROUNDING


@pytest.mark.parametrize("order", [1, 3, 5, 7])
def test_few_stages_are_those_of_the_short_steps(order: int) -> None:
    """The same method as by monomials, where these still do."""
    short = radau(order)
    many = collocation(len(short.c))
    np.testing.assert_allclose(many.c, short.c, atol=ROUNDING)
    np.testing.assert_allclose(many.A, short.A, atol=ROUNDING)


@pytest.mark.parametrize("q", [3, 50, 200])
def test_schurs_decomposition_is_unitary_and_loses_no_digits(q: int) -> None:
    """``A = Z T Z^H``, with an upper triangle ``T``."""
    method = collocation(q)
    T, Z = method.schur
    np.testing.assert_allclose(Z.conj().T @ Z, np.eye(q), atol=1e-12)
    np.testing.assert_allclose(Z @ T @ Z.conj().T, method.A, atol=1e-12)
    assert not np.tril(T, -1).any()
