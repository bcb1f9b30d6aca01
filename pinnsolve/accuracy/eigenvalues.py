"""Errors of eigenvalues and modes, estimated by other discretisations of the same problem.

Two see what the other cannot:

a higher order
    on the same nodes (`error_equation.raised`): its own error is much smaller where the modes are
    smooth, so that the distance from it is the error;
fewer nodes
    ``sqrt(2)`` times as far apart. At a corner of the domain both orders have about the same error,
    and the distance from fewer nodes is about as large. Where modes are smooth that is the error
    times ``2^(p/2) - 1``, ``p`` the order. Divided by the root of this factor, the distance errs by
    no more than that on either side.

The larger of both counts.

Modes are told apart by what they are, not by where their eigenvalues stand in a list: a mode ``v``
is written as a sum of the modes of the other discretisation, and belongs to the one with the
largest part in it. Eigenvalues that agree within their errors count as one, multiple, whose modes
are any of a space: the error of ``v`` is its distance from that space.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from numpy import ndarray

from pinnsolve.accuracy.error_equation import raised
from pinnsolve.accuracy.second_set import WIDER
from pinnsolve.conditions.nodal import placed
from pinnsolve.errors import PinnsolveError
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import node_set
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch, unwatched
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.rbffd.eigenvalues import Modes, nearest
from pinnsolve.rbffd.fields import NodalFields
from pinnsolve.rbffd.quadrature import weights_for
from pinnsolve.rbffd.solve import assemble

AGREE = 4.0  # times their errors, by which two eigenvalues that are one may differ


@dataclass(frozen=True)
class ModeErrors:
    """Estimated errors of eigenvalues and their modes.

    Attributes
    ----------
    values
        Of the eigenvalues.
    modes
        Of their modes, relative, in the mean over the nodes.
    apart
        The distances of modes from those of a higher order, at all nodes.
    labels
        A number for each eigenvalue, the same for those that agree.
    remark
        What could not be looked at; empty if all was.
    """

    values: Float[ndarray, " m"]
    modes: Float[ndarray, " m"]
    apart: Complex[ndarray, "N c m"]
    labels: Int[ndarray, " m"]
    remark: str = ""


def mode_errors(
    problem: Problem,
    domain: Domain,
    system: Discretisation,
    modes: Modes,
    watch: Watch = unwatched,
) -> ModeErrors:
    """Estimate the errors of eigenvalues and their modes.

    Parameters
    ----------
    problem, domain
        What was solved, and where.
    system
        Its discretisation.
    modes
        What was found.
    watch
        Told of the progress.

    Raises
    ------
    PinnsolveError
        If the nodes are too few for a higher order.
    """
    sought = problem.eigenvalue
    assert sought is not None
    order = raised(system.order, system.nodes.dim)
    finer = assemble(problem, system.nodes, system.conditions, watch, order=order)
    other = nearest(finer, sought.name, sought.near, sought.count, watch)
    rows = system.nodes.rows
    spare = slice(sought.count, None)
    found, apart = _compared(modes, modes.vectors, other, rows, spare)
    remark = ""
    try:
        fewer = _on_fewer(problem, domain, system, watch)
    except PinnsolveError as error:
        fewer, remark = None, f"Fewer nodes could not be looked at: {error}"
    if fewer is not None:
        on_fewer, _ = _compared(modes, modes.vectors[rows], fewer, slice(None), spare)
        share = 1 / np.sqrt(max(WIDER**system.order - 1, 1.0))
        found = [np.maximum(a, share * b) for a, b in zip(found, on_fewer, strict=True)]
    values = np.maximum(found[0], modes.rounding)
    labels = clusters(modes.values, values)
    values, in_modes = (_largest(errors, labels) for errors in (values, found[1]))
    return ModeErrors(values, in_modes, apart, labels, remark)


def clusters(values: Complex[ndarray, " m"], errors: Float[ndarray, " m"]) -> Int[ndarray, " m"]:
    """Return a number for each eigenvalue, the same for those that agree within their errors."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(_agree(values, errors), directed=False)
    return np.asarray(labels)


def _agree(values: Complex[ndarray, " m"], errors: Float[ndarray, " m"]) -> Bool[ndarray, "m m"]:
    """Return the pairs of eigenvalues that agree with one another within their errors."""
    wide = np.maximum(errors[:, None], errors[None])
    return np.abs(values[:, None] - values[None]) <= AGREE * wide


def _compared(
    modes: Modes,
    own: Complex[ndarray, "n c m"],
    other: Modes,
    rows: slice,
    spare: slice,
) -> tuple[list[Float[ndarray, " m"]], Complex[ndarray, "n c m"]]:
    """Return distances of eigenvalues and modes from those of another discretisation.

    Parameters
    ----------
    modes, own
        The eigenvalues, and the modes at points.
    other
        Those of the other discretisation at the same points.
    rows
        The points that count.
    spare
        Modes that were not asked for, and need have no partner.

    Returns
    -------
    tuple
        The distances of the eigenvalues and, relative, of the modes; then these at all points.
    """
    m, k = own.shape[-1], other.vectors.shape[-1]
    v, w = own[rows].reshape(-1, m), other.vectors[rows].reshape(-1, k)
    v_size, w_size = (np.linalg.norm(a, axis=0) for a in (v, w))
    parts = np.linalg.lstsq(w / w_size, v / v_size, rcond=None)[0]
    partner = np.argmax(np.abs(parts), axis=0)
    between = np.abs(modes.values - other.values[:, None])
    values = between[partner, np.arange(m)]
    values[spare] = between.min(axis=0)[spare]
    # of a multiple one the largest counts: which is nearest is chance
    values = _largest(values, clusters(modes.values, values))
    among = np.abs(other.values[:, None] - other.values[partner][None]) <= AGREE * values
    among[partner, np.arange(m)] = True
    scaled = np.where(among, parts, 0.0) / w_size[:, None] * v_size
    apart = own - other.vectors @ scaled
    distances = np.linalg.norm(apart[rows].reshape(-1, m), axis=0) / v_size
    return [values, distances], apart


def _on_fewer(
    problem: Problem, domain: Domain, system: Discretisation, watch: Watch
) -> Modes | None:
    """Return the modes on fewer nodes, at the nodes; None if there are no other nodes."""
    if domain.nodes is not None or problem.settings.nodes.file is not None:
        return None
    sought = problem.eigenvalue
    assert sought is not None
    count = int(system.nodes.rows.stop * WIDER**-domain.dim)
    nodes = node_set(problem, domain, watch, count)
    placement = placed(problem, nodes, quadrature=weights_for(problem, nodes, domain))
    fewer = assemble(problem, nodes, placement.at(), watch)
    found = nearest(fewer, sought.name, sought.near, sought.count, watch)
    flat = found.vectors.reshape(len(nodes.x), -1)
    fields = NodalFields(
        nodes.x, np.concatenate([flat.real, flat.imag], axis=1), system.order, sight=nodes.sight
    )
    there = fields(system.nodes.x[system.nodes.rows])
    real, imaginary = np.split(there, 2, axis=1)
    shape = (len(there), *found.vectors.shape[1:])
    return replace(found, vectors=(real + 1j * imaginary).reshape(shape))


def _largest(errors: Float[ndarray, " m"], labels: Int[ndarray, " m"]) -> Float[ndarray, " m"]:
    """Return for each eigenvalue the largest error of those that agree with it."""
    largest = np.zeros(labels.max() + 1)
    np.maximum.at(largest, labels, errors)
    return largest[labels]
