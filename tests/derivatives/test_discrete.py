import numpy as np
import pytest
import torch
from scipy.sparse import random_array

from pinnsolve.derivatives.discrete import NodalJet, SparseMatrix
from pinnsolve.diffop import Term, laplacian

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture
def matrix():
    return random_array((30, 40), density=0.2, format="csr", rng=np.random.default_rng(0))


@pytest.mark.parametrize("device", DEVICES)
def test_products_agree_with_scipy(matrix, device):
    D = SparseMatrix(matrix, device)
    u, y = torch.rand(40, device=device), torch.rand(30, device=device)
    U = torch.rand(40, 3, device=device)
    np.testing.assert_allclose((D @ u).cpu(), matrix @ u.cpu().numpy(), rtol=1e-13)
    np.testing.assert_allclose((D @ U).cpu(), matrix @ U.cpu().numpy(), rtol=1e-13)
    np.testing.assert_allclose(
        D.times(y, transposed=True).cpu(), matrix.T @ y.cpu().numpy(), rtol=1e-13
    )


@pytest.mark.parametrize("device", DEVICES)
def test_the_gradient_is_the_transpose(matrix, device):
    D = SparseMatrix(matrix, device)
    u = torch.rand(40, device=device, requires_grad=True)
    assert torch.autograd.gradcheck(lambda u: D @ u, (u,))


def test_the_jet_holds_each_component_through_its_own_matrix(matrix):
    first, second, u = Term(0, laplacian(2)), Term(1, laplacian(2)), torch.rand(1, 2, 40)
    jet = NodalJet({first: SparseMatrix(matrix), second: SparseMatrix(2 * matrix)})(u)
    np.testing.assert_allclose(jet[first], matrix @ u[0, 0].numpy(), rtol=1e-13)
    np.testing.assert_allclose(jet[second], 2 * matrix @ u[0, 1].numpy(), rtol=1e-13)


def test_derivatives_in_time_stand_beside_the_fields(matrix):
    D, u = SparseMatrix(matrix), torch.rand(3, 2, 40)
    terms = [Term(field, laplacian(2), a) for a in range(3) for field in range(2)]
    jet = NodalJet(dict.fromkeys(terms, D))(u)
    for term in terms:
        there = u[term.time_order, term.field].numpy()
        np.testing.assert_allclose(jet[term], matrix @ there, rtol=1e-13)


def test_the_jet_is_taken_at_its_own_instants(matrix):
    term, u = Term(0, laplacian(2)), torch.rand(1, 1, 40, 5)
    levels = np.array([1, 4])
    jet = NodalJet({term: SparseMatrix(matrix)}, levels)(u)
    np.testing.assert_allclose(jet[term], matrix @ u[0, 0].numpy()[:, levels], rtol=1e-13)


def test_libraries_can_be_exchanged(matrix):
    u = torch.rand(40, 3)
    by_scipy, by_torch = (SparseMatrix(matrix, library=name) for name in ("scipy", "torch"))
    torch.testing.assert_close(by_scipy @ u, by_torch @ u, rtol=1e-13, atol=0)
