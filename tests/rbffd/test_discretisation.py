from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.diffop import Term, identity, laplacian
from pinnsolve.errors import NodesError
from pinnsolve.progress import Progress
from pinnsolve.rbffd.discretisation import discretise
from pinnsolve.rbffd.weights import operator_matrices
from pinnsolve.setup import Setup
from tests.posing import INTERVAL, pose
from tests.rbffd.worlds import PLATE, STOKES, disk, world


@pytest.fixture
def robin(tmp_path):
    return world(tmp_path, disk("dn(u) + u = g"))


def test_the_exact_solution_leaves_a_residual_of_the_size_of_the_truncation(robin):
    coarse, fine = (robin.discretise(p) for p in (2, 6))
    r = [np.abs(d.residual(robin.exact)).max() for d in (coarse, fine)]
    assert r[1] < 0.01 * r[0] < 0.01


@pytest.mark.parametrize(
    "text",
    [
        disk("dn(u) + u = g"),
        disk("dn(u) + u**3 = g", "laplace(u) - exp(u) + u*u_x = f"),
        disk("u = g", "div((1 + x**2)*grad(u)) + 2*u = f"),
        STOKES,
        PLATE,
    ],
)
def test_the_jacobian_is_the_derivative_of_the_residual(tmp_path, text):
    d = world(tmp_path, text, 200).discretise(2)
    rng = np.random.default_rng(0)
    U, V = rng.uniform(-1, 1, (2, d.n_nodes, d.n_fields))
    J = d.jacobian(U)
    assert J.shape == (len(d.residual(U)), d.n_nodes * d.n_fields)
    assert J.has_canonical_format
    h = 1e-5
    slope = (d.residual(U + h * V) - d.residual(U - h * V)) / (2 * h)
    # central differences err by h^2 |r'''|, and by rounding / h
    np.testing.assert_allclose(J @ V.T.ravel(), slope, atol=1e-8 * np.abs(slope).max())


def test_a_linear_residual_is_its_jacobian_plus_a_constant(robin):
    d = robin.discretise()
    assert d.is_linear
    U = robin.exact
    zero = np.zeros_like(U)
    expected = d.residual(zero) + d.jacobian(zero) @ U.T.ravel()
    np.testing.assert_allclose(d.residual(U), expected, atol=1e-10)


def test_matrices_are_those_of_the_operators(robin):
    d, nodes = robin.discretise(), robin.nodes
    op = laplacian(2)
    alone = operator_matrices(nodes.x[robin.conditions[0].rows], nodes.x, [op], 4)[op]
    inside = nodes.interior
    difference = (d.matrices[0][Term(0, op)] - alone)[inside]
    assert np.abs(difference).max() < 1e-9 * np.abs(alone).max()


def test_a_dirichlet_condition_costs_no_stencil(tmp_path):
    w = world(tmp_path, disk("u = g"))
    matrix = w.discretise().matrices[1][Term(0, identity(2))]
    assert matrix.nnz == w.nodes.n_boundary
    np.testing.assert_array_equal(matrix.indices, w.conditions[1].rows)


def test_conditions_on_the_same_rows_share_their_matrices(tmp_path):
    d = world(tmp_path, STOKES, 200).discretise(2)
    assert d.matrices[0][Term(0, laplacian(2))] is d.matrices[1][Term(1, laplacian(2))]


def test_progress_runs_from_nothing_to_one(robin):
    seen: list[Progress] = []
    discretise(robin.conditions, robin.nodes, 1, 4, seen.append)
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_too_few_nodes_are_an_error(tmp_path):
    w = world(tmp_path, disk("dn(u) + u = g"), 30)
    with pytest.raises(NodesError, match=r"need stencils of 73 nodes, but there are \d\d\. "):
        w.discretise(6)


def test_derivatives_in_time_stand_beside_the_fields(tmp_path):
    """Of ``u_tt + 3 u_t = v`` and ``v_t = 2 u`` every nodal value of every slot tells its place."""
    problem = pose(
        tmp_path,
        "u_tt + 3*u_t = v",
        "v_t = 2*u",
        domain=INTERVAL + "\ntime = [0, 1]",
        count=20,
        on=[("left", "u = 0"), ("left", "v = 0")],
        more='[initial]\nu = "0"\nu_t = "0"\nv = "0"',
    )
    system = Setup(problem).discretisation()
    still = identity(1)
    first, second, *_ = system.conditions
    assert set(first.residual.terms) == {
        Term(0, still, 2),
        Term(0, still, 1),
        Term(1, still),
    }
    assert set(second.residual.terms) == {Term(1, still, 1), Term(0, still)}
    places = [system.slot(field, a) for a in range(3) for field in range(2)]
    assert places == list(range(system.n_slots))
    rng = np.random.default_rng(0)
    U = rng.normal(size=(system.n_nodes, system.n_slots, len(problem.times)))
    u, v = ([U[first.rows, system.slot(field, a)] for a in range(3)] for field in range(2))
    left = np.concatenate([(u[2] + 3 * u[1] - v[0]).ravel(), (v[1] - 2 * u[0]).ravel()])
    np.testing.assert_allclose(system.residual(U)[: left.size], left, rtol=1e-13, atol=1e-13)
    now = replace(system, conditions=tuple(c.at(0) for c in system.conditions))
    J = now.jacobian(U[..., 0])
    assert J.shape[1] == system.n_slots * system.n_nodes
    slopes = np.zeros((len(first.rows), system.n_slots, system.n_nodes))
    for place, slope in ((system.slot(0, 2), 1), (system.slot(0, 1), 3), (system.slot(1), -1)):
        slopes[np.arange(len(first.rows)), place, first.rows] = slope
    np.testing.assert_array_equal(
        J[: len(first.rows)].toarray(), slopes.reshape(len(first.rows), -1)
    )
