from dataclasses import replace
from math import comb

import numpy as np
import pytest

from pinnsolve.diffop import DiffOp, identity, laplacian, partial
from pinnsolve.errors import NodesError
from pinnsolve.progress import Progress
from pinnsolve.rbffd import weights
from pinnsolve.rbffd.polynomials import multi_indices
from pinnsolve.rbffd.saddlepoint import SaddlePoint, splitting_order
from pinnsolve.rbffd.stencils import nearest, polynomial_degree, shared
from pinnsolve.rbffd.weights import local_values, operator_matrices, stencil_weights
from tests.rbffd.clouds import cloud, even, inner


def monomial(x, power):
    return np.prod(x ** np.array(power), axis=1)


def derivative(x, power, op):
    """Return ``op`` applied to a monomial, by the rules of school."""
    total = np.zeros(len(x))
    for alpha, c in op.terms:
        factor, lower = c, []
        for n, k in zip(power, alpha, strict=True):
            factor *= np.prod(np.arange(n - k + 1, n + 1)) if n >= k else 0.0
            lower.append(max(n - k, 0))
        total += factor * monomial(x, lower)
    return total


CASES = [
    *((1, p, laplacian(1)) for p in (2, 4, 6)),
    *((2, p, op) for p in (2, 3, 4, 5, 6) for op in (laplacian(2), partial((1, 0)))),
    *((2, p, op) for p in (2, 4) for op in (partial((1, 1)), partial((2, 2)), partial((3, 0)))),
    *((3, p, op) for p in (2, 4) for op in (laplacian(3), partial((1, 0, 1)))),
    (2, 4, DiffOp((((2, 0), 1.0), ((1, 1), -0.5), ((0, 1), 3.0), ((0, 0), 2.0)))),
    (4, 2, laplacian(4)),
]


@pytest.mark.parametrize(("dim", "order", "op"), CASES)
def test_polynomials_of_the_degree_are_differentiated_exactly(dim, order, op):
    nodes = cloud(400 if dim < 4 else 800, dim) - 0.5
    x = nodes[:40]
    D = operator_matrices(x, nodes, [op], order)[op]
    assert D.shape == (len(x), len(nodes))
    size = np.abs(D).sum(axis=1).max()  # what one unit of rounding becomes, about h^-order
    for power in multi_indices(dim, polynomial_degree(order, op.order)):
        miss = D @ monomial(nodes, power) - derivative(x, power, op)
        assert np.abs(miss).max() < 1e-10 * size


@pytest.mark.parametrize(("dim", "order"), [(1, 4), (2, 3), (2, 5), (3, 3)])
@pytest.mark.parametrize("most", [2, 64])
def test_values_need_no_weights(dim, order, most, monkeypatch):
    monkeypatch.setattr(weights, "MOST_INTERPOLATED", most)  # several tables for one stencil
    nodes = cloud(400, dim)
    x = 0.2 + 0.6 * cloud(700, dim)
    lower = DiffOp((*partial((1,) + (0,) * (dim - 1)).terms, *identity(dim).terms))
    ops = [laplacian(dim), lower]
    values = np.column_stack([np.sin(nodes.sum(axis=1)), 1e3 + nodes[:, 0] ** 2])
    found = local_values(x, nodes, values, ops, order)
    matrices = operator_matrices(x, nodes, ops, order)
    for op, of_values in zip(ops, found, strict=True):
        rounding = 1e-12 * np.abs(matrices[op]).sum(axis=1).max() * np.abs(values).max(axis=0)
        assert (np.abs(of_values - matrices[op] @ values) < rounding).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dim", "order"), [(2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (3, 2), (3, 3), (3, 4)]
)
def test_errors_fall_with_the_order_asked_for(dim, order):
    counts = (400, 800, 1600, 3200) if dim == 2 else (1000, 2000, 4000, 8000)
    wave = 2 * np.arange(1, dim + 1)
    along_x = partial([1] + [0] * (dim - 1))
    mixed = partial([1, 1] + [0] * (dim - 2))
    exact = {
        laplacian(dim): lambda x: -(wave @ wave) * np.sin(x @ wave),
        along_x: lambda x: wave[0] * np.cos(x @ wave),
        mixed: lambda x: -wave[0] * wave[1] * np.sin(x @ wave),
    }
    errors = []
    for count in counts:
        nodes = cloud(count, dim)
        x = inner(nodes)[:300]
        D = operator_matrices(x, nodes, list(exact), order)
        errors.append(
            [
                np.sqrt(np.mean((D[op] @ np.sin(nodes @ wave) - u(x)) ** 2))
                for op, u in exact.items()
            ]
        )
    slopes = [-dim * np.polyfit(np.log(counts), np.log(e), 1)[0] for e in np.transpose(errors)]
    assert min(slopes) > order - 0.3


