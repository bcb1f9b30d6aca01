"""The regions of a domain: from the conditions and shapes of a problem file to parts of it.

A condition on position is a combination of comparisons. One whose two sides differ by a linear
function of position holds in a half-space, one by a multiple of the squared distance from a point,
less a constant, inside or outside a ball. Absolute values, minima, maxima, products and roots are
taken apart into such, where that can be done,

    |g| < c  <=>  g < c and -g < c,    f g < 0  <=>  (f < 0 and g > 0) or (f > 0 and g < 0),

and what then is left is traced in the plane (`pinnsolve.geometry.level_sets`), and its zeros found
on a line. What is left over is the region of which nothing is said.
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
from pinnsolve.equations.functions import Absolute, Maximum, Minimum
from pinnsolve.equations.program import Program, program
from pinnsolve.errors import Fault, place
from pinnsolve.geometry import csg, planar, solids
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.level_sets import NotSmooth, negative
from pinnsolve.geometry.nodes import INTERFACE
from pinnsolve.geometry.sampling import sample
from pinnsolve.geometry.shapes import build_shape, interval
from pinnsolve.problem import Problem
from pinnsolve.problem.problem import Region

BEYOND = 4.0  # sizes of the domain: how far a half-space goes
PROBES = 4000  # points at which regions are compared
SAME = 1e-9  # of the domain's size: what is so near to a boundary is on it
ZEROS = 20_000  # points on a line between which zeros are looked for
GIVE_SHAPE = "Give the region a shape, or put together where of smooth parts by and, or."
STATE = "State the materials as [[region]], each with a shape, or smooth the jumps."


def region_domains(problem: Problem, domain: Domain) -> tuple[Domain, ...]:
    """Return the parts of a domain in which the regions of a problem lie.

    Raises
    ------
    ProblemError
        If regions overlap, leave a gap, or lie outside, or if what bounds one is not smooth.
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
        message += f"{place(x[twice[0]])}."
        remedy = "Let one of them end where the other begins."
        raise problem.source.error(Fault(problem.regions[second].key, message, remedy))
    outside = np.flatnonzero((depth > SAME).all(axis=0))
    if None not in shapes and len(outside):
        message = f"the regions leave a gap: {place(x[outside[0]])} is in none of them."
        remedy = "Add a [[region]] with a name alone, which is all the rest."
        raise problem.source.error(Fault(problem.regions[0].key, message, remedy))
    if None in shapes and not len(outside):
        region = problem.regions[list(shapes).index(None)]
        message = f'the region "{region.name}" is empty: the others fill the domain.'
        raise problem.source.error(Fault(region.key, message, "Remove it."))


def _where(problem: Problem, region: Region, domain: Domain) -> Domain:
    """Return the shape in which a condition on position holds."""
    assert region.where is not None
    try:
        return _shape(region.where.tree, region.where, domain)
    except _NoShape as error:
        is_stated = region.key[0] == "region"
        message = (
            f'"{region.where.text}" '
            if is_stated
            else (f'what is differentiated here jumps at the edge of "{region.where.text}", which ')
        )
        key = (*region.key, "where") if is_stated else region.key
        fault = Fault(key, message + str(error), GIVE_SHAPE if is_stated else STATE)
        raise problem.source.error(fault) from None


class _NoShape(Exception):
    """What bounds a region is not known, as the message says."""


def _shape(tree: tuple[Any, ...], where: Predicate, domain: Domain) -> Domain:
    """Return the shape in which a combination of comparisons holds."""
    name, *parts = tree
    if name in ("<", "<=", ">", ">="):
        g = parts[0] - parts[1] if name[0] == "<" else parts[1] - parts[0]
        return _negative(sympy.sympify(g), where, domain)
    if name not in ("and", "or", "not"):
        raise _NoShape("is an equation, which holds in no region.")
    shapes = [_shape(part, where, domain) for part in parts]
    if name == "and":
        return reduce(csg.intersection, shapes)
    if name == "or":
        return reduce(csg.union, shapes)
    return csg.difference(_around(domain), shapes[0])


def _negative(g: sympy.Expr, where: Predicate, domain: Domain) -> Domain:
    """Return the shape in which a function of position is negative."""
    axes = [variables.coordinate(name) for name in where.symbols.coordinates[: domain.dim]]
    if not g.free_symbols or not g.free_symbols <= set(axes):
        raise _NoShape("does not tell places apart by their coordinates alone.")
    found = _plain(g, axes, domain)
    if found is not None:
        return found
    parts = _taken_apart(g)
    if parts is not None:
        return _shape(parts, where, domain)
    if domain.dim == 1:
        return _on_line(program([g], axes), domain)
    if domain.dim == 2:
        return _traced(g, axes, domain)
    raise _NoShape("is bounded neither by planes across the axes nor by spheres.")


