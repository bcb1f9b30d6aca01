"""Joined sides: what is left of the boundary, and what may not be joined."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry import planar, solids
from pinnsolve.geometry.csg import difference
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.ghosts import with_ghosts
from pinnsolve.geometry.periodic import joint, rolled, tied, ties, unrolled, wrapped
from pinnsolve.geometry.shapes import interval
from tests.lanes import parameters

SQUARE = planar.rectangle((0, 0), (2, 1))
LEFT_RIGHT, BOTTOM_TOP = ("left", "right"), ("bottom", "top")


def joined(domain, *pairs, rings=1, count=300):
    """Return nodes with ghosts of a domain with joined sides, which own no corner."""
    preferred = [name for name in domain.pieces if name not in {s for p in pairs for s in p}]
    nodes = generate(domain, count=count, preferred=preferred)
    joints = tuple(joint(nodes, pair) for pair in pairs)
    nodes = nodes.__class__(
        nodes.x, nodes.n_interior, nodes.normals, nodes.tags, nodes.pieces, nodes.spacing, joints
    )
    return with_ghosts(nodes, domain, rings)


CASES = {
    "interval": (interval(0, 1), [LEFT_RIGHT]),
    "strip": (SQUARE, [LEFT_RIGHT]),
    "reversed": (SQUARE, [LEFT_RIGHT[::-1]]),
    "torus": (SQUARE, [LEFT_RIGHT, BOTTOM_TOP]),
    "hole": (difference(SQUARE, planar.disk((0.7, 0.5), 0.2)), [LEFT_RIGHT, BOTTOM_TOP]),
    "box": (solids.box((0, 0, 0), (1, 1, 1)), [LEFT_RIGHT, ("front", "back")]),
}


@pytest.mark.parametrize("rings", [1, 2])
@pytest.mark.parametrize("case", parameters(CASES, {"box"}))
def test_what_is_left_are_as_many_nodes_again_without_the_second_sides(case, rings):
    domain, pairs = CASES[case]
    nodes = joined(domain, *pairs, rings=rings, count=40 if domain.dim == 1 else 300)
    base = nodes.x[nodes.boundary]
    second = np.any([np.isclose(base[:, j.axis], j.high) for j in nodes.joints], axis=0)
    names = np.array(nodes.pieces)[nodes.tags]
    on_sides = np.isin(names, [side for pair in pairs for side in pair])
    is_tied = tied(nodes)
    np.testing.assert_array_equal(is_tied[nodes.boundary], second)
    np.testing.assert_array_equal(
        is_tied[nodes.ghost].reshape(rings, -1), np.tile(second | on_sides, (rings, 1))
    )
    assert not is_tied[nodes.interior].any()


@pytest.mark.parametrize("case", parameters(CASES, {"box"}))
def test_every_node_is_tied_once_to_a_point_of_the_domain_whole_periods_away(case):
    domain, pairs = CASES[case]
    nodes = joined(domain, *pairs)
    found = ties(nodes)
    rows = np.concatenate([tie.rows for tie in found])
    assert sorted(rows) == np.flatnonzero(tied(nodes)).tolist()
    for tie in found:
        assert (tie.rows[: tie.n_boundary] < nodes.rows.stop).all()
        for j in nodes.joints:
            turns = (nodes.x[tie.rows] - tie.across)[:, j.axis] / j.period
            np.testing.assert_allclose(turns, np.round(turns), atol=1e-12)
            assert (tie.across[:, j.axis] >= j.low).all()
            assert (tie.across[:, j.axis] < j.high - 1e-9).all()


@pytest.mark.parametrize("case", parameters(CASES, {"box"}))
def test_no_two_nodes_of_the_unrolled_domain_are_close(case):
    domain, pairs = CASES[case]
    nodes = joined(domain, *pairs)
    x, owner = unrolled(nodes)
    distance, _ = KDTree(x).query(x, 2)
    assert distance[:, 1].min() > 0.3 * nodes.spacing
    assert set(owner) == set(np.flatnonzero(~tied(nodes)))
    gone = wrapped(x, nodes.joints) - wrapped(nodes.x[owner], nodes.joints)
    for j in nodes.joints:
        gone[:, j.axis] -= j.period * np.round(gone[:, j.axis] / j.period)
    assert np.abs(gone).max() < 1e-12


def test_nodes_without_joints_are_left_alone():
    nodes = generate(SQUARE, count=100)
    x, owner = unrolled(nodes)
    assert x is nodes.x
    np.testing.assert_array_equal(owner, np.arange(len(nodes.x)))
    assert not tied(nodes).any()


def test_a_rolled_domain_goes_on_beyond_its_joined_sides():
    nodes = joined(SQUARE, LEFT_RIGHT)
    distance = rolled(SQUARE, nodes.joints).distance
    x = np.array([[-0.3, 0.5], [2.4, 0.2], [-0.3, -0.1], [5.0, 1.1]])
    np.testing.assert_array_equal(distance(x) < 0, [True, True, False, False])


def test_ghosts_of_a_corner_on_a_joined_side_are_straight_ahead():
    nodes = joined(SQUARE, LEFT_RIGHT)
    base, ghosts = nodes.x[nodes.boundary], nodes.x[nodes.ghost]
    corner = np.isclose(base[:, 0] % 2, 0) & np.isclose(base[:, 1] % 1, 0)
    assert corner.sum() == 4
    np.testing.assert_allclose(ghosts[corner, 0], base[corner, 0], atol=1e-12)


L_SHAPE = planar.polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])


@pytest.mark.parametrize(
    ("domain", "sides", "message"),
    [
        (SQUARE, ("left", "top"), "left and top are not parallel."),
        (planar.annulus((0, 0), 0.5, 1), ("inner", "outer"),
         "inner is no flat side across a coordinate."),
        (planar.polygon([(0, 0), (1, 0), (1.2, 1), (0.2, 1)]), ("edge4", "edge2"),
         "edge4 is no flat side across a coordinate."),
        (L_SHAPE, ("edge6", "edge4"), "the domain does not lie between edge6 and edge4."),
        (L_SHAPE, ("edge6", "edge2"), "edge6 and edge2 are not of the same shape: moved across, "
         "the node at (0, 1.857) lies on neither."),
        (SQUARE, ("left", "east"), "no node lies on east: nothing of it is left, or it is too "
         "small."),
    ],
)  # fmt: skip
def test_sides_that_cannot_be_joined_are_refused(domain, sides, message):
    with pytest.raises(NodesError) as caught:
        joint(generate(domain, count=200), sides)
    assert str(caught.value) == message
