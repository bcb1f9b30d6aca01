"""Ghosts: one outside each boundary node, clear of everything else."""

from functools import cache

import numpy as np
import pytest
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError
from pinnsolve.geometry import csg, planar
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.ghosts import CLEARANCE, OFFSET, OFFSET_OF_RINGS, with_ghosts
from pinnsolve.geometry.shapes import points
from tests.geometry.domains import DOMAINS, PLANE, UNIT_SQUARE, by_name, named


@cache
def plain(name):
    """Return 500 nodes of a domain, which all tests here put ghosts to."""
    return generate(DOMAINS[name], count=500)


def ghosted(domain, **settings):
    return with_ghosts(generate(domain, **settings), domain)


def room(nodes):
    """Return the distance from each ghost to the nearest other node, in spacings."""
    return KDTree(nodes.x).query(nodes.x[nodes.ghost], 2)[0][:, 1] / nodes.spacing


# where parts meet at a sharp angle outside there is no room for a ghost on each side
ROOMY = sorted(set(DOMAINS) - {"disk and star"})


@pytest.mark.parametrize("name", by_name(ROOMY))
def test_ghosts_are_outside_and_clear(name):
    domain = DOMAINS[name]
    nodes = with_ghosts(plain(name), domain)
    assert len(nodes.x) == nodes.rows.stop + nodes.n_boundary
    assert (domain.distance(nodes.x[nodes.ghost]) > 0.3 * nodes.spacing * 0.999).all()
    assert room(nodes).min() >= CLEARANCE


@pytest.mark.parametrize("name", by_name(ROOMY))
def test_most_ghosts_lie_one_spacing_out(name):
    domain = DOMAINS[name]
    nodes = with_ghosts(plain(name), domain)
    length = np.linalg.norm(nodes.x[nodes.ghost] - nodes.x[nodes.boundary], axis=1)
    # the hole of a box is so small that those in it, a tenth, lie nearer
    assert np.mean(np.isclose(length, OFFSET * nodes.spacing, rtol=1e-9)) > 0.8


@pytest.mark.parametrize("radius", [0.9, 1.2, 1.46, 1.8])  # in spacings
def test_in_a_small_hole_all_ghosts_are_as_far_out(radius):
    # where they made way for one another some lay at 0.7 spacings and some at one
    spacing = 0.05
    hole = planar.disk((0.5, 0.5), radius * spacing)
    domain = csg.difference(named(UNIT_SQUARE, "plate"), named(hole, "hole"))
    nodes = ghosted(domain, spacing=spacing)
    inside = nodes.tags == nodes.pieces.index("hole.surface")
    steps = (nodes.x[nodes.ghost] - nodes.x[nodes.boundary])[inside]
    out = 0.5 * radius * spacing * nodes.normals[inside]
    np.testing.assert_allclose(steps, out, atol=1e-6 * spacing)


@pytest.mark.parametrize("name", ["interval", "disk", "ellipse", "annulus", "ball"])
def test_on_a_smooth_boundary_ghosts_lie_on_the_normals(name):
    nodes = with_ghosts(plain(name), DOMAINS[name])
    out = nodes.x[nodes.boundary] + OFFSET * nodes.spacing * nodes.normals
    np.testing.assert_array_equal(nodes.x[nodes.ghost], out)


@pytest.mark.parametrize("name", by_name(ROOMY))
def test_two_rings_are_outside_and_clear_as_one_is(name):
    domain = DOMAINS[name]
    nodes = with_ghosts(plain(name), domain, 2)
    assert nodes.rings == 2
    assert (domain.distance(nodes.x[nodes.ghost]) > 0.3 * nodes.spacing * 0.999).all()
    assert room(nodes).min() >= CLEARANCE * 0.999


@pytest.mark.parametrize("name", ["interval", "disk", "ellipse", "annulus", "ball"])
def test_the_rings_of_a_smooth_boundary_follow_each_other_outwards(name):
    nodes = with_ghosts(generate(DOMAINS[name], count=500), DOMAINS[name], 2)
    first, second = np.split(nodes.x[nodes.ghost], 2)
    step = OFFSET_OF_RINGS * nodes.spacing * nodes.normals
    np.testing.assert_array_equal(first, nodes.x[nodes.boundary] + step)
    np.testing.assert_array_equal(second, nodes.x[nodes.boundary] + 2 * step)


