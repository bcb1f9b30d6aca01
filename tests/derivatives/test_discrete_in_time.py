"""The map from nodal values over time to residuals, against the matrix written out."""

import numpy as np
import pytest
import torch

from pinnsolve.conditions.initial import initial_conditions
from pinnsolve.derivatives.discrete_in_time import level_matrix
from pinnsolve.setup import Setup
from tests.posing import SQUARE, pose

LEVELS = 3
EQUATIONS = {
    "still coefficients": "u_t = (1 + x)*laplace(u) - u_y",
    "moving coefficients": "(1 + t)*u_t = laplace(u) - x*t*u_y + u",
}


@pytest.fixture(params=EQUATIONS.values(), ids=EQUATIONS)
def case(request, tmp_path):
    """Return the discretisation, the map, and its matrix, found column by column."""
    problem = pose(
        tmp_path,
        request.param,
        domain=SQUARE + "\ntime = [0, 1]",
        count=60,
        order=2,
        on=[("all", "dn(u) + (1 + x)*u = 0")],
        more='[initial]\nu = "1 + x"',
    ).replace({"nodes.time_levels": LEVELS})
    setup = Setup(problem)
    nodes, system = setup.nodes, setup.discretisation()
    system = system.extended(initial_conditions(problem, nodes))
    zero = np.zeros((system.n_nodes, system.n_slots, LEVELS))
    weights = [np.linspace(1, 2, condition.rows_at_instant) for condition in system.conditions]
    S = level_matrix(
        system, system.partials(zero), weights, LEVELS, torch.device("cpu"), torch.float64
    )
    sizes = [condition.size // condition.rows_at_instant for condition in system.conditions]
    rows = np.concatenate([np.repeat(w, n) for w, n in zip(weights, sizes, strict=True)])
    source = system.residual(zero)

    def column(k):
        unit = np.zeros(S.shape[1])
        unit[k] = 1.0
        table = unit.reshape(system.n_slots, system.n_nodes, LEVELS)
        return rows * (system.residual(np.moveaxis(table, 0, 1)) - source)

    return S, torch.as_tensor(np.stack([column(k) for k in range(S.shape[1])], axis=1))


def test_it_is_the_derivative_of_the_residual(case):
    S, A = case
    torch.testing.assert_close(S.times(torch.eye(S.shape[1])), A, rtol=1e-12, atol=1e-9)
    u = torch.linspace(-1, 1, S.shape[1])
    torch.testing.assert_close(S.times(u), A @ u, rtol=1e-10, atol=1e-9)
    torch.testing.assert_close(S @ u, S.times(u))


def test_its_transpose_and_its_gradient(case):
    S, A = case
    torch.testing.assert_close(
        S.times(torch.eye(S.shape[0]), transposed=True), A.mT, rtol=1e-12, atol=1e-9
    )
    u = torch.linspace(-1, 1, S.shape[1]).requires_grad_()
    y = torch.linspace(0, 1, S.shape[0])
    (S @ u).backward(y)
    torch.testing.assert_close(u.grad, A.mT @ y, rtol=1e-10, atol=1e-9)


@pytest.mark.slow
def test_single_instants_together_are_the_whole(case):
    S, A = case
    K = LEVELS
    seen = 0
    normal = torch.zeros(A.shape[1], A.shape[1])
    for part, points in S.split():
        here = torch.arange(A.shape[1])[points]
        J = part.times(torch.eye(len(here)))
        normal[here[:, None], here] += J.mT @ J
        seen += len(J)
    assert seen == len(A)
    torch.testing.assert_close(normal, A.mT @ A, rtol=1e-10, atol=1e-7)
    assert S.shape[1] % K == 0
