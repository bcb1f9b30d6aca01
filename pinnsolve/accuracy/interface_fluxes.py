"""The flux through interfaces between regions, by the solution on either side.

What diffuses through an interface ``S`` between two regions, with the normal from the first to the
second, is

    -∫_S sum_ij n_i a_ij d_j u dS     (2π r dS around an axis),

``a`` being the coefficients of the second derivatives in the equation of each region, their sign
such that it goes from where there is more to where there is less. The derivatives are taken at the
points of a quadrature, from one side and from the other, and not at the nodes, where conditions
make both agree: so the difference tells of the discretisation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.accuracy.on_pieces import values_on
from pinnsolve.conditions.fluxes import flux
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.variables import Derivative, Normal
from pinnsolve.errors import ProblemError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import INTERFACE, Nodes
from pinnsolve.geometry.quadrature import Quadrature, over_pieces
from pinnsolve.problem import Problem
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.interfaces import InterfaceFlux
from pinnsolve.solution.pieces import Pieces
from pinnsolve.solution.solution import Sample

ON = 1e-8  # of a region's size: what is so near to another region is on its edge
LARGEST = 3  # dimension in which there are quadratures


def fluxes(
    problem: Problem, parts: Sequence[Domain], answer: Fields, sample: Sample
) -> tuple[InterfaceFlux, ...]:
    """Measure the fluxes through all interfaces, of the fields whose flux is known on both sides.

    Parameters
    ----------
    problem, parts
        What was solved, and the domains of its regions.
    answer, sample
        The fields, and their values on the nodes.
    """
    nodes = sample.nodes
    if nodes.regions is None or nodes.dim > LARGEST or not np.isfinite(sample.values).all():
        return ()
    found = []
    for a, b, flat in _faces(parts, nodes):
        face = flat
        if problem.settings.domain.is_axisymmetric:
            face = replace(flat, weights=2 * np.pi * flat.x[:, 0] * flat.weights)
        for field, name in enumerate(problem.fields):
            try:
                leaving, entering = (
                    _through(problem, r, field, face, _side(answer, r), sample.times)
                    for r in (a, b)
                )
            except ProblemError:  # no flux is known: an interface condition holds in its place
                continue
            between = problem.regions[a].name, problem.regions[b].name
            passing = face.integral(np.abs(leaving) + np.abs(entering)) / 2
            sums = face.integral(leaving), face.integral(entering)
            found.append(InterfaceFlux(between, name, *sums, passing, sample.times))
    return tuple(found)


def _faces(parts: Sequence[Domain], nodes: Nodes) -> Iterator[tuple[int, int, Quadrature]]:
    """Yield the pairs of regions that have an interface, and points on it.

    The normals there point from the first to the second.
    """
    assert nodes.regions is not None
    if nodes.dim == 1:
        for a, b in nodes.regions.pairs.tolist():
            x = nodes.x[[a]]
            outward = nodes.normals[[a - nodes.n_interior]]
            first, second = nodes.regions.of[[a, b]].tolist()
            yield first, second, Quadrature(x, outward, np.ones(1), x[:0])
        return

    def is_on(part: Domain, x: Float[ndarray, "n d"]) -> Bool[ndarray, " n"]:
        return np.abs(part.distance(x)) < ON * part.size

    for a, part in enumerate(parts):
        if INTERFACE not in part.pieces:
            continue
        names = {f"{INTERFACE} {b}": b for b in range(a + 1, len(parts))}
        shared = [(name, partial(is_on, parts[b])) for name, b in names.items()]
        for name, face in over_pieces(part, shared, nodes.spacing).items():
            if name in names:
                yield a, names[name], face


def _side(answer: Fields, region: int) -> Fields:
    """Return the fields on the side of a region."""
    if isinstance(answer, NodalFields):
        return answer.within(region)
    return answer.parts[region] if isinstance(answer, Pieces) else answer


def _through(
    problem: Problem,
    r: int,
    field: int,
    face: Quadrature,
    fields: Fields,
    times: Float[ndarray, " K"] | None,
) -> Float[ndarray, "K Q"]:
    """Return the flux that diffuses along the normals at points, at each time level.

    Raises
    ------
    ProblemError
        If it is not known what that is.
    """
    region = problem.regions[r]
    stated = region.problem.equations[field].symbols
    data = {f"{name}.{region.name}": table for name, table in stated.data.items()}
    symbols = replace(stated, data=data, normals=True)
    slopes = flux(problem, region, field, 0)
    along = {
        variables.derivative(own.field, own.alpha): variables.Symbol(Normal(own.alpha.index(1)))
        for own in variables.occurring(Derivative, slopes).values()
        if own.field == field and sum(own.alpha) == 1
    }
    conducts = calculus.substitute(slopes, along)  # n.a n, which is one sign of a all over
    q, a = values_on(face, [slopes, conducts], symbols, fields, times)
    return -np.sign(a.sum()) * q
