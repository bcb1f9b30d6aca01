"""What keeps transport on scattered nodes from growing: a penalty on what is no local polynomial.

The spectra of one-sided and scattered differences have a few eigenvalues on the wrong side, so that
what is carried long enough grows without bound. With the misfit

    (R u)_i = u_i - (least-squares polynomial of degree p over the stencil around i, at i)

the term ``- sigma R^T D R u / rho(R^T R)``, ``D = |v|/h``, is added to the derivative in time. It
adds no growth of its own, for it is negative semidefinite, and leaves polynomials of degree p as
they are, at the boundary as well, so that the order of accuracy stays. It was compared with
hyperviscosity: Fornberg & Lehto (2011), doi:10.1016/j.jcp.2010.12.014.

Where diffusion is negligible in some direction, what oscillates along it is damped by nothing, and
scattered second derivatives along the others have a few such eigenvalues too. There the rate is
that of these, ``D = |a|/h^2``, of which a tenth is enough.
"""

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pinnsolve.conditions.incompressible import Spacing
from pinnsolve.geometry.convection import ALONG, Convection, convection
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.periodic import seen, tied, unrolled
from pinnsolve.problem import Problem
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.stencils import Stencils, nearest

if TYPE_CHECKING:
    from scipy.sparse import csr_array

STRENGTH = 1.0  # sigma: a tenth of it is too little, three times it costs accuracy
LITTLE = 0.1  # the same of diffusion in one direction; of second order all of it is needed
DOMINATES = 2.0  # cell Péclet number beyond which what is carried may grow
ITERATIONS = 60  # of the power method: rho to a few percent
BATCH = 1000  # stencils fitted at once


def stabilised(problem: Problem, system: Discretisation) -> Discretisation:
    """Return a discretisation in time with the penalty, where convection or a direction dominates.

    Parameters
    ----------
    problem, system
        What is solved, and its discretisation.
    """
    nodes = system.nodes
    damped = _damped(problem, nodes, system.order)
    if damped is None:
        return system
    from scipy.sparse import csr_array, diags_array

    found, wanted = damped
    P = penalty(nodes, system.order, wanted)
    equation = system.conditions[0]
    rate = found.rate[0][equation.rows]
    own = csr_array(diags_array(rate) @ P[equation.rows])
    own.resize(own.shape[0], system.n_slots * system.n_nodes)
    return replace(system, correction=own)


def is_damped(problem: Problem, nodes: Nodes, order: int) -> bool:
    """Tell whether a discretisation of an order has the penalty."""
    return _damped(problem, nodes, order) is not None


def penalty(nodes: Nodes, degree: int, rate: Float[ndarray, " n"]) -> "csr_array":
    """Return the penalty on what is no local polynomial, positive semidefinite.

    Parameters
    ----------
    nodes, degree
        As of `misfit`.
    rate
        Its largest eigenvalue at each node, as ``|v|/h``.
    """
    from scipy.sparse import csr_array, diags_array

    R = misfit(nodes, degree)
    rate = np.where(tied(nodes)[nodes.rows], 0.0, rate)  # others stand for those
    return csr_array(R.T @ diags_array(rate / largest(R)) @ R)


def misfit(nodes: Nodes, degree: int) -> "csr_array":
    """Return the matrix of the misfits R at the nodes of the domain.

    Parameters
    ----------
    nodes
        The nodes; ghosts have no part in it.
    degree
        Of the polynomials that it annihilates.
    """
    from scipy.sparse import csr_array

    x = nodes.x[nodes.rows]
    found, there, owner = among_nodes(nodes, np.arange(nodes.rows.stop), x, degree)
    columns, start = owner[found.index[found.taken]], np.arange(len(x) + 1) * found.index.shape[1]
    entries = np.concatenate(
        [
            _at_centre(x[k : k + BATCH], there, found.index[found.taken[k : k + BATCH]], degree)
            for k in range(0, len(x), BATCH)
        ]
    )
    fitted = csr_array((entries.ravel(), columns.ravel(), start), shape=(len(x), nodes.rows.stop))
    ones = np.arange(len(x))
    identity = csr_array((np.ones(len(x)), (ones, ones)), shape=fitted.shape)
    return csr_array(identity - fitted)


def among_nodes(
    nodes: Nodes, rows: Int[ndarray, " R"], centres: Float[ndarray, "R d"], degree: int
) -> tuple[Stencils, Float[ndarray, "M d"], Int[ndarray, " M"]]:
    """Return stencils without ghosts, the nodes that they may take, and which these are.

    Parameters
    ----------
    nodes
        The nodes.
    rows
        Whose stencils, each of what that node sees.
    centres
        Where each is centred.
    degree
        Of the polynomials that they determine.
    """
    there, owner = unrolled(nodes)
    inside = owner < nodes.rows.stop
    there, owner = there[inside], owner[inside]
    own = None if nodes.sight is None else nodes.sight.of(rows)
    return nearest(centres, there, degree, seen(nodes, there, owner), own), there, owner


def largest(R: "csr_array") -> float:
    """Return the spectral radius of ``R^T R``, by power iteration, a few percent too small."""
    z, size = np.random.default_rng(0).standard_normal(R.shape[1]), 1.0
    for _ in range(ITERATIONS):
        z = R.T @ (R @ z)
        size = float(np.linalg.norm(z))
        z /= size
    return size


def _damped(
    problem: Problem, nodes: Nodes, order: int
) -> tuple[Convection, Float[ndarray, " n"]] | None:
    """Return the convection and the rates of the penalty; None if there is none."""
    if problem.time is None or problem.regions:
        return None
    found = convection(problem, nodes.x[nodes.rows])
    wanted = None if found is None else _rates(found, nodes, order)
    return None if found is None or wanted is None else (found, wanted)


def _rates(found: Convection, nodes: Nodes, order: int) -> Float[ndarray, " n"] | None:
    """Return the rates at which what is no polynomial is damped; None if nothing may grow."""
    h = Spacing.of(nodes.x[nodes.rows]).h
    wanted = np.zeros(len(h))
    if (found.peclet_along(h) > DOMINATES).any():
        wanted += STRENGTH * found.speed.max() / h
    strength = max(LITTLE, 10.0 ** (1 - order / 2))
    wanted += strength * np.where(found.least_share < ALONG, found.diffusion, 0.0) / h**2
    return wanted if wanted.any() else None


def _at_centre(
    x: Float[ndarray, "B d"],
    nodes: Float[ndarray, "N d"],
    index: Int[ndarray, "B n"],
    degree: int,
) -> Float[ndarray, "B n"]:
    """Return the weights of the value at points of least-squares polynomials over stencils."""
    s = nodes[index] - x[:, None]
    s /= np.linalg.norm(s, axis=2).max(axis=1)[:, None, None]
    powers = (combinations_with_replacement(range(x.shape[1]), k) for k in range(degree + 1))
    columns = [s[:, :, list(axes)].prod(axis=2) for own in powers for axes in own]
    q, r = np.linalg.qr(np.stack(columns, axis=-1))
    first = np.zeros((len(x), r.shape[1], 1))
    first[:, 0] = 1.0
    return np.asarray((q @ np.linalg.solve(r.transpose(0, 2, 1), first))[:, :, 0])
