import numpy as np
import pytest
from scipy.sparse import csr_array, diags_array, random_array

from pinnsolve.errors import SingularError
from pinnsolve.rbffd import pardiso
from pinnsolve.rbffd.factorisation import factorise


@pytest.fixture
def sparse():
    A = random_array((80, 80), density=0.1, rng=np.random.default_rng(0), format="csr")
    return csr_array(A + 2 * diags_array(np.ones(80)))


def test_badly_scaled_rows_and_columns_do_no_harm(sparse):
    scale = np.logspace(-6, 6, 80)
    A = csr_array(diags_array(scale) @ sparse @ diags_array(scale[::-1]))
    x = np.random.default_rng(1).standard_normal(80) / scale[::-1]
    np.testing.assert_allclose(factorise(A)(A @ x), x, rtol=1e-9)


def test_a_known_order_of_rows_is_used_where_its_diagonal_is_large(sparse):
    where = np.random.default_rng(1).permutation(80)
    shuffled, order = csr_array(sparse[where]), np.argsort(where)
    factors = factorise(shuffled, order)
    x = np.random.default_rng(2).standard_normal(80)
    np.testing.assert_allclose(factors(shuffled @ x), x, rtol=1e-9)
    np.testing.assert_array_equal(factors.order, order)


def test_an_order_with_zeros_on_the_diagonal_is_not_used(sparse):
    order = np.roll(np.arange(80), 1)
    factors = factorise(sparse, order)
    np.testing.assert_array_equal(factors.order, np.arange(80))
    x = np.random.default_rng(2).standard_normal(80)
    np.testing.assert_allclose(factors(sparse @ x), x, rtol=1e-9)


def test_the_condition_number_is_estimated_within_a_factor_of_three(sparse):
    factors = factorise(sparse)
    exact = np.linalg.cond(factors.matrix.toarray(), 1)
    assert exact / 3 < factors.condition <= exact * (1 + 1e-9)


def test_more_rows_than_columns_give_least_squares():
    rng = np.random.default_rng(0)
    A = csr_array(rng.uniform(0.5, 1.0, (30, 10)))
    A = csr_array(A / np.abs(A).max(axis=1).toarray()[:, None])  # so that scaling weighs no row
    b = rng.standard_normal(30)
    x = np.linalg.lstsq(A.toarray(), b, rcond=None)[0]
    np.testing.assert_allclose(factorise(A)(b), x, rtol=1e-6)


def test_a_singular_matrix_is_an_error(sparse):
    A = sparse.tolil()
    A[3] = A[4]
    with pytest.raises(SingularError, match="no unique solution"):
        factorise(csr_array(A))
    A[:, 3] = 0
    with pytest.raises(SingularError, match="no unique solution"):
        factorise(csr_array(A))


def test_fewer_rows_than_columns_are_an_error(sparse):
    with pytest.raises(SingularError) as caught:
        factorise(csr_array(sparse[:70]))
    assert str(caught.value) == (
        "the discrete problem has 80 unknowns, but only 70 equations. Give each field a boundary "
        "condition on every piece of the boundary."
    )


def test_a_matrix_beyond_the_memory_allowed_is_not_begun_with(sparse, monkeypatch):
    monkeypatch.setattr("pinnsolve.rbffd.factorisation.addressable", lambda: 700 * sparse.nnz)
    with pytest.raises(MemoryError):
        factorise(sparse)
    monkeypatch.setattr("pinnsolve.rbffd.factorisation.addressable", lambda: 800 * sparse.nnz)
    factorise(sparse)


@pytest.mark.skipif(not pardiso.is_available(), reason="pypardiso is not installed")
def test_what_superlu_asks_for_is_not_asked_of_pardiso(sparse, monkeypatch):
    monkeypatch.setattr("pinnsolve.rbffd.factorisation.addressable", lambda: 700 * sparse.nnz)
    monkeypatch.setattr(pardiso, "FEWEST", 1)
    assert isinstance(factorise(sparse).factors, pardiso.Pardiso)


@pytest.mark.parametrize("kind", [float, complex])
def test_a_matrix_whose_pattern_is_singular_is_an_error_without_a_word_of_a_library(kind, capfd):
    n = 60
    diagonals = [np.ones(n), np.full(n - 1, 0.4), np.full(n - 1, 0.3)]
    A = diags_array(diagonals, offsets=[0, 1, -1], dtype=kind).tolil()
    for i in (20, 21, 22):  # three rows have their entries in two columns
        A[i] = 0
        A[i, [5, 40]] = 1.0 + i
    with pytest.raises(SingularError, match="no unique solution"):
        factorise(csr_array(A))
    assert capfd.readouterr() == ("", "")
