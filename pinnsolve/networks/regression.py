"""The branch from solutions that are known one by one: by products, or by a kernel.

Products are fitted by least squares, a kernel interpolates; the one whose solutions are nearer to
those known is kept, each told by all others. What leaving one out changes follows from one
factorisation: with ``G`` the kernel between all pairs, and values ``y``,

    y_i - y_i without i = (G⁻¹ y)_i / (G⁻¹)_ii,

and of least squares, with the leverage ``h_i``, the residual over ``1 - h_i``. Source: Rasmussen &
Williams (2006), Gaussian Processes for Machine Learning, MIT Press, section 5.4.2.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.networks.branch import Branch, Kernel, between, coordinates, products
from pinnsolve.networks.sizes import CENTRES

LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)  # of the median distance of the functions
COMPARED = 800  # functions by which lengths are compared


def regressed(
    codes: Sequence[Float[ndarray, "M _"]],
    heads: Float[ndarray, "P M"],
    values: Float[ndarray, "n P"],
) -> tuple[Branch, Float[ndarray, "P K"], float]:
    """Return a branch, the weights with which it gives heads, and its error.

    Parameters
    ----------
    codes
        Of each input in turn, of the functions whose heads are known.
    heads
        These.
    values
        What heads make values of fields with, at some points.

    Returns
    -------
    tuple
        The branch, the weights, and the error in the values of functions that are left out,
        relative to how much these vary over the functions.
    """
    by_products = products(codes, is_linear=False)
    psi = by_products(codes)
    mean = heads.mean(axis=1, keepdims=True)
    u = values @ (heads - mean)
    size = np.linalg.norm(u) or 1.0
    Q = np.linalg.qr(psi)[0]
    leverage = np.minimum(np.sum(Q**2, axis=1), 1 - 1e-9)
    of_products = float(np.linalg.norm((u - (u @ Q) @ Q.T) / (1 - leverage)) / size)
    z = coordinates(by_products.spaces, [own[:CENTRES] for own in codes])
    some = slice(min(len(z), COMPARED))
    few = Kernel(by_products.spaces, z[some], 1.0)
    squares = few.squares(z[some])
    median = float(np.sqrt(np.median(squares))) or 1.0
    left_out = [_left_out(squares, share * median, u[:, some]) for share in LENGTHS]
    length = LENGTHS[int(np.argmin(left_out))] * median
    own = Kernel(by_products.spaces, z, length)
    squares = own.squares(z)
    of_kernel = _left_out(squares, length, u[:, :CENTRES])
    if of_products <= of_kernel:
        return by_products, np.linalg.lstsq(psi, heads.T, rcond=None)[0].T, of_products
    return own, np.hstack([mean, heads[:, :CENTRES] - mean]), of_kernel


def _left_out(squares: Float[ndarray, "M M"], length: float, u: Float[ndarray, "n M"]) -> float:
    """Return the error in values of functions that a kernel tells from all others."""
    inverse = np.linalg.inv(between(squares, length))
    error = (u @ inverse) / np.diag(inverse)
    return float(np.linalg.norm(error) / (np.linalg.norm(u) or 1.0))
