"""The branch from solutions that are known one by one: by products, or by a kernel.

Products are fitted by least squares, a kernel interpolates; the one whose solutions are nearer to
those known is kept, each told by all others. What leaving one out changes follows from one
factorisation: with ``G`` the kernel between all pairs, and values ``y``,

    y_i - y_i without i = (G⁻¹ y)_i / (G⁻¹)_ii,

and of least squares, with the leverage ``h_i``, the residual over ``1 - h_i``. Source: Rasmussen &
Williams (2006), Gaussian Processes for Machine Learning, MIT Press, section 5.4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.families.principal import Principal
from pinnsolve.networks.branch import Branch, Kernel, between, coordinates, products
from pinnsolve.networks.sizes import CENTRES

POWERS = (1.0, 1.25, 1.5)  # of how much functions vary along a coordinate
LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)  # of the median distance of the functions
COMPARED = 800  # functions by which lengths are compared


@dataclass(frozen=True)
class Told:
    """Heads of problems, told by those that are known.

    Attributes
    ----------
    branch
        The functions of the inputs.
    C
        The weights with which they give heads.
    error
        In the values of functions that are left out, relative to how much these vary over the
        functions.
    left_out
        Of each function the size of that error.
    deviations
        How little is known of each by the others; one if the branch does not tell.
    """

    branch: Branch
    C: Float[ndarray, "P K"]
    error: float
    left_out: Float[ndarray, " M"]
    deviations: Float[ndarray, " M"]


def regressed(
    codes: Sequence[Float[ndarray, "M _"]],
    heads: Float[ndarray, "P M"],
    values: Float[ndarray, "n P"] | None = None,
) -> Told:
    """Return a branch, and the weights with which it gives heads.

    Parameters
    ----------
    codes
        Of each input in turn, of the functions whose heads are known.
    heads
        These.
    values
        What heads make values of fields with, at some points; None if their sizes are the same.
    """
    by_products = products(codes, is_linear=False)
    psi = by_products(codes)
    mean = heads.mean(axis=1, keepdims=True)
    u = heads - mean if values is None else values @ (heads - mean)
    Q = np.linalg.qr(psi)[0]
    leverage = np.minimum(np.sum(Q**2, axis=1), 1 - 1e-9)
    of_products = (u - (u @ Q) @ Q.T) / (1 - leverage)
    z = coordinates(by_products.spaces, [own[:CENTRES] for own in codes])
    own = _best_kernel(by_products.spaces, z, u)
    of_kernel, deviations = _left_out(own.squares(z), own.length, u[:, :CENTRES])
    errors = [
        float(np.linalg.norm(r) / (np.linalg.norm(u) or 1.0)) for r in (of_products, of_kernel)
    ]
    if errors[0] <= errors[1]:
        C = np.linalg.lstsq(psi, heads.T, rcond=None)[0].T
        left_out = np.linalg.norm(of_products, axis=0)
        return Told(by_products, C, errors[0], left_out, np.ones(len(left_out)))
    C = np.hstack([mean, heads[:, :CENTRES] - mean])
    return Told(own, C, errors[1], np.linalg.norm(of_kernel, axis=0), deviations)


def _best_kernel(
    spaces: tuple[Principal, ...], z: Float[ndarray, "N k"], u: Float[ndarray, "n M"]
) -> Kernel:
    """Return the kernel that tells some functions best, each by the others."""
    some = slice(min(len(z), COMPARED))
    found = list[tuple[float, float, float]]()
    for power in POWERS:
        squares = Kernel(spaces, z[some], 1.0, power).squares(z[some])
        median = float(np.sqrt(np.median(squares))) or 1.0
        for share in LENGTHS:
            error, _ = _left_out(squares, share * median, u[:, some])
            found.append((float(np.linalg.norm(error)), share * median, power))
    _, length, power = min(found)
    return Kernel(spaces, z, length, power)


def _left_out(
    squares: Float[ndarray, "M M"], length: float, u: Float[ndarray, "n M"]
) -> tuple[Float[ndarray, "n M"], Float[ndarray, " M"]]:
    """Return the errors in values of functions that a kernel tells from all others.

    And of each how little these know of it.
    """
    inverse = np.linalg.inv(between(squares, length))
    own = np.diag(inverse)
    return (u @ inverse) / own, 1 / np.sqrt(np.maximum(own, 1.0))
