"""Solids of revolution and extrusion: the measures of Pappus and Guldin, edges, exact distances."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from pinnsolve.constraints.distance_functions import vanishing
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.symbols import Symbols
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain, csg, planar, revolution
from pinnsolve.geometry.extrusion import extrusion
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.quadrature import over_pieces
from pinnsolve.problem import load
from tests.geometry.domains import named
from tests.geometry.test_shapes import FILE

HALF_DISK = csg.intersection(
    named(planar.disk((0, 0), 1), "ball"), named(planar.rectangle((0, -2), (2, 2)), "half")
)
PLATE = csg.difference(
    named(planar.rectangle((0, 0), (2, 1)), "plate"), named(planar.disk((1, 0.5), 0.25), "hole")
)
# the solid, its volume, the area of its boundary
SOLIDS = {
    "cylinder": (revolution.cylinder((0, 0, 0), (2, 2, 1), 0.5), 0.75 * np.pi, 3.5 * np.pi),
    "cone": (
        revolution.cone((1, 0, 0), (1, 2, 0), (0.5, 0)),
        np.pi / 6,
        0.25 * np.pi * (1 + np.sqrt(17)),
    ),
    "frustum": (
        revolution.cone((0, 0, 1), (0, 0, -1), (0.5, 1)),
        np.pi * 2 * 1.75 / 3,
        np.pi * (1.25 + 1.5 * np.sqrt(4.25)),
    ),
    "torus": (
        revolution.torus((0, 1, 0), (1, 0, 0), 1, 0.3),
        2 * np.pi**2 * 0.09,
        4 * np.pi**2 * 0.3,
    ),
    "ball": (revolution.revolution(HALF_DISK), 4 * np.pi / 3, 4 * np.pi),
    "prism": (
        extrusion(planar.polygon([(0, 0), (2, 0), (0, 1)]), 1.5),
        1.5,
        2 + 1.5 * (3 + np.sqrt(5)),
    ),
    "plate": (extrusion(PLATE, 0.5), 1 - np.pi / 32, 4 - np.pi / 8 + 3 + np.pi / 4),
}


@pytest.fixture(scope="module", params=["cone", "torus", "plate"])
def meshed(request):
    domain = SOLIDS[request.param][0]
    return domain, generate(domain, count=500)


@pytest.mark.parametrize(("solid", "volume", "area"), SOLIDS.values(), ids=SOLIDS)
def test_volume_and_area_are_those_of_pappus_and_guldin(solid, volume, area):
    rules = over_pieces(solid, (), 0.2).values()
    flux = sum(((rule.x * rule.normals).sum(axis=1) * rule.weights).sum() for rule in rules)
    # the rule around a tube has eight points in each of four panels
    assert flux / 3 == pytest.approx(volume, rel=2e-6)
    assert sum(rule.weights.sum() for rule in rules) == pytest.approx(area, rel=2e-6)
    assert solid.surface_area == pytest.approx(area, rel=1e-8)


@pytest.mark.parametrize(("solid", "_volume", "_area"), SOLIDS.values(), ids=SOLIDS)
def test_the_distance_is_that_to_the_faces(solid, _volume, _area):
    x = np.random.default_rng(0).uniform(*solid.bounds, (500, 3))
    cover = [face.cover(0.02, np.random.default_rng(1)) for face in solid.faces]
    near, _ = KDTree(np.concatenate(cover)).query(x)
    found = np.abs(solid.distance(x))
    assert (found <= near + 1e-9).all()
    is_union = solid is SOLIDS["ball"][0]  # of the half with its image: in sign exact, and smaller
    assert is_union or (found >= near - 0.03).all()  # points of the cover are 0.02 apart
    outward = [face.side.normal(face.cover(0.1, np.random.default_rng(1))) for face in solid.faces]
    on = [face.cover(0.1, np.random.default_rng(1)) for face in solid.faces]
    step = 1e-6 * np.concatenate(outward)
    ahead, behind = (solid.distance(np.concatenate(on) + sign * step) for sign in (1, -1))
    assert (ahead > 0).all()
    assert (behind < 0).all()


def test_nodes_lie_on_the_boundary_and_keep_apart(meshed):
    domain, nodes = meshed
    x = nodes.x[nodes.boundary]
    assert np.abs(domain.distance(x)).max() < 1e-12
    gaps, _ = KDTree(nodes.x[nodes.rows]).query(nodes.x[nodes.rows], k=2)
    assert gaps[:, 1].min() > 0.6 * nodes.spacing
    assert (domain.distance(nodes.x[nodes.interior]) < 0).all()
    assert len(np.unique(nodes.tags)) == len(domain.pieces)


BOXED = {
    "cylinder": 'shape = "cylinder"\nend = [1, 2, 0]\nradius = 0.5',
    "cone": 'shape = "cone"\nend = [0, 3, 4]\nradii = [1, 0.2]',
    "torus": 'shape = "torus"\naxis = [1, 1, 0]\nradius = 1\ntube = 0.25',
}


@pytest.mark.parametrize("text", BOXED.values(), ids=BOXED)
def test_boxes_of_solids_are_tight(tmp_path, text):
    path = tmp_path / "problem.toml"
    path.write_text(FILE.format(domain=text, nodes="count = 100"))
    problem = load(path)
    on = [face.cover(0.01, np.random.default_rng(0)) for face in build_domain(problem).faces]
    lower, upper = problem.settings.domain.box
    x = np.concatenate(on)
    np.testing.assert_allclose(x.min(axis=0), lower, atol=0.02)
    np.testing.assert_allclose(x.max(axis=0), upper, atol=0.02)
    assert (x >= np.array(lower) - 1e-12).all()
    assert (x <= np.array(upper) + 1e-12).all()


FORMULAS = {
    "cylinder": 'shape = "cylinder"\nstart = [0, 1, 0]\nend = [1, 1, 1]\nradius = 0.5',
    "cone": 'shape = "cone"\nend = [0, 0, 1]\nradii = [1, 0.5]\ntranslate = [1, 0, 0]',
    "torus": 'shape = "torus"\naxis = [0, 1, 1]\nradius = 1\ntube = 0.25\nscale = 2',
    "extrusion": 'shape = "extrusion"\nof = { shape = "disk", radius = 0.5 }\nheight = 2\n'
    "rotate = [0.3, 0.2, 0]",
}


@pytest.mark.parametrize("text", FORMULAS.values(), ids=FORMULAS)
def test_formulas_vanish_on_their_pieces_alone_and_are_positive_inside(tmp_path, text):
    path = tmp_path / "problem.toml"
    path.write_text(FILE.format(domain=text, nodes="count = 100"))
    problem = load(path)
    domain = build_domain(problem)
    formulas = vanishing(problem.settings.domain, problem.coordinates)
    assert set(formulas) == set(domain.pieces)
    symbols = Symbols(problem.coordinates)
    x = np.random.default_rng(0).uniform(*domain.bounds, (500, 3))
    x = x[domain.distance(x) < -1e-3]
    assert (np.array(evaluate(list(formulas.values()), symbols, x)) > 0).all()
    for face in domain.faces:
        on = face.cover(0.1, np.random.default_rng(0))
        (values,) = evaluate([formulas[face.side.piece]], symbols, on)
        assert np.abs(values).max() < 1e-13


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'shape = "revolution"\nof = { shape = "disk", radius = 1 }',
            "the shape reaches across the axis x = 0, to x = -1. Cut it off by an intersection "
            "with a rectangle, or move it by translate.",
        ),
        (
            'shape = "extrusion"\nof = { shape = "ball", radius = 1 }\nheight = 1',
            'must be a shape of the plane. Write of = { shape = "disk", radius = 1 }.',
        ),
        (
            'shape = "extrusion"\nof = { shape = "disk", radius = 1, time = [0, 1] }\nheight = 1',
            "time belongs to [domain], not to a part of it.",
        ),
        (
            'shape = "cylinder"\nend = [0, 0, 0]\nradius = 1',
            "is where the axis starts: it has no direction.",
        ),
        ('shape = "cone"\nend = [0, 0, 1]\nradii = [0, 0]', "both radii are 0."),
        (
            'shape = "torus"\nradius = 1\ntube = 2',
            "the tube's radius 2 must be smaller than the circle's, 1: the ring would cross",
        ),
    ],
)
def test_solids_that_are_none_are_refused(tmp_path, text, message):
    path = tmp_path / "problem.toml"
    path.write_text(FILE.format(domain=text, nodes="count = 100"))
    with pytest.raises(ProblemError) as caught:
        build_domain(load(path))
    assert message in str(caught.value)
