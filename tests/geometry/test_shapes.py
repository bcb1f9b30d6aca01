"""Shapes: exact signed distances, and what a problem file may get wrong."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from pinnsolve.errors import FileError, ProblemError
from pinnsolve.geometry import build_domain, csg, planar
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.pointclouds import write
from pinnsolve.geometry.shapes import SHAPES, points
from pinnsolve.problem import load
from pinnsolve.problem.schema.domain import SHAPES as MODELS
from tests.geometry.domains import DOMAINS, PLANE, named

FILE = """[domain]
{domain}

[nodes]
{nodes}

[unknowns]
fields = ["u"]

[pde]
equations = ["laplace(u) = 1"]

[[boundary]]
on = "all"
condition = "u = 0"
"""


@pytest.fixture
def build(tmp_path):
    """Return a function from the text of [domain] to the domain."""

    def built(domain, nodes="count = 300"):
        path = tmp_path / "problem.toml"
        path.write_text(FILE.format(domain=domain, nodes=nodes))
        return build_domain(load(path))

    return built


def fault(build, text):
    with pytest.raises(ProblemError) as caught:
        build(text)
    return str(caught.value)


SIMPLE = ["disk", "ellipse", "annulus", "star", "rectangle", "polygon"]


@pytest.mark.parametrize("name", SIMPLE)
def test_the_distance_of_a_simple_shape_is_exact(name):
    domain = PLANE[name]
    x = np.random.default_rng(0).uniform(domain.lower - 1, domain.upper + 1, (500, 2))
    lines = [curve.point(np.linspace(curve.start, curve.stop, 50_001)) for curve in domain.curves]
    nearest, _ = KDTree(np.concatenate(lines)).query(x)
    # some vertex of a fine polyline is within half a step of the closest point
    step = max(np.linalg.norm(np.diff(line, axis=0), axis=1).max() for line in lines)
    distance = np.abs(domain.distance(x))
    assert (distance <= nearest + 1e-12).all()
    assert (distance >= nearest - step / 2).all()


@pytest.mark.parametrize("name", ["ellipse", "star"])
def test_the_closest_point_is_found_to_round_off(name):
    domain = PLANE[name]
    (curve,) = domain.curves
    t = np.linspace(0, 2 * np.pi, 200)
    x = curve.point(t)
    offset = np.linspace(-0.05, 0.05, 200)  # less than the radius of curvature: 0.125, 0.1
    moved = x + offset[:, None] * curve.sides[0].normal(x)
    np.testing.assert_allclose(domain.distance(moved), offset, atol=1e-14)


@pytest.mark.parametrize("name", DOMAINS)
def test_the_distance_has_slope_one_at_most(name):
    domain = DOMAINS[name]
    rng = np.random.default_rng(1)
    x = rng.uniform(domain.lower - 0.5, domain.upper + 0.5, (2000, domain.dim))
    y = x + 0.01 * rng.normal(size=x.shape)
    gap = np.linalg.norm(x - y, axis=1)
    assert (np.abs(domain.distance(x) - domain.distance(y)) <= 1.0001 * gap).all()


@pytest.mark.parametrize("name", DOMAINS)
def test_the_domain_lies_in_its_bounds(name):
    domain = DOMAINS[name]
    lower, upper = domain.bounds
    x = np.random.default_rng(2).uniform(lower - 1, upper + 1, (5000, domain.dim))
    x = x[domain.distance(x) < 0]
    assert ((x > lower - 1e-12) & (x < upper + 1e-12)).all()


def test_every_shape_of_the_language_has_a_builder():
    assert set(SHAPES) == set(MODELS)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('shape = "disk"\nradius = 1', ("surface",)),
        ('shape = "ball"\nradius = 1', ("surface",)),
        ('shape = "ellipse"\nradii = [2, 1]\nangle = "pi/6"', ("surface",)),
        ('shape = "annulus"\ninner = 0.5\nouter = 1', ("inner", "outer")),
        ('shape = "star"\nradius = 1\namplitude = 0.2\npoints = 5', ("surface",)),
        ('shape = "rectangle"\nlower = [0, 0]\nupper = [2, 1]', ("left", "right", "bottom", "top")),
        (
            'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 1, 1]',
            ("left", "right", "bottom", "top", "front", "back"),
        ),
        ('shape = "polygon"\nvertices = [[0, 0], [1, 0], [0, 1]]', ("edge1", "edge2", "edge3")),
        (
            'shape = "difference"\nof = [{shape = "rectangle", lower = [0, 0], upper = [1, 1]}, '
            '{shape = "disk", center = [0.5, 0.5], radius = 0.2, name = "hole"}]',
            ("left", "right", "bottom", "top", "hole.surface"),
        ),
        (
            'shape = "union"\nof = [{shape = "disk", radius = 1}, '
            '{shape = "disk", center = [1, 0], radius = 1}]',
            ("part1.surface", "part2.surface"),
        ),
        (
            'shape = "intersection"\nof = [{shape = "disk", radius = 1, name = "round"}, '
            '{shape = "rectangle", lower = [0, -2], upper = [2, 2]}]',
            ("round.surface", "left"),
        ),
        (
            'shape = "difference"\nof = [{shape = "disk", radius = 2}, {shape = "union", name = '
            '"hole", of = [{shape = "disk", radius = 0.5, name = "a"}, '
            '{shape = "disk", center = [0.5, 0], radius = 0.5, name = "b"}]}]',
            ("surface", "hole.a.surface", "hole.b.surface"),
        ),
    ],
)
def test_a_problem_file_names_shapes_and_pieces(build, text, pieces):
    domain = build(text)
    assert domain.pieces == pieces
    assert generate(domain, count=300).pieces == pieces


def test_edges_are_counted_counterclockwise_from_the_first_vertex(build):
    domain = build('shape = "polygon"\nvertices = [[0, 0], [0, 1], [1, 1], [1, 0]]')
    normals = {
        curve.sides[0].piece: curve.sides[0].normal(np.zeros((1, 2)))[0] for curve in domain.curves
    }
    np.testing.assert_allclose(normals["edge1"], [0, -1], atol=1e-15)
    np.testing.assert_allclose(normals["edge2"], [1, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("vertices", "edges"),
    [
        ("[[0, 0], [1, 1], [1, 0], [0, 1]]", "vertex 1 meets the edge from vertex 3"),  # a bow tie
        (
            "[[0, 0], [2, 0], [1, 0], [1, 1]]",
            "vertex 1 meets the edge from vertex 2",
        ),  # folds back onto itself
        (
            "[[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]]",
            "vertex 1 meets the edge from vertex 3",
        ),  # a vertex on an edge
    ],
)
def test_a_polygon_that_crosses_itself_is_told_with_its_edges(build, vertices, edges):
    message = fault(build, f'shape = "polygon"\nvertices = {vertices}')
    assert (
        "problem.toml:3: the polygon crosses or touches itself: the edge from " + edges in message
    )
    assert "Put the vertices in the order in which they lie along the boundary." in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'shape = "intersection"\nof = [{shape = "disk", radius = 1}, '
            '{shape = "disk", center = [3, 0], radius = 1}]',
            "the intersection is empty: the parts have nothing in common. Move or resize a part.",
        ),
        (
            'shape = "difference"\nof = [{shape = "disk", radius = 1}, '
            '{shape = "disk", radius = 2}]',
            "the difference is empty: the other parts cover the first part. Move or resize a part.",
        ),
        (
            'shape = "difference"\nof = [{shape = "disk", radius = 1}, '
            '{shape = "disk", radius = 1}]',
            "the difference is empty: the other parts cover the first part. Move or resize a part.",
        ),
        (
            'shape = "intersection"\nof = [{shape = "ball", radius = 1}, '
            '{shape = "box", lower = [2, 2, 2], upper = [3, 3, 3]}]',
            "the intersection is empty: the parts have nothing in common. Move or resize a part.",
        ),
    ],
)
def test_an_empty_combination_is_told_with_its_line(build, text, expected):
    assert f"problem.toml:3: {expected}" in fault(build, text)


def test_a_domain_of_points_knows_inside_from_outside(build, tmp_path):
    star = PLANE["star"]
    nodes = generate(star, count=800)
    write(tmp_path / "star.h5", nodes)
    domain = build('shape = "points"\nfile = "star.h5"', nodes="")
    assert domain.pieces == ("surface",)
    np.testing.assert_array_equal(domain.nodes.x, nodes.x)
    x = np.random.default_rng(0).uniform(*star.bounds, (2000, 2))
    clear = np.abs(star.distance(x)) > 0.5 * nodes.spacing
    assert ((domain.distance(x) < 0) == (star.distance(x) < 0))[clear].all()


def test_a_broken_file_of_points_is_an_error_of_files(build, tmp_path):
    (tmp_path / "star.h5").write_text("no HDF5")
    with pytest.raises(FileError, match=r"star\.h5"):
        build('shape = "points"\nfile = "star.h5"', nodes="")


def test_points_give_their_own_boundary_back():
    nodes = generate(PLANE["disk"], count=400)
    domain = points(nodes)
    # off the nearest tangent line by the sagitta of half a spacing
    x = nodes.x[nodes.boundary]
    np.testing.assert_allclose(domain.distance(x), 0, atol=1e-15)
    assert (domain.distance(nodes.x[nodes.interior]) < 0).all()


class TestCombinations:
    """Unions, intersections and differences."""

    def test_signs_are_those_of_set_theory(self):
        a, b = planar.disk((0, 0), 1), planar.rectangle((0.5, -0.5), (2, 0.5))
        x = np.random.default_rng(0).uniform(-2, 3, (5000, 2))
        in_a, in_b = a.distance(x) < 0, b.distance(x) < 0
        np.testing.assert_array_equal(csg.union(a, b).distance(x) < 0, in_a | in_b)
        np.testing.assert_array_equal(csg.intersection(a, b).distance(x) < 0, in_a & in_b)
        np.testing.assert_array_equal(csg.difference(a, b).distance(x) < 0, in_a & ~in_b)

    @pytest.mark.parametrize(
        ("domain", "length"),
        [
            ("lens", 4 * np.pi / 3),
            ("L of two rectangles", 6),
            ("overlapping rectangles", 6),
            ("plate with a hole", 6 + np.pi / 2),
            ("bitten square", 4 - 0.6 + 0.3 * np.pi),
        ],
    )
    def test_the_boundary_has_its_length(self, domain, length):
        total = sum(curve.length for curve in PLANE[domain].curves)
        assert total == pytest.approx(length, rel=1e-6)  # polylines are shorter than curves

    def test_a_wall_between_touching_parts_is_inside(self):
        domain = PLANE["L of two rectangles"]
        wall = np.stack([np.ones(9), np.linspace(0.05, 0.45, 9)], -1)
        assert (domain.distance(wall) < 0).all()
        nodes = generate(domain, count=2000)
        near = np.abs(nodes.x[nodes.interior, 0] - 1) < 0.5 * nodes.spacing
        below = nodes.x[nodes.interior, 1] < 0.5
        # as many nodes as in any strip one spacing wide
        assert (near & below).sum() >= 0.7 * 0.5 / nodes.spacing

    def test_a_shared_wall_is_no_boundary(self):
        left, right = planar.rectangle((0, 0), (1, 1)), planar.rectangle((1, 0), (2, 1))
        domain = csg.union(named(left, "a"), named(right, "b"))
        assert set(domain.pieces) == {
            *("a.left", "a.bottom", "a.top", "b.right", "b.bottom", "b.top")
        }

    def test_a_piece_that_is_cut_away_is_not_listed(self):
        square = planar.rectangle((0, 0), (1, 1))
        half = planar.rectangle((0.5, -1), (2, 2))
        domain = csg.difference(named(square, "a"), named(half, "b"))
        assert set(domain.pieces) == {"a.left", "a.bottom", "a.top", "b.left"}

    def test_an_untouched_circle_stays_closed(self):
        (hole,) = [c for c in PLANE["plate with a hole"].curves if c.is_closed]
        assert hole.sides[0].piece == "hole.surface"
        x = hole.point(np.array([0.0]))
        np.testing.assert_allclose(hole.sides[0].normal(x), [[-1, 0]], atol=1e-15)

    def test_nesting_is_the_same_as_one_after_the_other(self):
        a, b, c = (planar.disk((i, 0), 1) for i in (0, 1, 2))
        x = np.random.default_rng(0).uniform(-2, 4, (5000, 2))
        nested = csg.union(a, csg.union(b, c)).distance(x) < 0
        np.testing.assert_array_equal(nested, csg.union(a, b, c).distance(x) < 0)
