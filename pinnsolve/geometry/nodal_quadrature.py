"""Weights of integrals at nodes."""

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class NodalQuadrature:
    """Weights of integrals.

    Attributes
    ----------
    inside
        Of the interior and boundary nodes, for integrals over the domain.
    boundary
        Of the boundary nodes, for integrals over the boundary.
    """

    inside: Float[ndarray, " N"]
    boundary: Float[ndarray, " B"]
