"""The regions of a domain: from the conditions and shapes of a problem file to parts of it.

A condition on position is a combination of comparisons. One whose two sides differ by a linear
function of position holds in a half-space, one by a multiple of the squared distance from a point,
less a constant, inside or outside a ball. What is left over is the region of which nothing is said.
Its boundary, as far as it is not that of the domain, is what regions have in common: the interface.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.equations import variables
from pinnsolve.equations.expression import Predicate
from pinnsolve.errors import Fault
from pinnsolve.geometry import csg, planar, solids
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import INTERFACE
from pinnsolve.geometry.sampling import sample
from pinnsolve.geometry.shapes import build_shape, interval
from pinnsolve.problem import Problem
from pinnsolve.problem.problem import Region

BEYOND = 4.0  # sizes of the domain: how far a half-space goes
PROBES = 4000  # points at which regions are compared
SAME = 1e-9  # of the domain's size: what is so near to a boundary is on it
GIVE_SHAPE = 'Give the region a shape, as shape = "star", in place of where.'
STATE = "State the materials as [[region]], each with a shape, or smooth the jumps."


def region_domains(problem: Problem, domain: Domain) -> tuple[Domain, ...]:
    """Return the parts of a domain in which the regions of a problem lie.

    Raises
    ------
    ProblemError
        If regions overlap, leave a gap, or lie outside, or if what bounds one is no line or circle.
    """
    shapes: list[Domain | None] = []
    for region in problem.regions:
        shape = None
        if region.where is not None:
            shape = _where(problem, region, domain)
        elif region.shape is not None:
            shape = build_shape(region.shape, region.key)
        shapes.append(None if shape is None else csg.renamed(shape, lambda _: INTERFACE))
    _check(problem, domain, shapes)
    others = [shape for shape in shapes if shape is not None]
    # of a union no boundary is left where its parts touch
    taken = csg.union(*others) if len(others) > 1 else others[0]
    return tuple(
        csg.intersection(domain, shape) if shape is not None else csg.difference(domain, taken)
        for shape in shapes
    )


def located_in(parts: Sequence[Domain], x: Float[ndarray, "n d"]) -> Int[ndarray, " n"]:
    """Return the region in which points lie, or to which they are nearest."""
    return np.argmin([part.distance(x) for part in parts], axis=0)


def _check(problem: Problem, domain: Domain, shapes: Sequence[Domain | None]) -> None:
    """Refuse regions that overlap, leave a gap, or have no part in the domain."""
    x = sample(domain, PROBES, 0)
    depth = (
        np.array([np.full(len(x), np.inf) if s is None else s.distance(x) for s in shapes])
        / domain.size
    )
    is_in = depth < -SAME
    names = [region.name for region in problem.regions]
    for i, region in enumerate(problem.regions):
        if shapes[i] is not None and not is_in[i].any():
            message = f'the region "{region.name}" is empty: no part of the domain is in it.'
            raise problem.source.error(Fault(region.key, message, "Move it, or remove it."))
    twice = np.flatnonzero(is_in.sum(axis=0) > 1)
    if len(twice):
        first, second = np.flatnonzero(is_in[:, twice[0]])[:2]
        message = f'the regions "{names[first]}" and "{names[second]}" overlap, as at '
        message += f"{_place(x[twice[0]])}."
        remedy = "Let one of them end where the other begins."
        raise problem.source.error(Fault(problem.regions[second].key, message, remedy))
    outside = np.flatnonzero((depth > SAME).all(axis=0))
    if None not in shapes and len(outside):
        message = f"the regions leave a gap: {_place(x[outside[0]])} is in none of them."
        remedy = "Add a [[region]] with a name alone, which is all the rest."
        raise problem.source.error(Fault(problem.regions[0].key, message, remedy))
    if None in shapes and not len(outside):
        region = problem.regions[list(shapes).index(None)]
        message = f'the region "{region.name}" is empty: the others fill the domain.'
        raise problem.source.error(Fault(region.key, message, "Remove it."))


def _place(x: Float[ndarray, " d"]) -> str:
    """Return a point in words."""
    return f"({', '.join(f'{value:.4g}' for value in x)})"


def _where(problem: Problem, region: Region, domain: Domain) -> Domain:
    """Return the shape in which a condition on position holds."""
    assert region.where is not None
    try:
        return _shape(region.where.tree, region.where, domain)
    except _NoShape:
        message = f'"{region.where.text}" is not bounded by straight lines and circles.'
        if region.key[0] == "region":
            fault = Fault((*region.key, "where"), message, GIVE_SHAPE)
        else:
            message = (
                f'what is differentiated here jumps at the edge of "{region.where.text}", which '
            )
            message += "is not bounded by straight lines and circles."
            fault = Fault(region.key, message, STATE)
        raise problem.source.error(fault) from None


class _NoShape(Exception):
    """What bounds a region is neither plane nor sphere."""


def _shape(tree: tuple[Any, ...], where: Predicate, domain: Domain) -> Domain:
    """Return the shape in which a combination of comparisons holds."""
    name, *parts = tree
    if name in ("<", "<=", ">", ">="):
        g = parts[0] - parts[1] if name[0] == "<" else parts[1] - parts[0]
        return _negative(sympy.sympify(g), where, domain)
    if name not in ("and", "or", "not"):
        raise _NoShape
    shapes = [_shape(part, where, domain) for part in parts]
    if name == "and":
        return reduce(csg.intersection, shapes)
    if name == "or":
        return reduce(csg.union, shapes)
    return csg.difference(_around(domain), shapes[0])


def _negative(g: sympy.Expr, where: Predicate, domain: Domain) -> Domain:
    """Return the shape in which a function of position is negative."""
    axes = [variables.coordinate(name) for name in where.symbols.coordinates[: domain.dim]]
    known = g.free_symbols
    if not known or not known <= set(axes):
        raise _NoShape
    try:
        poly = sympy.Poly(sympy.expand(g), *axes)
    except sympy.PolynomialError:
        raise _NoShape from None
    a, c = np.zeros(domain.dim), 0.0  # linear and constant part
    square = np.zeros((domain.dim, domain.dim))
    for powers, value in poly.terms():
        held = np.repeat(np.arange(domain.dim), powers)
        if len(held) > 2:
            raise _NoShape
        if len(held) == 2:
            square[held[0], held[1]] += float(value)
        elif len(held) == 1:
            a[held[0]] = float(value)
        else:
            c = float(value)
    if not square.any():
        return _half_space(a, c, domain)
    s = square[0, 0]
    if s == 0 or np.abs(square - s * np.eye(domain.dim)).max() > SAME * abs(s) or domain.dim == 1:
        raise _NoShape
    center = -a / (2 * s)
    squared = float(center @ center - c / s)
    if squared <= 0:
        raise _NoShape
    make = planar.disk if domain.dim == 2 else solids.ball
    ball = make(center.tolist(), float(np.sqrt(squared)))
    return ball if s > 0 else csg.difference(_around(domain), ball)


def _half_space(a: Float[ndarray, " d"], c: float, domain: Domain) -> Domain:
    """Return the part of a large box around a domain in which a x + c is negative."""
    size = float(np.linalg.norm(a))
    a, c = a / size, c / size
    middle, reach = (domain.lower + domain.upper) / 2, BEYOND * domain.size
    foot = middle - (a @ middle + c) * a
    if domain.dim == 2:
        along = reach * np.array([-a[1], a[0]])
        back = -reach * a
        corners = [foot - along, foot + along, foot + along + back, foot - along + back]
        return planar.polygon([corner.tolist() for corner in corners])
    axis = int(np.argmax(np.abs(a)))
    if abs(a[axis]) < 1 - SAME:
        raise _NoShape  # boxes lie along the axes
    low, high = middle - reach, middle + reach
    if a[axis] > 0:
        high[axis] = foot[axis]
    else:
        low[axis] = foot[axis]
    return _box(low, high)


def _around(domain: Domain) -> Domain:
    """Return a box so large that it does not matter."""
    middle, reach = (domain.lower + domain.upper) / 2, 2 * BEYOND * domain.size
    return _box(middle - reach, middle + reach)


def _box(low: Float[ndarray, " d"], high: Float[ndarray, " d"]) -> Domain:
    """Return a box along the axes."""
    if len(low) == 1:
        return interval(float(low[0]), float(high[0]))
    make = planar.rectangle if len(low) == 2 else solids.box
    return make(low.tolist(), high.tolist())
