"""Factors of PARDISO, where it is installed: those of SuperLU, or none."""

import numpy as np
import pytest
from scipy.sparse import csr_array, diags_array, random_array

from pinnsolve.rbffd import pardiso
from pinnsolve.rbffd.factorisation import factorise

pytestmark = pytest.mark.skipif(not pardiso.is_available(), reason="pypardiso is not installed")
N = 400


def sparse(kind=float):
    rng = np.random.default_rng(0)
    matrix = random_array((N, N), density=0.02, rng=rng, format="csr") + 2 * diags_array(np.ones(N))
    if kind is complex:
        matrix = matrix + 1j * random_array((N, N), density=0.01, rng=rng, format="csr")
    return csr_array(matrix)


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("matched", [True, False])
def test_it_solves_with_the_matrix_its_transpose_and_its_adjoint(kind, matched):
    matrix = sparse(kind)
    factors = pardiso.Pardiso(matrix, matched=matched)
    b = np.random.default_rng(1).standard_normal((N, 3)).astype(kind)
    for trans, whole in (("N", matrix), ("T", matrix.T), ("H", matrix.conj().T)):
        np.testing.assert_allclose(whole @ factors.solve(b, trans), b, rtol=0, atol=1e-12)
        np.testing.assert_allclose(
            whole @ factors.solve(b[:, 0], trans), b[:, 0], rtol=0, atol=1e-12
        )


def test_both_libraries_give_the_same_solution_and_condition(monkeypatch):
    matrix, b = sparse(), np.random.default_rng(1).standard_normal(N)
    monkeypatch.setattr(pardiso, "FEWEST", 1)
    ours = factorise(matrix, np.arange(N))
    monkeypatch.setattr(pardiso, "is_available", lambda: False)
    theirs = factorise(matrix, np.arange(N))
    assert isinstance(ours.factors, pardiso.Pardiso)
    assert not isinstance(theirs.factors, pardiso.Pardiso)
    np.testing.assert_allclose(ours(b), theirs(b), rtol=1e-11)
    assert ours.condition == pytest.approx(theirs.condition, rel=1e-9)


@pytest.mark.parametrize("fault", ["row", "column", "twice"])
def test_singular_matrices_have_no_factors(fault):
    matrix = sparse().tolil()
    if fault == "row":
        matrix[3] = 0
    elif fault == "column":
        matrix[:, 3] = 0
    else:
        matrix[3] = matrix[4]
    with pytest.raises(RuntimeError):
        pardiso.Pardiso(csr_array(matrix), matched=False)


def test_several_factors_stand_beside_one_another():
    first, second = sparse(), csr_array(2.0 * sparse())
    factors = [pardiso.Pardiso(matrix, matched=True) for matrix in (first, second)]
    b = np.ones(N)
    one, half = (own.solve(b) for own in factors)
    np.testing.assert_allclose(one, 2.0 * half, rtol=1e-12)
    del factors[0]
    np.testing.assert_allclose(factors[0].solve(b), half, rtol=1e-12)
