import numpy as np
import pytest
import torch
from scipy.sparse import random_array

from pinnsolve.derivatives.discrete import NodalJet, SparseMatrix
from pinnsolve.diffop import laplacian

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
    op, u = laplacian(2), torch.rand(2, 40)
    jet = NodalJet({(0, op): SparseMatrix(matrix), (1, op): SparseMatrix(2 * matrix)})(u)
    np.testing.assert_allclose(jet[0, op], matrix @ u[0].numpy(), rtol=1e-13)
    np.testing.assert_allclose(jet[1, op], 2 * matrix @ u[1].numpy(), rtol=1e-13)


def test_the_jet_is_taken_at_its_own_instants(matrix):
    op, u = laplacian(2), torch.rand(1, 40, 5)
    levels = np.array([1, 4])
    jet = NodalJet({(0, op): SparseMatrix(matrix)}, levels)(u)
    np.testing.assert_allclose(jet[0, op], matrix @ u[0].numpy()[:, levels], rtol=1e-13)


def test_libraries_can_be_exchanged(matrix):
    u = torch.rand(40, 3)
    by_scipy, by_torch = (SparseMatrix(matrix, library=name) for name in ("scipy", "torch"))
    torch.testing.assert_close(by_scipy @ u, by_torch @ u, rtol=1e-13, atol=0)
