"""From the ``[domain]`` section of a problem file to the domain it describes."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import Fault, KeyPath, NodesError, ProblemError
from pinnsolve.geometry import csg, planar, revolution, solids
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.extrusion import extrusion
from pinnsolve.geometry.fit import must_fit
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.patches import Endpoint, Side
from pinnsolve.geometry.placement import placed
from pinnsolve.geometry.pointclouds import read
from pinnsolve.geometry.relaxation import workers

COMBINATIONS: Mapping[str, Callable[..., Domain]] = {
    "union": csg.union,
    "intersection": csg.intersection,
    "difference": csg.difference,
}


def build_shape(shape: Any, key: KeyPath) -> Domain:
    """Return the domain of one shape of a problem file.

    Parameters
    ----------
    shape
        The shape's keys, as attributes.
    key
        Where it stands in the file.

    Raises
    ------
    ProblemError
        If the shape crosses itself or is empty; not yet located in the file.
    FileError
        If a file of points cannot be read.
    """
    domain = SHAPES[shape.shape](shape, key)
    if shape.is_moved:
        domain = placed(domain, shape.placement)
    if not domain.pieces and shape.shape in COMBINATIONS:
        parts = (
            "the parts have nothing in common"
            if shape.shape == "intersection"
            else ("the other parts cover the first part")
        )
        raise ProblemError(
            Fault((*key, "of"), f"the {shape.shape} is empty: {parts}.", "Move or resize a part.")
        )
    return domain


def interval(lower: float, upper: float) -> Domain:
    """Return the interval between two numbers, with the ends ``left`` and ``right``."""
    a, b = float(lower), float(upper)
    ends = (
        Endpoint(a, Side("left", planar.constant(np.array([-1.0])))),
        Endpoint(b, Side("right", planar.constant(np.array([1.0])))),
    )
    return Domain(
        np.array([a]),
        np.array([b]),
        lambda x: np.abs(x[:, 0] - (a + b) / 2) - (b - a) / 2,
        ends=ends,
    )


def unbounded(lower: Sequence[float], upper: Sequence[float]) -> Domain:
    """Return all of space, with a box in which points are drawn and shown."""
    return Domain(np.array(lower), np.array(upper), lambda x: np.full(len(x), -np.inf))


def points(nodes: Nodes) -> Domain:
    """Return the domain of which only nodes are known.

    The distance is that to the tangent plane at the nearest boundary node: exact in the limit of
    many nodes, of the order of a spacing at corners.
    """
    x = nodes.x[nodes.rows]
    boundary = nodes.x[nodes.boundary]
    tree = KDTree(boundary)

    def distance(y: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        _, near = tree.query(y, workers=workers(len(y)))
        return ((y - boundary[near]) * nodes.normals[near]).sum(axis=1)

    return Domain(x.min(axis=0), x.max(axis=0), distance, nodes=nodes)


def _polygon(shape: Any, key: KeyPath) -> Domain:
    """Return a polygon, unless it crosses itself."""
    crossed = planar.crossing(np.asarray(shape.vertices, dtype=float))
    if crossed is not None:
        first, second = (f"the edge from vertex {i + 1}" for i in crossed)
        raise ProblemError(
            Fault(
                (*key, "vertices"),
                f"the polygon crosses or touches itself: {first} meets {second}.",
                "Put the vertices in the order in which they lie along the boundary.",
            )
        )
    return planar.polygon(shape.vertices)


def _revolution(shape: Any, key: KeyPath) -> Domain:
    """Return the solid that a shape sweeps around an axis, unless it reaches across."""
    try:
        return revolution.revolution(build_shape(shape.of, (*key, "of")))
    except NodesError as error:
        raise ProblemError(Fault((*key, "of"), str(error))) from None


def _surface(shape: Any, _: KeyPath) -> Domain:
    """Return the inside of a curve or surface from a file."""
    from pinnsolve.geometry.facets import faceted  # which few domains need
    from pinnsolve.problem.surface_files import read_boundary

    return faceted(read_boundary(shape.file, shape.group))


def _points(shape: Any, key: KeyPath) -> Domain:
    """Return the domain of a file of points."""
    nodes = read(shape.file)
    if not (nodes.n_interior and nodes.n_boundary):
        raise ProblemError(
            Fault(
                (*key, "file"),
                f"the file has {nodes.n_interior} interior and {nodes.n_boundary} boundary "
                "points, but a domain needs both.",
            )
        )
    domain = points(nodes)
    try:
        must_fit(nodes, domain)
    except NodesError as error:
        raise ProblemError(Fault((*key, "file"), str(error))) from None
    return domain


def _combination(shape: Any, key: KeyPath) -> Domain:
    """Return a union, intersection or difference; its parts' pieces renamed as the file says."""
    # names are settled by what is written, not by what is left of the parts
    bare = Counter(piece for part in shape.of if part.name is None for piece in part.surfaces)

    def rename(index: int, name: str | None, piece: str) -> str:
        if name is not None:
            return f"{name}.{piece}"
        return f"part{index + 1}.{piece}" if bare[piece] > 1 else piece

    parts = [
        csg.renamed(build_shape(part, (*key, "of", i)), partial(rename, i, part.name))
        for i, part in enumerate(shape.of)
    ]
    return COMBINATIONS[shape.shape](*parts)


# each takes the keys of its shape, as attributes, and where they stand in the file
SHAPES: Mapping[str, Callable[[Any, KeyPath], Domain]] = {
    "interval": lambda s, _: interval(*s.bounds),
    "rectangle": lambda s, _: planar.rectangle(s.lower, s.upper),
    "box": lambda s, _: solids.box(s.lower, s.upper),
    "disk": lambda s, _: planar.disk(s.center, s.radius),
    "ball": lambda s, _: solids.ball(s.center, s.radius),
    "ellipse": lambda s, _: planar.ellipse(s.center, s.radii, s.angle),
    "annulus": lambda s, _: planar.annulus(s.center, s.inner, s.outer),
    "star": lambda s, _: planar.star(s.center, s.radius, s.amplitude, s.points),
    "polygon": _polygon,
    "cylinder": lambda s, _: revolution.cylinder(s.start, s.end, s.radius),
    "cone": lambda s, _: revolution.cone(s.start, s.end, s.radii),
    "torus": lambda s, _: revolution.torus(s.center, s.axis, s.radius, s.tube),
    "extrusion": lambda s, key: extrusion(build_shape(s.of, (*key, "of")), s.height),
    "revolution": _revolution,
    "surface": _surface,
    "points": _points,
    "unbounded": lambda s, _: unbounded(s.lower, s.upper),
    "union": _combination,
    "intersection": _combination,
    "difference": _combination,
}
