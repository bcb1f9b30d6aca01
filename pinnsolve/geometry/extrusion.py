"""Solids that a shape of the plane sweeps as it moves along the third axis.

With d₂ the distance of the shape and d₁ that of the interval of z, the distance of the solid is
that of a product of sets,

    d = |(max(d₂, 0), max(d₁, 0))| + min(max(d₂, d₁), 0).
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.alongside import PER_PANEL, Alongside
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Side
from pinnsolve.geometry.planar import constant
from pinnsolve.geometry.relaxation import lattice
from pinnsolve.geometry.surfaces import Face

SAME = 1e-9  # of the shape's size: corners closer to one another are one


def extrusion(shape: Domain, height: float) -> Domain:
    """Return the solid above a shape in the plane, from z = 0 up to a height.

    Its walls have the names of the shape's boundary pieces; ``front`` is at z = 0, ``back`` at the
    height.
    """

    def distance(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N"]:
        across, along = shape.distance(x[:, :2]), np.abs(x[:, 2] - height / 2) - height / 2
        outside = np.hypot(np.maximum(across, 0), np.maximum(along, 0))
        return outside + np.minimum(np.maximum(across, along), 0)

    edges = [_level(curve, z) for curve in shape.curves for z in (0.0, height)]
    edges += [_upright(corner, height) for corner in _corners(shape)]
    walls = [_wall(curve, height) for curve in shape.curves]
    caps = [_cap(shape, 0.0, "front"), _cap(shape, height, "back")]
    return Domain(
        np.append(shape.lower, 0.0),
        np.append(shape.upper, height),
        distance,
        curves=tuple(edges),
        faces=(*walls, *caps),
    )


def _corners(shape: Domain) -> list[Float[ndarray, " 2"]]:
    """Return the places at which open curves meet, each once."""
    found: list[Float[ndarray, " 2"]] = []
    for curve in shape.curves:
        if not curve.is_closed:
            for x in curve.point(np.array([curve.start, curve.stop])):
                if all(np.abs(x - other).max() > SAME * shape.size for other in found):
                    found.append(x)
    return found


def _level(curve: Curve, z: float) -> Curve:
    """Return the edge above a curve at a height."""
    return Curve(
        lambda t: np.column_stack([curve.point(t), np.full(len(t), z)]),
        (),
        curve.start,
        curve.stop,
        curve.is_closed,
        curve.segments,
    )


def _upright(corner: Float[ndarray, " 2"], height: float) -> Curve:
    """Return the edge above a corner."""
    return Curve(lambda t: np.column_stack([np.tile(corner, (len(t), 1)), height * t]), ())


def _wall(curve: Curve, height: float) -> Face:
    """Return the face above a curve."""
    beside = Alongside(curve, () if curve.is_closed else (0, 1))
    area = beside.length * height

    def project(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
        return np.column_stack([curve.point(beside.parameter(x[:, :2])), x[:, 2]])

    def normal(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
        return np.column_stack([curve.sides[0].normal(x[:, :2]), np.zeros(len(x))])

    def extent(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N"]:
        along = beside.depth(beside.parameter(x[:, :2])) if beside.ends else np.full(len(x), np.inf)
        return np.minimum(along, np.minimum(x[:, 2], height - x[:, 2]))

    def cover(h: float, rng: np.random.Generator) -> Float[ndarray, "N 3"]:
        sides = np.array([beside.length, height])
        flat = lattice(np.zeros(2), sides, h, rng)
        flat = flat[((flat >= 0) & (flat <= sides)).all(axis=1)]
        return np.column_stack([curve.point(beside.at(flat[:, 0] / beside.length)), flat[:, 1]])

    def rule(count: int) -> tuple[Float[ndarray, "Q 3"], Float[ndarray, " Q"]]:
        ratio = height / beside.length
        p, weights = beside.rule(max(round(np.sqrt(count / ratio)), 4 * PER_PANEL))
        z, up = np.polynomial.legendre.leggauss(max(round(count / len(p)), 2))
        z, up = height * (1 + z) / 2, height * up / 2
        x = np.column_stack([np.repeat(p, len(z), axis=0), np.tile(z, len(p))])
        return x, np.outer(weights, up).ravel()

    return Face(Side(curve.sides[0].piece, normal), cover, project, area, extent, rule=rule)


def _cap(shape: Domain, z: float, name: str) -> Face:
    """Return the flat face at an end."""
    size = shape.size_within
    assert size is not None

    def project(x: Float[ndarray, "N 3"]) -> Float[ndarray, "N 3"]:
        return np.column_stack([x[:, :2], np.full(len(x), z)])

    def cover(h: float, rng: np.random.Generator) -> Float[ndarray, "N 3"]:
        flat = lattice(shape.lower, shape.upper, h, rng)
        flat = flat[shape.distance(flat) < 0]
        return np.column_stack([flat, np.full(len(flat), z)])

    return Face(
        Side(name, constant(np.array([0.0, 0.0, 1.0 if z > 0 else -1.0]))),
        cover,
        project,
        size,
        lambda x: -shape.distance(x[:, :2]),
    )
