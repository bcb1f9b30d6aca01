import numpy as np
import pytest

from pinnsolve.errors import NodesError
from pinnsolve.rbffd.saddlepoint import splitting_order
from pinnsolve.rbffd.stencils import REACH, nearest, polynomial_degree, shared, stencil_size
from tests.rbffd.clouds import cloud, even


def test_sizes_are_those_of_the_literature():
    assert [stencil_size(2, polynomial_degree(p, 2)) for p in (2, 3, 4, 5)] == [21, 31, 43, 57]
    assert stencil_size(3, polynomial_degree(4, 2)) == 113


def test_interpolation_is_one_order_better_than_derivatives():
    assert polynomial_degree(4, 0) == polynomial_degree(4, 1) == 4


def test_stencils_are_the_nearest_nodes_nearest_first():
    nodes = cloud(100, 2)
    stencils = nearest(nodes[:5], nodes, 2)
    distance = np.linalg.norm(nodes - nodes[:5, None], axis=2)
    np.testing.assert_array_equal(stencils.index, np.argsort(distance, axis=1)[:, :13])
    np.testing.assert_allclose(stencils.radius, np.sort(distance, axis=1)[:, 12])


def test_in_space_nodes_are_near_by_their_own_spacing():
    nodes = cloud(60, 3) ** 3  # closer to one another at a corner
    stencils = nearest(nodes[:5], nodes, 2)
    apart = np.linalg.norm(nodes - nodes[:, None], axis=2)
    spacing = np.sort(apart, axis=1)[:, 1:9].mean(axis=1)
    near = np.argsort(apart[:5] / spacing, axis=1)[:, :21]
    np.testing.assert_array_equal(stencils.index, near)
    np.testing.assert_allclose(stencils.radius, np.take_along_axis(apart[:5], near, 1).max(axis=1))


def test_a_shared_stencil_is_around_a_node_near_to_every_point_it_serves():
    nodes = even(1500)
    stencils = shared(nodes, nodes, 5)
    assert len(stencils.index) < len(nodes) / 2
    apart = np.linalg.norm(nodes - stencils.centre[stencils.taken], axis=1)
    # the radius of the stencil is first estimated from fewer nodes
    assert (apart < 1.2 * REACH * stencils.radius[stencils.taken]).all()
    own = nearest(stencils.centre, nodes, 5)
    np.testing.assert_array_equal(np.sort(stencils.index), np.sort(own.index))
    np.testing.assert_allclose(stencils.radius, own.radius)


def test_centres_serve_themselves():
    nodes = even(800)
    stencils = shared(nodes, nodes, 5)
    centres = stencils.index[:, 0]
    np.testing.assert_array_equal(stencils.taken[centres], np.arange(len(centres)))


def test_stencils_with_cubic_polynomials_are_hardly_shared():
    # their accuracy rests on symmetry
    nodes = even(800)
    assert len(shared(nodes, nodes, 3).index) > 0.95 * len(nodes)


def test_points_that_are_no_nodes_share_the_stencils_of_the_nodes():
    nodes, x = even(400), cloud(3000, 2) - 0.5
    stencils = shared(x, nodes, 4)
    assert len(stencils.index) < 300
    apart = np.linalg.norm(x - stencils.centre[stencils.taken], axis=1)
    assert (apart < 0.6 * stencils.radius[stencils.taken]).all()


def test_the_stencils_of_some_of_the_points_are_those_of_all():
    nodes = even(400)
    stencils = shared(nodes, nodes, 5)
    chosen = np.arange(len(nodes)) % 3 == 0
    some = stencils.where(chosen)
    np.testing.assert_array_equal(some.index[some.taken], stencils.index[stencils.taken[chosen]])
    np.testing.assert_array_equal(some.centre[some.taken], stencils.centre[stencils.taken[chosen]])
    np.testing.assert_array_equal(some.radius[some.taken], stencils.radius[stencils.taken[chosen]])


@pytest.mark.parametrize("find", [nearest, shared])
def test_twins_anywhere_in_the_set_are_found_at_their_places(find):
    nodes = cloud(100, 2)
    nodes[50] = nodes[60] + 1e-13
    with pytest.raises(NodesError) as caught:
        find(nodes, nodes, 2)
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
