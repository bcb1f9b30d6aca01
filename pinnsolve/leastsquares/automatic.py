"""The Jacobian of a network's derivatives by nested automatic differentiation.

The reference for the one in factors: every entry is formed, by forward mode inside of reverse
mode for each point.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import functional_call, grad, vmap

from pinnsolve.derivatives.autograd import derivative
from pinnsolve.diffop import Term
from pinnsolve.networks.mlp import MLP

CHUNK = 512  # points whose rows are computed together


def term_jacobian(net: MLP, term: Term, x: Float[Tensor, "R d"]) -> Float[Tensor, "R P"]:
    """Return the derivative of one term at each point with respect to all weights.

    Parameters
    ----------
    net
        The network.
    term
        A component of its output and the operator applied to it.
    x
        Points.
    """
    weights = {name: value.detach() for name, value in net.named_parameters()}

    def at(weights: dict[str, Tensor], point: Tensor) -> Tensor:
        def field(y: Tensor) -> Tensor:
            return functional_call(net, weights, (y,))[term.field]

        return derivative(field, term.op)(point)

    with torch.enable_grad():
        rows = vmap(grad(at), (None, 0), chunk_size=CHUNK)(weights, x)
    return torch.cat([rows[name].flatten(1) for name in weights], 1)
