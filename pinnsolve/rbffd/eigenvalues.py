"""Eigenvalues of a discrete problem that are nearest to a number, and their modes.

Where a number ``lambda`` stands in the equations beside the fields, they are, on nodal values,

    (A - lambda B) v = 0,

with boundary conditions and the rows that close the ghosts among those of ``A``, where ``B`` has
zeros: eigenvalues that are infinite. With ``A - sigma B`` factorised the modes are those of

    (A - sigma B)^-1 B v = nu v,    lambda = sigma + 1/nu,

in which the boundary conditions are eliminated, and the eigenvalues nearest to ``sigma`` have the
largest ``nu``: Arnoldi's iteration, restarted, finds them first (Lehoucq, Sorensen & Yang, 1998,
ARPACK Users' Guide, SIAM, doi:10.1137/1.9780898719628; shift-invert in its section 3.2).

The matrices are not symmetric, whatever the problem is. Where ``sigma`` is itself an eigenvalue, as
zero of an insulated body, it is moved a little.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from pinnsolve.errors import DivergedError, NodesError, SingularError
from pinnsolve.progress import Progress, Watch, unwatched
from pinnsolve.rbffd.blocks import stack
from pinnsolve.rbffd.direct import Equations
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.levels import LevelledFactors

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SPARE = 4  # eigenvalues beyond those asked for, so that none of a multiple one is missed
LEAST_SPACE = 40  # vectors between restarts
MOVED = (0.0, 1e-9, 1e-7, 1e-5)  # of what differences of the nodal values amount to
SINGULAR = 1e13  # condition of the matrix beyond which the shift is moved


@dataclass(frozen=True)
class Modes:
    """Eigenvalues and their modes.

    Attributes
    ----------
    values
        The eigenvalues, the nearest first.
    vectors
        Their modes at all nodes, ghosts included.
    rounding
        What rounding makes of the eigenvalues, about.
    """

    values: Complex[ndarray, " m"]
    vectors: Complex[ndarray, "N c m"]
    rounding: float


def nearest(
    system: Discretisation, name: str, near: float, count: int, watch: Watch = unwatched
) -> Modes:
    """Return the eigenvalues of a discrete problem that are nearest to a number.

    Parameters
    ----------
    system
        The discrete problem, affine in the eigenvalue.
    name
        Of the eigenvalue among the constants of the conditions.
    near
        The number.
    count
        How many are wanted; some more are returned, if there are.
    watch
        Told of the progress.

    Raises
    ------
    NodesError
        If the nodes are too few for so many.
    SingularError
        If every number is an eigenvalue: the fields are not determined.
    DivergedError
        If Arnoldi's iteration finds none.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    equations = Equations.of(system)
    watch(Progress("factorisation"))
    A, B = pencil(system, equations, name)
    most = int(np.count_nonzero(abs(B).sum(axis=1)))
    wanted = min(count + SPARE, most - 2)
    if wanted < count:
        raise NodesError(
            f"{count} eigenvalues are sought, but the equations hold at {most} places. "
            "Raise nodes.count, or lower eigenvalue.count."
        )
    unit = float(abs(A).max()) / float(abs(B).max())
    sigma, factors = _shifted(equations, A, B, near, unit)

    def applied(v: Float[ndarray, " K"]) -> Float[ndarray, " K"]:
        return factors(B @ v)

    size = A.shape[1]
    watch(Progress("Arnoldi's iteration"))
    start = applied(np.random.default_rng(0).standard_normal(size))
    space = min(max(LEAST_SPACE, 2 * wanted + 10), size)
    operator = LinearOperator((size, size), matvec=applied, dtype=float)
    try:
        nu, v = eigs(operator, k=wanted, v0=start, ncv=space, which="LM")
    except ArpackNoConvergence as error:
        nu, v = error.eigenvalues, error.eigenvectors
    keep = np.abs(nu) > np.finfo(float).tiny
    values = sigma + 1 / nu[keep]
    order = np.lexsort((-values.imag, np.abs(values - near)))
    if len(order) < count:
        raise DivergedError(
            f"Arnoldi's iteration found {len(order)} of {count} eigenvalues near {near:g}. "
            "Ask for fewer, or change eigenvalue.near."
        )
    c, n = system.n_fields, system.n_nodes
    vectors = v[:, keep][:, order].astype(complex).reshape(c, n, -1)
    vectors = np.ascontiguousarray(vectors.transpose(1, 0, 2))
    return Modes(values[order].astype(complex), vectors, float(np.finfo(float).eps) * unit)


def pencil(
    system: Discretisation, equations: Equations, name: str
) -> "tuple[csr_array, csr_array]":
    """Return the matrices ``A`` and ``B`` of a problem that is affine in its eigenvalue.

    Parameters
    ----------
    system, equations
        The discrete problem, and its rows with those that close the ghosts.
    name
        Of the eigenvalue among the constants of the conditions.
    """
    U = np.zeros((system.n_nodes, system.n_fields))
    size = U.size
    zero, one = (replace(system, constants={name: value}).partials(U) for value in (0.0, 1.0))
    blocks = [
        system.rows_of_jacobian(k, {term: at_zero[term] - own[term] for term in at_zero})
        for k, (at_zero, own) in enumerate(zip(zero, one, strict=True))
    ]
    whole = replace(equations, discretisation=replace(system, constants={name: 0.0}))
    A, B = whole.jacobian(U.T.ravel()), stack(blocks, size)
    B.eliminate_zeros()
    B.resize(A.shape)
    return A, B


def _shifted(
    equations: Equations, A: "csr_array", B: "csr_array", near: float, unit: float
) -> tuple[float, LevelledFactors]:
    """Return a shift near a number, and the factors of the matrix there."""
    last: SingularError | None = None
    for moved in MOVED:
        sigma = near + moved * unit
        try:
            factors = equations.factors_of(A - sigma * B)
        except SingularError as error:
            last = error
            continue
        if factors.condition < SINGULAR:
            return sigma, factors
    raise last or SingularError(
        "the discrete problem has no eigenvalues that can be told from rounding. Check that "
        "boundary conditions fix every field."
    )