@pytest.mark.parametrize("degree", [4, 5, 6])
def test_sharing_stencils_costs_little_accuracy(degree):
    nodes, op = even(1200), laplacian(2)
    u = np.sin(nodes @ [3.0, 2.0])
    error = {}
    for find in (nearest, shared):
        index, weights = stencil_weights(nodes, nodes, find(nodes, nodes, degree), [op], degree)
        miss = np.einsum("rn,rn->r", weights[0], u[index]) + 13 * u
        error[find] = np.sqrt(np.mean(miss**2))
    assert error[shared] < 1.5 * error[nearest]


def test_many_points_around_one_node_take_its_stencil():
    nodes = even(200)
    x = 0.01 * cloud(50, 2)
    stencils = shared(x, nodes, 4)
    assert len(stencils.index) == 1
    index, (weights,) = stencil_weights(x, nodes, stencils, [identity(2)], 4)
    assert (index == np.sort(stencils.index[0])).all()
    wave = np.array([1.0, 0.5])
    u = np.einsum("rn,rn->r", weights, np.sin(nodes[index] @ wave))
    np.testing.assert_allclose(u, np.sin(x @ wave), atol=1e-6)


def test_interpolation_returns_nodal_values_at_nodes():
    nodes = cloud(200, 2)
    I = operator_matrices(nodes[:50], nodes, [identity(2)], 4)[identity(2)]
    np.testing.assert_allclose(I.toarray(), np.eye(200)[:50], atol=1e-8)  # rounding errors


def test_all_operators_share_one_pattern_with_sorted_columns():
    nodes = cloud(200, 2)
    A, B = operator_matrices(nodes, nodes, [laplacian(2), partial((1, 0))], 4).values()
    np.testing.assert_array_equal(A.indices, B.indices)
    assert (np.diff(A.indices.reshape(200, -1)) > 0).all()
    assert A.nnz == 200 * (2 * comb(7, 2) + 1)


def test_weights_scale_with_the_spacing():
    nodes, op = cloud(200, 2), laplacian(2)
    D = operator_matrices(nodes, nodes, [op], 4)[op]
    E = operator_matrices(nodes / 1024, nodes / 1024, [op], 4)[op]
    assert np.abs(E / 1024**2 - D).max() == 0  # a power of two costs no digit


def test_the_laplacian_does_not_depend_on_position_or_direction():
    nodes, op = cloud(300, 2), laplacian(2)
    c, s = np.cos(1.0), np.sin(1.0)
    moved = nodes @ [[c, -s], [s, c]] + [3.0, -2.0]
    u = np.sin(nodes @ [1.0, 2.0])
    D, E = (operator_matrices(x, x, [op], 4)[op] for x in (nodes, moved))
    np.testing.assert_allclose(E @ u, D @ u, atol=1e-8)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_the_fast_path_agrees_with_the_full_system(order):
    nodes, degree = cloud(300, 2), polynomial_degree(order, 2)
    stencils = nearest(nodes, nodes, degree)
    systems = SaddlePoint.of([laplacian(2)], degree)
    split = splitting_order(stencils.index.shape[1], systems.polynomials.shape[1])
    # unit stencils around the points where the Laplacian is wanted
    s = (nodes[stencils.index[:, split]] - nodes[:, None]).swapaxes(1, 2)
    s /= stencils.radius[:, None, None]
    x = np.zeros((len(s), 2, 1))
    (fast, _), (full, _) = (
        each.solve(s, x) for each in (systems, replace(systems, growth_limit=0))
    )
    assert not np.array_equal(fast, full)
    # its rounding errors touch only what vanishes on polynomials, so few digits suffice
    assert np.abs(fast - full).max() < 1e-4 * np.abs(full).max()
    miss = s**2 @ (fast - full)
    assert np.abs(miss).max() < 1e-9 * np.abs(full).sum(axis=1).max()


