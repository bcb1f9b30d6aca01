from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from pinnsolve.constraints.distance_functions import vanishing
from pinnsolve.equations import variables
from pinnsolve.equations.expression import Symbols, evaluate
from pinnsolve.geometry.generation import generate
from pinnsolve.geometry.shapes import build_shape
from pinnsolve.problem.schema.domain import SHAPES

RECTANGLE = {"shape": "rectangle", "lower": [-1, 0.1], "upper": [2, 0.7]}
SHAPE = {
    "interval": {"shape": "interval", "bounds": [-0.3, 1.1]},
    "rectangle": RECTANGLE,
    "box": {"shape": "box", "lower": [0, -1, 2], "upper": [1, 1.5, 3]},
    "disk": {"shape": "disk", "center": [0.3, -1], "radius": 1.7},
    "ball": {"shape": "ball", "center": [0.1, 0.2, 0.3], "radius": 0.7},
    "ellipse": {"shape": "ellipse", "center": [1, 2], "radii": [2, 0.7], "angle": 0.6},
    "annulus": {"shape": "annulus", "center": [0.5, 0], "inner": 0.3, "outer": 1.1},
    "star": {"shape": "star", "center": [1, 1], "radius": 2, "amplitude": 0.3, "points": 5},
    "triangle": {"shape": "polygon", "vertices": [[0, 0], [0.3, 1.9], [2, 0.1]]},
    "plate with holes": {
        "shape": "difference",
        "of": [
            {"shape": "rectangle", "lower": [-1, -1], "upper": [2, 1]},
            {"shape": "disk", "radius": 0.3, "name": "hole"},
            {"shape": "ellipse", "radii": [0.5, 0.2], "center": [1.1, 0], "name": "slot"},
        ],
    },
    "lens": {
        "shape": "intersection",
        "of": [
            {"shape": "disk", "radius": 1, "name": "a"},
            {"shape": "disk", "radius": 1, "center": [1, 0], "name": "b"},
        ],
    },
}
ROUNDING = 1e-13


@pytest.fixture(params=SHAPE)
def around(request):
    return shaped(request.param)


@cache
def shaped(name):
    """Return the formulas of a shape's pieces, their names for the axes, and nodes."""
    keys = SHAPE[name]
    shape = SHAPES[keys["shape"]](**keys)
    nodes = generate(
        build_shape(shape, ()),
        count=None if shape.dim == 1 else 500,
        spacing=0.05 if shape.dim == 1 else None,
    )
    names = ("x", "y", "z")[: shape.dim]
    return SimpleNamespace(
        formulas=vanishing(shape, names), symbols=Symbols(names), nodes=nodes, shape=shape
    )


def test_every_piece_has_a_formula(around):
    assert set(around.formulas) == set(around.shape.surfaces)


def test_it_is_zero_on_its_piece_to_rounding(around):
    for k, piece in enumerate(around.nodes.pieces):
        x = around.nodes.x[around.nodes.boundary][around.nodes.tags == k]
        (values,) = evaluate([around.formulas[piece]], around.symbols, x)
        assert np.abs(values).max() < ROUNDING


def test_it_is_positive_inside_and_of_size_one(around):
    values = evaluate(
        list(around.formulas.values()), around.symbols, around.nodes.x[around.nodes.interior]
    )
    assert np.min(values) > 0
    assert np.max(values) <= 2


def test_it_rises_inward_from_its_piece(around):
    """So that the normal derivative of what is multiplied with it is free."""
    for k, piece in enumerate(around.nodes.pieces):
        here = around.nodes.tags == k
        x, normals = around.nodes.x[around.nodes.boundary][here], around.nodes.normals[here]
        names = around.symbols.coordinates
        slopes = [around.formulas[piece].diff(variables.coordinate(name)) for name in names]
        gradient = np.stack(evaluate(slopes, around.symbols, x), axis=1)
        extent = np.ptp(around.nodes.x, axis=0).max()
        assert (gradient * normals).sum(axis=1).max() < -0.1 / extent


def test_a_star_has_a_value_and_curvature_at_its_centre():
    shape = SHAPES["star"](**SHAPE["star"])
    (formula,) = vanishing(shape, ("x", "y")).values()
    x = variables.coordinate("x")
    center = np.array([[1.0, 1.0], [1.0 + 1e-6, 1.0]])
    symbols = Symbols(("x", "y"))
    value, bend = evaluate([formula, formula.diff(x, 2)], symbols, center)
    np.testing.assert_allclose(value, 1)
    np.testing.assert_allclose(bend[1], 0, atol=1e-9)


def test_points_have_none():
    assert vanishing(SimpleNamespace(shape="points", is_moved=False), ("x", "y")) == {}