def _taken_apart(g: sympy.Expr) -> tuple[Any, ...] | None:
    """Return comparisons, combined, of which a function is negative; None if it is no such."""
    rest, factors = g.as_coeff_mul()
    factors = tuple(f for f in factors if f.free_symbols)
    if len(factors) > 1:
        first, others = factors[0], sympy.Mul(rest, *factors[1:])
        zero = sympy.S.Zero
        return (
            "or",
            ("and", ("<", first, zero), (">", others, zero)),
            ("and", (">", first, zero), ("<", others, zero)),
        )
    for part in sympy.Add.make_args(g):
        a, folded = part.as_coeff_Mul()
        other = g - part
        if isinstance(folded, Absolute):
            both = [other + a * sign * folded.args[0] for sign in (1, -1)]
        elif isinstance(folded, Maximum | Minimum):
            both = [other + a * own for own in folded.args]
        elif folded.is_Pow and folded.exp == sympy.Rational(1, 2) and not other.free_symbols:
            level = -other / a  # of a root, which is compared with it
            if level <= 0:
                continue
            both = [sympy.sign(a) * (folded.base - level**2)]
        else:
            continue
        is_all = (a > 0) != isinstance(folded, Minimum)
        return ("and" if is_all else "or", *(("<", own, sympy.S.Zero) for own in both))
    return None


def _on_line(values: Program, domain: Domain) -> Domain:
    """Return the intervals in which a function is negative, within a little more than a domain."""
    from scipy.optimize import brentq  # 0.1 s that `pinnsolve --help` need not pay

    reach = SAME * domain.size
    x = np.linspace(domain.lower[0] - reach, domain.upper[0] + reach, ZEROS)
    g = np.broadcast_to(values(x)[0], x.shape)
    if not np.isfinite(g).all():
        raise _NoShape("is not finite everywhere in the domain.")
    change = np.flatnonzero((g[1:] < 0) != (g[:-1] < 0))
    zeros = [brentq(lambda s: float(values(s)[0]), x[k], x[k + 1], xtol=1e-15) for k in change]
    far = BEYOND * domain.size
    starts = [x[0] - far] if g[0] < 0 else []
    ends = [x[-1] + far] if g[-1] < 0 else []
    bounds = [*starts, *zeros, *ends]
    if not bounds:
        return _box(domain.upper + far, domain.upper + 2 * far)
    parts = [interval(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
    return reduce(csg.union, parts)


def _traced(g: sympy.Expr, axes: Sequence[variables.Symbol], domain: Domain) -> Domain:
    """Return the shape in which a function is negative, traced."""
    compiled = program([g, *(g.diff(axis) for axis in axes)], axes)

    def jet(x: Float[ndarray, "N d"]) -> tuple[Float[ndarray, " N"], Float[ndarray, "N d"]]:
        values, *slopes = (np.broadcast_to(own, len(x)) for own in compiled(*x.T))
        return np.asarray(values), np.stack(slopes, axis=1)

    try:
        found = negative(jet, domain.lower, domain.upper)
    except NotSmooth as error:
        where = place(error.place)
        raise _NoShape(f"is bounded by a curve with a corner, or a crossing, at {where}.") from None
    if found is not None:
        return found
    is_everywhere = jet((domain.lower + domain.upper)[None] / 2)[0][0] < 0
    beyond = domain.upper + BEYOND * domain.size
    return _around(domain) if is_everywhere else _box(beyond, beyond + domain.size)


def _plain(g: sympy.Expr, axes: Sequence[variables.Symbol], domain: Domain) -> Domain | None:
    """Return the half-space or ball in which a polynomial is negative; None if it is neither."""
    try:
        poly = sympy.Poly(sympy.expand(g), *axes)
    except sympy.PolynomialError:
        return None
    a, c = np.zeros(domain.dim), 0.0  # linear and constant part
    square = np.zeros((domain.dim, domain.dim))
    for powers, value in poly.terms():
        held = np.repeat(np.arange(domain.dim), powers)
        if len(held) > 2 or value.free_symbols:
            return None
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
        return None
    center = -a / (2 * s)
    squared = float(center @ center - c / s)
    if squared <= 0:
        return None
    make = planar.disk if domain.dim == 2 else solids.ball
    ball = make(center.tolist(), float(np.sqrt(squared)))
    return ball if s > 0 else csg.difference(_around(domain), ball)


def _half_space(a: Float[ndarray, " d"], c: float, domain: Domain) -> Domain | None:
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
        return None  # boxes lie along the axes
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
