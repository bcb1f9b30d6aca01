"""Derivatives by automatic differentiation: exact, the reference for every other backend.

`Autograd` nests reverse mode over all points at once, which is what a gradient step needs.
`derivative` nests *forward* mode, which differentiates functions of many outputs (all features
of a network, say) at the price of few (Griewank & Walther, 2008, Evaluating Derivatives, ch. 3).
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import jvp

from pinnsolve.derivatives.jet import Field, Jet
from pinnsolve.diffop import DiffOp, MultiIndex, Term


@dataclass(frozen=True)
class Autograd:
    """Differentiate pointwise; the cost grows exponentially with the order.

    Attributes
    ----------
    x
        Points, shape ``(N, d)``.
    """

    x: Float[Tensor, "N d"]

    def __call__(self, field: Field, terms: Set[Term]) -> Jet:
        """Return the jet of ``field`` at ``x``."""
        x = self.x.detach().requires_grad_()
        u = field(x)

        @cache
        def d(component: int, alpha: MultiIndex) -> Tensor:
            if sum(alpha) == 0:
                return u[:, component]
            axis = next(i for i, n in enumerate(alpha) if n)
            lower = tuple(n - (i == axis) for i, n in enumerate(alpha))
            total = d(component, lower).sum()
            if not total.requires_grad:  # a derivative of a constant
                return torch.zeros_like(u[:, component])
            (gradient,) = torch.autograd.grad(total, x, create_graph=True, materialize_grads=True)
            return gradient[:, axis]

        return {
            term: torch.stack([c * d(term.field, alpha) for alpha, c in term.op.terms]).sum(0)
            for term in terms
        }


def derivative(field: Callable[[Tensor], Tensor], op: DiffOp) -> Callable[[Tensor], Tensor]:
    """Return the function ``op field``, for a field of any number of outputs.

    Parameters
    ----------
    field
        A function from points ``(..., d)`` to values ``(..., w)``, pointwise in the points.
    op
        The operator to apply.
    """

    def along(f: Callable[[Tensor], Tensor], axis: int) -> Callable[[Tensor], Tensor]:
        def slope(x: Tensor) -> Tensor:
            direction = torch.zeros_like(x)
            direction[..., axis] = 1
            return jvp(f, (x,), (direction,))[1]

        return slope

    def power(alpha: MultiIndex) -> Callable[[Tensor], Tensor]:
        f = field
        for axis, n in enumerate(alpha):
            for _ in range(n):
                f = along(f, axis)
        return f

    parts = [(c, power(alpha)) for alpha, c in op.terms]
    return lambda x: torch.stack([c * f(x) for c, f in parts]).sum(0)
