"""Points and weights for integrals over a domain: Gauss and Legendre's in boxes, even ones else."""

from math import ceil

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample


def interior_quadrature(
    domain: Domain, count: int, *, is_box: bool, seed: int = 0
) -> tuple[Float[ndarray, "N d"], Float[ndarray, " N"]]:
    """Return points inside a domain, and weights whose sum is one.

    Parameters
    ----------
    domain, count
        Where, and how many points at least.
    is_box
        Whether the domain is the box around it.
    seed
        Of points that are spread evenly.
    """
    if not is_box:
        return sample(domain, count, seed), np.full(count, 1 / count)
    per_axis = ceil(count ** (1 / domain.dim))
    nodes, weights = np.polynomial.legendre.leggauss(per_axis)
    grids = np.meshgrid(*[(nodes + 1) / 2] * domain.dim, indexing="ij")
    x = domain.lower + (domain.upper - domain.lower) * np.stack(grids, -1).reshape(-1, domain.dim)
    w = weights / 2
    for _ in range(domain.dim - 1):
        w = np.multiply.outer(w, weights / 2).ravel()
    return x, w
