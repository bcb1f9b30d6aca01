"""Integrals over pieces of the boundary: exact lengths and areas, and the divergence theorem."""

import numpy as np
import pytest

from pinnsolve.equations.expression import Symbols, parse_predicate
from pinnsolve.geometry import csg, planar, solids
from pinnsolve.geometry.quadrature import joined, over_pieces
from tests.geometry.domains import PLANE, SPACE, named

EXACT = 1e-11  # of order-one integrals of smooth functions: rounding, and what panels leave


def volume(domain, pieces=(), spacing=0.1):
    """Return the volume of a domain as the flux of x/d, and the mean of the normal."""
    parts = over_pieces(domain, pieces, spacing).values()
    flux = sum(part.integral((part.x * part.normals).sum(axis=1)) for part in parts) / domain.dim
    return flux, sum(part.integral(part.normals.T) for part in parts)


@pytest.mark.parametrize("name", PLANE)
def test_the_normals_of_a_closed_boundary_in_the_plane_sum_to_nothing(name):
    _, total = volume(PLANE[name])
    np.testing.assert_allclose(total, 0, atol=1e-7)  # the arcs of a star bend much


@pytest.mark.parametrize(
    ("domain", "size"),
    [
        (planar.disk((1, 2), 3), 9 * np.pi),
        (planar.ellipse((1, 2), (2, 0.5), 0.3), np.pi),
        (planar.star((0, 1), 1, 0.3, 5), np.pi * (1 + 0.3**2 / 2)),
        (PLANE["plate with a hole"], 2 - np.pi / 16),
        (PLANE["lens"], 2 * np.pi / 3 - np.sqrt(3) / 2),
        (SPACE["box"], 2),
        (SPACE["ball"], 32 * np.pi / 3),
        (SPACE["box with a hole"], 1 - 4 * np.pi / 3 * 0.027),
    ],
)
def test_the_flux_of_the_position_is_the_size_of_the_domain(domain, size):
    assert volume(domain)[0] == pytest.approx(size, rel=1e-9)


@pytest.mark.parametrize("name", ["bitten box", "two balls"])
def test_faces_that_others_cut_into_are_integrated_to_a_few_thousandths(name):
    sizes = {
        "bitten box": 1 - np.pi / 6 * 0.125,
        # two caps, of heights by the plane x = 0.755 where the balls meet
        "two balls": 4 * np.pi / 3 * (1 + 0.343)
        - sum(np.pi * h**2 * (r - h / 3) for r, h in ((1, 0.245), (0.7, 0.455))),
    }
    assert volume(SPACE[name])[0] == pytest.approx(sizes[name], rel=4e-3)


def test_a_named_part_of_a_piece_has_its_own_length_to_rounding():
    where = parse_predicate("x < -0.3", Symbols(("x", "y")))
    found = over_pieces(planar.disk((0, 0), 1), [("left", where)], 0.1)
    arc = 2 * np.arccos(0.3)
    assert list(found) == ["surface", "left"]
    assert found["left"].weights.sum() == pytest.approx(arc, abs=EXACT)
    assert found["surface"].weights.sum() == pytest.approx(2 * np.pi - arc, abs=EXACT)
    np.testing.assert_allclose(
        found["left"].centroid, [-2 * np.sqrt(1 - 0.09) / arc, 0], atol=EXACT
    )


def test_a_curve_is_integrated_to_rounding():
    (found,) = over_pieces(planar.disk((0, 0), 1), (), 0.1).values()
    x, y = found.x.T
    # the integral of exp(x) around the unit circle is 2 pi I_0(1)
    assert found.integral(np.exp(x)) == pytest.approx(2 * np.pi * 1.2660658777520084, abs=EXACT)
    assert found.integral(x**2 * y**4) == pytest.approx(np.pi / 8, abs=EXACT)


def test_spheres_and_boxes_are_integrated_exactly_for_polynomials():
    (sphere,) = over_pieces(solids.ball((0, 0, 0), 2), (), 0.5).values()
    assert sphere.integral(sphere.x[:, 2] ** 4) == pytest.approx(4 * np.pi / 5 * 2**6, rel=EXACT)
    top = over_pieces(solids.box((0, 0, 0), (1, 2, 3)), (), 0.5)["top"]
    x, _, z = top.x.T
    assert top.integral(x**3 * z**5) == pytest.approx(3**6 / 24, rel=EXACT)
    assert np.all(top.x[:, 1] == 2)


def test_a_hole_has_normals_that_leave_the_domain():
    plate = csg.difference(
        planar.rectangle((-1, -1), (1, 1)), named(planar.disk((0, 0), 0.5), "hole")
    )
    hole = over_pieces(plate, (), 0.1)["hole.surface"]
    np.testing.assert_allclose(hole.normals, -2 * hole.x, atol=1e-12)


@pytest.mark.parametrize(
    ("domain", "piece", "diameter"),
    [
        (planar.rectangle((0, 0), (3, 1)), "top", 3),
        (planar.disk((1, 2), 0.5), "surface", 1),
        (planar.ellipse((0, 0), (2, 1), 0.4), "surface", 4),
        (solids.ball((0, 0, 0), 2), "surface", 4),
    ],
)
def test_the_diameter_of_a_piece_is_its_largest_extent(domain, piece, diameter):
    parts = over_pieces(domain, (), 0.17)
    assert parts[piece].diameter == pytest.approx(diameter, rel=1e-3)
    whole = sum(part.weights.sum() for part in parts.values())
    assert joined(parts.values()).weights.sum() == pytest.approx(whole)
