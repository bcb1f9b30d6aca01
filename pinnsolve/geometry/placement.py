"""A domain scaled, turned and moved: distances, patches and normals follow the similarity."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Endpoint, Side
from pinnsolve.geometry.surfaces import Face
from pinnsolve.problem.placement import Placement

OfPoints: TypeAlias = Callable[[Float[ndarray, "N d"]], Float[ndarray, "N"]]


def placed(domain: Domain, put: Placement) -> Domain:
    """Return a domain where a placement puts it.

    Parameters
    ----------
    domain
        With its boundary, not by its nodes alone.
    put
        Also a reflection is allowed.
    """
    lower, upper = put.box(tuple(domain.lower), tuple(domain.upper))
    distance = _longer(domain.distance, put)
    return Domain(
        np.array(lower),
        np.array(upper),
        distance,
        ends=tuple(_endpoint(end, put) for end in domain.ends),
        curves=tuple(_curve(curve, put) for curve in domain.curves),
        faces=tuple(_face(face, put) for face in domain.faces),
    )


def _longer(length: OfPoints, put: Placement) -> OfPoints:
    """Return a length that depends on the point, as of the moved shape."""
    return lambda x: put.scale * length(put.back(x))


def _side(side: Side, put: Placement) -> Side:
    return replace(side, normal=lambda x: side.normal(put.back(x)) @ put.turn.T)


def _endpoint(end: Endpoint, put: Placement) -> Endpoint:
    return Endpoint(float(put.there(np.array([end.x]))[0]), _side(end.side, put))


def _curve(curve: Curve, put: Placement) -> Curve:
    sides = tuple(_side(side, put) for side in curve.sides)
    return replace(curve, point=lambda t: put.there(curve.point(t)), sides=sides)


def _face(face: Face, put: Placement) -> Face:
    def rule(count: int) -> tuple[Float[ndarray, "Q d"], Float[ndarray, " Q"]]:
        assert face.rule is not None
        x, weights = face.rule(count)
        return put.there(x), weights * put.scale ** (x.shape[1] - 1)

    return Face(
        _side(face.side, put),
        cover=lambda h, rng: put.there(face.cover(h / put.scale, rng)),
        project=lambda x: put.there(face.project(put.back(x))),
        area=face.area * put.scale ** (len(put.shift) - 1),
        extent=None if face.extent is None else _longer(face.extent, put),
        margins=tuple(_longer(margin, put) for margin in face.margins),
        depths=tuple(_longer(depth, put) for depth in face.depths),
        rule=None if face.rule is None else rule,
    )
