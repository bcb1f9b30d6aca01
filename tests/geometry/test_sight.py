"""Who sees whom: walls, and the places from where nodes look."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.geometry import csg, planar
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.geometry.nodes import Joint
from pinnsolve.geometry.sight import Sight, Walls
from pinnsolve.geometry.walls import AROUND_CORNERS, sight
from tests.geometry.domains import DOMAINS, PLANE, UNIT_SQUARE, named

NOTCHED = planar.polygon([(0, 0), (0, -1), (1, -1), (1, 1), (-1, 1), (-1, 0)])
RING = planar.annulus((0, 0), 0.5, 1)
HOLLOW = {
    "annulus", "star", "polygon", "plate with a hole", "bitten square", "L of two rectangles",
    "disk and star", "nested",
}  # fmt: skip


def sighted(domain, count=500, **settings):
    return with_ghosts(generate(domain, count=count), domain, **settings)


@pytest.mark.parametrize("name", sorted(PLANE))
def test_only_hollow_domains_have_walls(name):
    assert (sight(generate(PLANE[name], count=200), PLANE[name]) is not None) == (name in HOLLOW)


def test_in_space_everyone_sees_everyone():
    nodes = generate(DOMAINS["box with a hole"], count=300)
    assert sight(nodes, DOMAINS["box with a hole"]) is None


def test_a_segment_is_blocked_by_a_hole_that_it_meets():
    walls = sighted(RING).sight.walls
    rng = np.random.default_rng(0)
    r, angle = rng.uniform(0.52, 0.98, (2, 4000)), rng.uniform(0, 2 * np.pi, (2, 4000))
    p, q = np.moveaxis(r * np.stack([np.cos(angle), np.sin(angle)]), 0, -1)
    t = np.clip(-(p * (q - p)).sum(1) / ((q - p) ** 2).sum(1), 0, 1)[:, None]
    closest = np.linalg.norm(p + t * (q - p), axis=1)
    clear = np.abs(closest - 0.5) > 1e-3  # what chords may miss
    blocked = walls.block(p, q[:, None])[:, 0]
    np.testing.assert_array_equal(blocked[clear], closest[clear] < 0.5)


def test_nothing_slips_between_two_chords():
    walls = Walls(np.array([[[0.0, -1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]))
    p, q = np.array([[-1.0, 0.0], [-1.0, 1.0], [-1.0, 3.0]]), np.array([[1.0, 0.0]] * 3)
    assert walls.block(p, q[:, None]).ravel().tolist() == [True, True, False]


@pytest.mark.parametrize("name", sorted(HOLLOW))
def test_boundary_nodes_and_ghosts_look_from_inside(name):
    domain = DOMAINS[name]
    nodes = sighted(domain)
    looks = nodes.sight.places
    assert (domain.distance(looks[nodes.rows]) <= 0).all()
    np.testing.assert_array_equal(looks[nodes.interior], nodes.x[nodes.interior])
    np.testing.assert_array_equal(looks[nodes.ghost], looks[nodes.boundary])
    moved = np.linalg.norm(looks[nodes.boundary] - nodes.x[nodes.boundary], axis=1)
    assert moved.max() < 0.51 * nodes.spacing


def test_neighbours_on_a_smooth_wall_see_one_another():
    nodes = sighted(RING, count=2000)
    base = np.arange(nodes.n_interior, nodes.rows.stop)
    pairs = np.linalg.norm(nodes.x[base][:, None] - nodes.x[base], axis=2) < 1.5 * nodes.spacing
    hidden = nodes.sight.hidden(nodes.sight.places[base], np.tile(base, (len(base), 1)))
    assert not hidden[pairs].any()


def test_points_on_either_side_of_a_slit_look_into_their_own():
    slit = planar.rectangle((-1.5, -0.001), (0, 0.001))
    domain = csg.difference(named(planar.rectangle((-1, -1), (1, 1)), "a"), named(slit, "b"))
    nodes = generate(domain, spacing=0.1)
    seen = sight(nodes, domain)
    x = np.linspace(-0.9, -0.1, 50)
    for side in (0.001, -0.001):  # on the wall
        looks = seen.places_of(np.stack([x, np.full(50, side)], -1), nodes.x)
        assert (looks[:, 1] * side > 0).all()


def test_ghosts_near_a_corner_that_points_inside_are_withheld():
    nodes = sighted(NOTCHED, count=1000, spares_corners=True)
    near = np.linalg.norm(nodes.x[nodes.boundary], axis=1) < AROUND_CORNERS * nodes.spacing
    withheld = nodes.sight.is_withheld
    np.testing.assert_array_equal(withheld[nodes.ghost], near)
    assert not withheld[nodes.rows].any()
    assert not sighted(NOTCHED, count=1000).sight.is_withheld.any()


def test_corners_around_a_thin_wall_do_not_count_behind_another():
    wall = planar.rectangle((0.45, -0.5), (0.46, 0.5))
    other = planar.rectangle((0.38, -0.5), (0.39, 1.5))
    domain = csg.difference(named(UNIT_SQUARE, "a"), named(wall, "b"), named(other, "c"))
    nodes = generate(domain, spacing=0.04)
    ghosted = with_ghosts(nodes, domain, spares_corners=True)
    x = nodes.x[nodes.boundary][ghosted.sight.is_withheld[ghosted.ghost]]
    assert len(x)
    assert (x[:, 0] > 0.385).all()


def test_walls_go_on_where_the_domain_is_periodic_and_joined_sides_are_none():
    hole = named(planar.disk((0.1, 0.5), 0.05), "hole")
    domain = csg.difference(named(UNIT_SQUARE, "box"), hole)
    nodes = generate(domain, spacing=0.05)
    joined = replace(nodes, joints=(Joint(("box.left", "box.right"), 0, 0.0, 1.0),))
    seen = sight(joined, domain)
    ends = np.array([[[1.3, 0.5]], [[1.3, 0.9]]])
    here = np.array([[0.9, 0.5], [0.9, 0.9]])
    assert seen.walls.block(here, ends).ravel().tolist() == [True, False]
    joint = Joint(("left", "right"), 0, 0.0, 1.0)
    box = replace(generate(UNIT_SQUARE, spacing=0.1), joints=(joint,))
    assert sight(box, UNIT_SQUARE) is None


def test_a_node_that_nobody_is_to_see_is_hidden():
    walls = Walls(np.array([[[5.0, 5.0], [6.0, 5.0]]]))
    places = np.array([[0.0, 0.0], [np.nan, np.nan], [1.0, 0.0]])
    hidden = Sight(places, walls).hidden(places[:1], np.array([[0, 1, 2]]))
    assert hidden.tolist() == [[False, True, False]]
