import numpy as np
import pytest
import torch
from scipy.sparse import random_array

from pinnsolve.derivatives.discrete import RbfFd, SparseMatrix
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
    op = laplacian(2)
    x = torch.rand(40, 2)

    def fields(x):
        return torch.stack([x[:, 0], x[:, 1] ** 2], 1)

    jet = RbfFd(x, {(0, op): SparseMatrix(matrix), (1, op): SparseMatrix(2 * matrix)})(
        fields, {(0, op), (1, op)}
    )
    np.testing.assert_allclose(jet[0, op], matrix @ x[:, 0].numpy())
    np.testing.assert_allclose(jet[1, op], 2 * matrix @ x[:, 1].numpy() ** 2)
