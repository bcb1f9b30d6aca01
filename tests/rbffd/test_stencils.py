import numpy as np
import pytest
from clouds import cloud

from pinnsolve.errors import NodesError
from pinnsolve.rbffd.saddlepoint import splitting_order
from pinnsolve.rbffd.stencils import nearest, polynomial_degree, stencil_size


def test_sizes_are_those_of_the_literature():
    assert [stencil_size(2, polynomial_degree(p, 2)) for p in (2, 3, 4, 5)] == [21, 31, 43, 57]
    assert stencil_size(3, polynomial_degree(4, 2)) == 113


def test_interpolation_is_one_order_better_than_derivatives():
    assert polynomial_degree(4, 0) == polynomial_degree(4, 1) == 4


def test_stencils_are_the_nearest_nodes_nearest_first():
    nodes = cloud(100, 3)
    stencils = nearest(nodes[:5], nodes, 2)
    distance = np.linalg.norm(nodes - nodes[:5, None], axis=2)
    np.testing.assert_array_equal(stencils.index, np.argsort(distance, axis=1)[:, :21])
    np.testing.assert_allclose(stencils.radius, np.sort(distance, axis=1)[:, 20])


def test_twins_anywhere_in_the_set_are_found_at_their_places():
    nodes = cloud(100, 2)
    nodes[50] = nodes[60] + 1e-13
    with pytest.raises(NodesError) as caught:
        nearest(nodes, nodes, 2)
    x, y = nodes[60]
    assert str(caught.value) == (
        f"two nodes coincide at ({x:.4g}, {y:.4g}), or nearly so: 2 such places among 100. "
        "Remove one of each pair from the node set."
    )


@pytest.mark.parametrize(("n", "p"), [(3, 1), (7, 3), (21, 10), (43, 21), (113, 56), (241, 120)])
def test_a_stencil_is_split_into_inner_nodes_and_a_rim(n, p):
    order = splitting_order(n, p)
    assert sorted(order) == list(range(n))
    assert n - 1 in order[n - p :]
    if p > 1:
        assert 0 in order[n - p :]
        assert np.mean(order[n - p :]) > np.mean(order[: n - p])
