"""Weights at nodes for integrals over a domain and its boundary.

By the divergence theorem weights ``w`` of the nodes and ``v`` of those on the boundary integrate

    sum_i w_i (div F)(x_i) = sum_b v_b (n . F)(x_b)

for all fields ``F`` that RBF interpolation makes of values at some of the nodes, twice as far apart
as all are. These are fewer conditions than there are weights, of which those are taken that are
nearest to the sizes of the nodes' cells, in the sense of least squares. One factor is left open:
the size of the domain tells, or of its boundary; or the flux of ``(x - z) / (s |x - z|^d)``
through it, one by Gauss' law for ``z`` inside and ``s`` the area of the unit sphere. So nodes and
normals are all that is needed. Parts of the boundary that end in corners are integrated as well as
the whole; at other ends, in the middle of a smooth piece, the error is of order one. Source:
Davydov & Degli Esposti (2024), Meshless moment-free quadrature formulas arising from numerical
differentiation, arXiv:2401.14279.
"""

from math import gamma, pi

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.conditions.constrained import has_integrals
from pinnsolve.diffop import identity, partial
from pinnsolve.errors import NodesError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import located
from pinnsolve.geometry.nodal_quadrature import NodalQuadrature
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.relaxation import thin
from pinnsolve.problem import Problem
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.rbffd.weights import operator_matrices

APART = 1.5  # spacings at least between nodes where fields are given
HIGHEST = {1: 6, 2: 6, 3: 2}  # order by dimension: in space higher ones take far longer
SMALL = 1e-12  # added to the normal equations, whose diagonal is one
REFINEMENTS = 3  # of their solution


def order_for(problem: Problem) -> int | None:
    """Return the order of the integrals in the constraints of a problem; None if it has none.

    It is that of the derivatives; where these are exact, the highest.
    """
    if not has_integrals(problem.constraints):
        return None
    solver = problem.settings.solver
    has_operators = "operators" in ABILITIES[solver.method].needs
    return solver.order if has_operators else max(HIGHEST.values())


def weights_for(
    problem: Problem, nodes: Nodes, domain: Domain | None = None
) -> NodalQuadrature | None:
    """Return the weights that the constraints of a problem need; None if they need none.

    Around an axis they are those of the body of which the domain is half a section.

    Parameters
    ----------
    problem
        What is to be solved.
    nodes, domain
        As of `quadrature`.
    """
    order = order_for(problem)
    if order is None:
        return None
    try:
        weights = quadrature(nodes, order, domain)
    except NodesError as error:
        raise located(problem, error) from None
    if problem.settings.domain.is_axisymmetric:
        around = 2 * pi * nodes.x[nodes.rows, 0]
        return NodalQuadrature(around * weights.inside, around[nodes.boundary] * weights.boundary)
    return weights


def quadrature(nodes: Nodes, order: int, domain: Domain | None = None) -> NodalQuadrature:
    """Return weights of integrals at nodes, whose errors are of an order of the spacing.

    Parameters
    ----------
    nodes
        Where the integrands are known; ghosts are not used.
    order
        Polynomials up to this degree are integrated exactly, where the nodes suffice; of a lower
        degree on few nodes.
    domain
        Whose nodes they are, if it is known by more than them.

    Raises
    ------
    NodesError
        If the nodes are too few.
    """
    from scipy.sparse import block_array, csc_array, diags_array, eye_array
    from scipy.sparse.linalg import splu
    from scipy.spatial import KDTree

    x, b, dim = nodes.x[nodes.rows], nodes.boundary, nodes.dim
    cell = KDTree(x).query(x, min(len(x), dim + 1))[0][:, 1:].mean(axis=1)
    rank = np.ones(len(x), dtype=int)
    rank[b] = 0
    given = x[thin(x, APART * cell, rank, np.random.default_rng(0))]
    value, slopes = identity(dim), [partial(int(i == j) for i in range(dim)) for j in range(dim)]
    for degree in range(min(order, HIGHEST.get(dim, 2)) + 1, 0, -1):
        try:
            matrices = operator_matrices(x, given, [value, *slopes], degree)
            break
        except NodesError:
            if degree == 1:
                raise
    sizes = np.concatenate([cell**dim, cell[b] ** (dim - 1)])
    blocks = [
        [diags_array(sizes[: len(x)]) @ matrices[slope] for slope in slopes],
        [diags_array(-sizes[len(x) :] * n) @ matrices[value][b] for n in nodes.normals.T],
    ]
    A = csc_array(block_array(blocks))
    norms = np.sqrt(A.multiply(A).sum(axis=0))
    A = csc_array(A @ diags_array(1 / np.where(norms > 0, norms, 1.0)))
    normal = csc_array(A.T @ A + SMALL * eye_array(A.shape[1]))
    options = {"SymmetricMode": True}
    factors = splu(normal, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    relative = np.ones(len(sizes))  # to the cells
    for _ in range(REFINEMENTS):
        relative -= A @ factors.solve(A.T @ relative)
    weights = relative * sizes
    inside, boundary = weights[: len(x)], weights[len(x) :]
    factor = 1 / float(boundary @ _flux(x, b, nodes.normals))
    if domain is not None and domain.size_within is not None:
        factor = domain.size_within / inside.sum()
    elif domain is not None and domain.surface_area is not None:
        factor = domain.surface_area / boundary.sum()
    return NodalQuadrature(factor * inside, factor * boundary)


def _flux(
    x: Float[ndarray, "N d"], boundary: slice, normals: Float[ndarray, "B d"]
) -> Float[ndarray, " B"]:
    """Return the flux density at the boundary of a unit source in the depth of the domain."""
    from scipy.spatial import KDTree

    depth, _ = KDTree(x[boundary]).query(x)
    r, dim = x[boundary] - x[np.argmax(depth)], x.shape[1]
    sphere = 2 * pi ** (dim / 2) / gamma(dim / 2)
    return np.asarray((r * normals).sum(axis=1) / (sphere * np.linalg.norm(r, axis=1) ** dim))
