import numpy as np
import pytest
import torch
from scipy.sparse import random_array
from torch.func import functional_call, jacrev

from pinnsolve.derivatives.discrete import SparseMatrix
from pinnsolve.leastsquares.jacobian import BorderedJacobian, DenseJacobian, NodalJacobian, layers
from pinnsolve.networks.mlp import MLP


@pytest.fixture(params=[([6], 1, "tanh"), ([5, 4], 2, "sin"), ([4, 4, 3], 3, "swish")])
def jacobians(request):
    """Return the structured Jacobian of ``S u(X)`` and the same by automatic differentiation."""
    hidden, c, activation = request.param
    N, R = 12, 15
    net = MLP([0, 0], [1, 2], hidden, c, activation)
    net.randomise_head(0)
    x = torch.rand(N, 2)
    S = random_array((R, c * N), density=0.3, format="csr", rng=np.random.default_rng(0))
    dense_S = torch.as_tensor(S.toarray())
    weights = {name: value.detach() for name, value in net.named_parameters()}
    J = jacrev(lambda w: dense_S @ functional_call(net, w, (x,)).mT.flatten())(weights)
    full = torch.cat([J[name].flatten(1) for name in weights], 1)
    return NodalJacobian(SparseMatrix(S), layers(net, x)), DenseJacobian(full)


def test_structured_and_automatic_jacobians_agree(jacobians):
    structured, full = jacobians
    assert structured.shape == full.shape
    # both are exact: only the order of summation differs
    torch.testing.assert_close(structured.dense(), full.J, rtol=1e-12, atol=1e-13)


def test_every_product_agrees_with_the_full_matrix(jacobians):
    structured, full = jacobians
    rows, columns = full.shape
    v, y = torch.rand(columns), torch.rand(rows)
    for ours, theirs in [
        (structured.gram(), full.gram()),
        (structured.normal(), full.normal()),
        (structured.times(v), full.times(v)),
        (structured.transposed_times(y), full.transposed_times(y)),
    ]:
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12)


def test_layers_leave_the_networks_gradients_alone():
    net = MLP([0], [1], [3], 1)
    layers(net, torch.rand(4, 1))
    assert all(p.grad is None for p in net.parameters())


def test_further_columns_are_part_of_every_product(jacobians):
    structured, full = jacobians
    columns = torch.rand(full.shape[0], 2)
    bordered = BorderedJacobian(structured, columns)
    whole = DenseJacobian(torch.cat([full.J, columns], 1))
    assert bordered.shape == whole.shape
    v, y = torch.rand(whole.shape[1]), torch.rand(whole.shape[0])
    for ours, theirs in [
        (bordered.gram(), whole.gram()),
        (bordered.normal(), whole.normal()),
        (bordered.times(v), whole.times(v)),
        (bordered.transposed_times(y), whole.transposed_times(y)),
    ]:
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12)
