"""First derivatives taken upstream, where steady convection rules and centred ones oscillate.

Beyond a cell Péclet number ``|v| h/eps`` of two centred differences of steady convection do not
tell a layer at the outflow from an oscillation through the whole domain. There the convective part
``v.grad u`` of an equation takes its derivatives from the nodes nearest to

    x - 2 h v/|v|,      polynomials of degree p exact as before,

and the penalty on what is no local polynomial is added (`pinnsolve.rbffd.stabilisation`), without
which some directions and nodes give matrices that are nearly singular; what is spread stays
centred. The order of accuracy stays too, and an oscillation stays within the cells of the layer.
Ghosts have no part in it: their values continue what is spread, and upstream of a wall is nothing.
Cell Péclet numbers: Roos, Stynes & Tobiska (2008), doi:10.1007/978-3-540-34467-4.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from pinnsolve.conditions.incompressible import Spacing
from pinnsolve.geometry.convection import convection
from pinnsolve.problem import Problem
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.stabilisation import among_nodes, penalty
from pinnsolve.rbffd.stencils import Stencils, polynomial_degree
from pinnsolve.rbffd.weights import stencil_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RULES = 2.0  # cell Péclet number along the velocity beyond which derivatives are taken upstream
SHIFT = 2.0  # in spacings: with one and a half, or two and a half, some directions are singular


def upstream(problem: Problem, system: Discretisation) -> Discretisation:
    """Return a steady discretisation that takes derivatives upstream where convection rules.

    Parameters
    ----------
    problem, system
        What is solved, and its discretisation.
    """
    from scipy.sparse import csr_array

    nodes = system.nodes
    if problem.time is not None or problem.regions:
        return system
    found = convection(problem, nodes.x[nodes.rows])
    if found is None or found.is_first_order:  # that may be read in either direction
        return system
    h = Spacing.of(nodes.x[nodes.rows]).h
    is_ruled = found.peclet_along(h) > RULES
    if not is_ruled.any():
        return system
    rows = system.conditions[0].rows
    towards = found.velocity[0] / np.maximum(found.speed, np.finfo(float).tiny)[:, None]
    P = penalty(nodes, system.order, np.where(is_ruled, found.speed / h, 0.0))[rows]
    P.resize(len(rows), system.n_slots * system.n_nodes)
    there = nodes.x[rows] - SHIFT * h[rows, None] * towards[rows]
    return replace(system, correction=csr_array(P + _upstream(system, is_ruled[rows], there)))


def _upstream(
    system: Discretisation, is_ruled: Bool[ndarray, " R"], centres: Float[ndarray, "R d"]
) -> "csr_array":
    """Return the convective part with derivatives from upstream, minus that with centred ones.

    Parameters
    ----------
    system
        The discretisation of a linear equation for one field.
    is_ruled
        At which of its rows derivatives are taken upstream.
    centres
        From around which points.
    """
    from scipy.sparse import csr_array, diags_array

    nodes, equation = system.nodes, system.conditions[0]
    zero = np.zeros((system.n_nodes, system.n_slots))
    slopes, own = system.partials(zero)[0], system.matrices[0]
    convective = [term for term in equation.residual.terms if term.op.order == 1]
    chosen = np.flatnonzero(is_ruled)
    here = equation.rows[chosen]
    degree = polynomial_degree(system.order, 1)
    found, there, owner = among_nodes(nodes, here, centres[chosen], degree)
    columns, weights = stencil_weights(
        nodes.x[here], there, _with_itself(found, here), [t.op for t in convective], degree
    )
    places = (np.broadcast_to(chosen[:, None], columns.shape).ravel(), owner[columns].ravel())
    shape = (len(equation.rows), system.n_slots * system.n_nodes)
    total = csr_array(shape)
    for term, entries in zip(convective, weights, strict=True):
        factor = np.where(is_ruled, slopes[term], 0.0)
        taken = csr_array(((factor[chosen, None] * entries).ravel(), places), shape=shape)
        centred = csr_array(diags_array(factor) @ own[term])
        centred.resize(shape)
        total = total + taken - centred
    return csr_array(total)


def _with_itself(stencils: Stencils, rows: Int[ndarray, " R"]) -> Stencils:
    """Return stencils of which each holds its own node."""
    index = stencils.index[stencils.taken]
    is_missing = (index != rows[:, None]).all(axis=1)
    index[is_missing, -1] = rows[is_missing]
    return Stencils(index, stencils.centre, stencils.radius, np.arange(len(rows)))