def test_at_a_corner_the_ghost_lies_on_the_bisector():
    nodes = ghosted(UNIT_SQUARE, count=400)
    corner = np.flatnonzero((nodes.x[nodes.boundary] == 0).all(axis=1))[0]
    ghost = nodes.x[nodes.ghost][corner]
    np.testing.assert_allclose(ghost, -nodes.spacing / np.sqrt(2) * np.ones(2), rtol=1e-12)


def test_at_a_reentrant_corner_ghosts_make_way_for_each_other():
    domain = PLANE["L of two rectangles"]
    nodes = ghosted(domain, count=1000)
    near = np.linalg.norm(nodes.x[nodes.ghost] - [1, 0.5], axis=1) < 2 * nodes.spacing
    assert near.sum() >= 3
    assert room(nodes)[near].min() >= CLEARANCE
    assert (domain.distance(nodes.x[nodes.ghost][near]) > 0).all()


@pytest.mark.parametrize("angle", [15, 30, 60])
def test_in_a_notch_ghosts_find_what_room_there_is(angle):
    width = np.tan(np.radians(angle) / 2)
    notch = planar.polygon([(1 - width, 1), (1, 0), (1 + width, 1)])
    plate = planar.rectangle((0, -1), (2, 1))
    domain = csg.difference(named(plate, "plate"), named(notch, "notch"))
    nodes = ghosted(domain, count=500)
    assert (domain.distance(nodes.x[nodes.ghost]) > 0.05 * nodes.spacing).all()
    assert room(nodes).min() > (0.15 if angle < 30 else 0.35)


def test_a_slot_without_room_is_refused():
    slot = planar.rectangle((0.999, 0), (1.001, 1))
    plate = planar.rectangle((0, -1), (2, 1))
    domain = csg.difference(named(plate, "plate"), named(slot, "slot"))
    with pytest.raises(NodesError) as caught:
        ghosted(domain, count=200)
    message = str(caught.value)
    assert message.startswith("no room for a ghost node outside the boundary at (")
    assert message.endswith(
        "): the gap there is too narrow for this spacing. Raise nodes.count, lower nodes.spacing, "
        'set nodes.refine = "auto", or widen the gap.'
    )


def test_ghosts_are_replaced_not_added():
    domain = PLANE["disk"]
    nodes = ghosted(domain, count=200)
    np.testing.assert_array_equal(with_ghosts(nodes, domain).x, nodes.x)


def test_ghosts_follow_a_refined_spacing():
    domain = PLANE["disk"]
    nodes = ghosted(domain, count=1000, refine=lambda x: 0.2 + np.hypot(x[:, 0] - 4, x[:, 1] + 2))
    base = nodes.x[nodes.boundary]
    length = np.linalg.norm(nodes.x[nodes.ghost] - base, axis=1)
    local = KDTree(nodes.x[nodes.rows]).query(base, 2)[0][:, 1]
    assert (length < 2 * local).all()
    assert length.max() > 3 * length.min()


def test_ghosts_follow_a_spacing_that_is_refined_on_the_whole_boundary():
    nodes = ghosted(UNIT_SQUARE, count=1000, refine=lambda x: 0.3 + np.minimum(x, 1 - x).min(1))
    base = nodes.x[nodes.boundary]
    length = np.linalg.norm(nodes.x[nodes.ghost] - base, axis=1)
    local = KDTree(nodes.x[nodes.rows]).query(base, 2)[0][:, 1]
    assert (length < 1.5 * local).all()


def test_given_points_get_ghosts_too():
    nodes = generate(PLANE["star"], count=500)
    made = with_ghosts(nodes, points(nodes))
    assert (PLANE["star"].distance(made.x[made.ghost]) > 0).all()
    assert room(made).min() >= CLEARANCE
