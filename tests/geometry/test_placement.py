"""Shapes that are scaled, turned and moved are the same shapes elsewhere."""

import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain, planar, solids
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.placement import placed
from pinnsolve.problem import load
from pinnsolve.problem.placement import Placement, along, placement
from tests.geometry.test_shapes import FILE

TURNED = {
    2: placement(2, 2.0, (0.7,), (1.0, -1.0)),
    3: placement(3, 0.5, (0.3, -1.0, 2.0), (1.0, 0.0, -2.0)),
}


@pytest.mark.parametrize("put", TURNED.values(), ids=["plane", "space"])
def test_a_placement_is_a_similarity_and_has_an_inverse(put):
    x = np.random.default_rng(0).normal(size=(20, len(put.shift)))
    moved = put.there(x)
    np.testing.assert_allclose(put.back(moved), x, atol=1e-14)
    gaps = np.linalg.norm(x[1:] - x[:-1], axis=1)
    np.testing.assert_allclose(np.linalg.norm(moved[1:] - moved[:-1], axis=1), put.scale * gaps)
    assert np.linalg.det(put.turn) == pytest.approx(1)


def test_a_rotation_in_space_turns_about_its_axis_by_its_length():
    put = placement(3, rotate=(0, 0, np.pi / 2))
    np.testing.assert_allclose(put.there(np.array([1.0, 0, 5])), [0, 1, 5], atol=1e-15)


@pytest.mark.parametrize("direction", [(1, 2, 3), (0, 0, 2), (0, 0, -1), (0, -1e-9, -1)])
def test_the_third_axis_is_turned_to_a_direction(direction):
    turn, wanted = along(direction), np.array(direction) / np.linalg.norm(direction)
    np.testing.assert_allclose(turn[:, 2], wanted, atol=1e-15)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-15)


def test_a_turned_ellipse_is_the_ellipse_at_that_angle():
    moved = placed(planar.ellipse((1, 0), (2, 0.5)), TURNED[2])
    center = TURNED[2].there(np.array([1.0, 0.0]))
    whole = planar.ellipse(tuple(center), (4, 1), 0.7)
    x = center + 4 * np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_allclose(moved.distance(x), whole.distance(x), atol=1e-13)
    on = whole.curves[0].point(np.linspace(0, 6, 30))
    normals = [d.curves[0].sides[0].normal(on) for d in (moved, whole)]
    np.testing.assert_allclose(normals[0], normals[1], atol=1e-12)
    assert moved.curves[0].area == pytest.approx(4 * np.pi)
    assert moved.size_within == pytest.approx(4 * np.pi)


def test_a_reflection_keeps_normals_outward():
    mirror = Placement(1.0, np.diag([-1.0, 1.0]), np.zeros(2))
    moved = placed(planar.polygon([(1, 0), (3, 0), (1, 1)]), mirror)
    nodes = generate(moved, count=200)
    step = 1e-3 * nodes.normals
    assert (moved.distance(nodes.x[nodes.boundary] + step) > 0).mean() > 0.95  # but for corners
    assert moved.size_within == pytest.approx(1)


def test_nodes_of_a_turned_box_lie_on_its_faces():
    moved = placed(solids.box((0, 0, 0), (2, 1, 1)), TURNED[3])
    nodes = generate(moved, count=600)
    own = TURNED[3].back(nodes.x[nodes.boundary])
    normals = nodes.normals @ TURNED[3].turn
    at = np.array([[0, 2], [0, 1], [0, 1]])
    gaps = np.abs(own[:, :, None] - at).min(axis=2)
    assert gaps.min(axis=1).max() < 1e-12
    np.testing.assert_allclose(np.abs(normals).max(axis=1), 1, atol=1e-12)
    assert moved.surface_area == pytest.approx(10 * 0.25)
    assert set(nodes.pieces) == {"left", "right", "bottom", "top", "front", "back"}


def test_shapes_of_problem_files_are_scaled_then_turned_then_moved(tmp_path):
    path = tmp_path / "problem.toml"
    shape = 'shape = "rectangle"\nlower = [0, 0]\nupper = [4, 2]\n'
    path.write_text(
        FILE.format(
            domain=shape + 'scale = 0.5\nrotate = "pi/2"\ntranslate = [1, 0]', nodes="count = 100"
        )
    )
    problem = load(path)
    domain = build_domain(problem)
    np.testing.assert_allclose(domain.lower, [0, 0], atol=1e-15)
    np.testing.assert_allclose(domain.upper, [1, 2], atol=1e-15)
    np.testing.assert_allclose(problem.settings.domain.box, domain.bounds, atol=1e-15)
    (left,) = (c for c in domain.curves if c.sides[0].piece == "left")
    np.testing.assert_allclose(left.point(np.array([0.5]))[0], [0.5, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'shape = "disk"\nradius = 1\nrotate = [0, 0, 1]',
            'must have 1 number(s), but has 3. Write one angle, as rotate = "pi/6".',
        ),
        (
            'shape = "ball"\nradius = 1\nrotate = 0.5',
            "must have 3 number(s), but has 1. Write the axis times the angle, as [0, 0, 0.5].",
        ),
        (
            'shape = "interval"\nbounds = [0, 1]\nrotate = 0.5',
            "a shape of 1 dimension(s) is not turned. Remove it.",
        ),
        (
            'shape = "disk"\nradius = 1\ntranslate = [1]',
            "must have 2 numbers, but has 1.",
        ),
        ('shape = "disk"\nradius = 1\nscale = 0', "must be greater than 0"),
        (
            'shape = "unbounded"\nlower = [0, 0]\nupper = [1, 1]\nscale = 2',
            "all of space is not moved. Remove it.",
        ),
    ],
)
def test_what_cannot_be_moved_is_refused(tmp_path, text, message):
    path = tmp_path / "problem.toml"
    path.write_text(FILE.format(domain=text, nodes="count = 100"))
    with pytest.raises(ProblemError) as caught:
        load(path)
    assert message in str(caught.value)