def test_chunks_do_not_change_the_weights():
    nodes, degree = cloud(200, 2), polynomial_degree(2, 2)
    given = (nodes, nodes, shared(nodes, nodes, degree), [laplacian(2)], degree)
    seen: list[Progress] = []
    _, whole = stencil_weights(*given)
    _, pieces = stencil_weights(*given, seen.append, chunk_bytes=1)
    assert np.abs(whole - pieces).max() < 1e-9 * np.abs(whole).max()
    assert [p.fraction for p in seen] == pytest.approx(np.arange(1, len(seen) + 1) / len(seen))
    assert len(seen) > 100


def test_a_watcher_can_stop_the_work():
    def stop(_):
        raise KeyboardInterrupt

    nodes = cloud(200, 2)
    with pytest.raises(KeyboardInterrupt):
        operator_matrices(nodes, nodes, [laplacian(2)], 2, stop)


def test_too_few_nodes_are_an_error_that_names_the_keys():
    nodes = cloud(30, 2)
    with pytest.raises(NodesError) as caught:
        operator_matrices(nodes, nodes, [laplacian(2)], 4)
    assert str(caught.value) == (
        "derivatives exact to degree 5 in 2-D need stencils of 43 nodes, but there are 30. "
        "Raise nodes.count (or lower nodes.spacing), or lower solver.order."
    )


def test_nodes_on_a_line_are_an_error_not_a_singular_matrix():
    t = np.linspace(0.0, 1.0, 60)
    nodes = np.stack([t, 2 * t], axis=1)
    with pytest.raises(NodesError) as caught:
        operator_matrices(nodes[:1], nodes, [laplacian(2)], 2)
    assert str(caught.value) == (
        "the 21 nodes nearest to (0, 0) do not determine a polynomial of degree 3: some coincide, "
        "or they lie on a line or a lattice. Use quasi-uniform nodes, or lower solver.order."
    )


def test_nodes_on_a_circle_are_an_error():
    t = 2 * np.pi * np.arange(60) / 60
    nodes = np.stack([np.cos(t), np.sin(t)], axis=1)
    with pytest.raises(NodesError, match="do not determine a polynomial of degree 3"):
        operator_matrices(nodes, nodes, [laplacian(2)], 2)


@pytest.mark.parametrize("on", ["line", "circle"])
def test_values_where_polynomials_are_not_determined_are_an_error(on):
    t = 2 * np.pi * np.arange(60) / 60
    nodes = np.stack([t, 2 * t] if on == "line" else [np.cos(t), np.sin(t)], axis=1)
    with pytest.raises(NodesError, match="do not determine a polynomial of degree 3"):
        local_values(nodes, nodes, nodes, [laplacian(2)], 2)


def test_few_lines_of_a_lattice_are_an_error():
    nodes = np.stack(np.meshgrid(np.arange(60.0), np.arange(3.0)), axis=-1).reshape(-1, 2)
    with pytest.raises(NodesError, match="lattice"):
        operator_matrices(nodes, nodes, [partial((0, 4))], 2)


def test_a_full_lattice_is_good_enough_or_an_error():
    nodes = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), axis=-1).reshape(-1, 2)
    x = nodes[190:191]
    D = operator_matrices(x, nodes, [laplacian(2)], 4)[laplacian(2)]
    assert (D @ (nodes**2).sum(axis=1))[0] == pytest.approx(4.0)


def test_twin_nodes_are_an_error():
    nodes = cloud(100, 2)
    nodes[7] = nodes[3]
    with pytest.raises(NodesError, match=r"^two nodes coincide at \(.*\), or nearly so: 2 such"):
        operator_matrices(nodes, nodes, [laplacian(2)], 2)
