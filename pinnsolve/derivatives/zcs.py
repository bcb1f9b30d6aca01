"""Derivatives by Zero Coordinate Shift: a scalar for each coordinate in place of all points.

With ``v(x + z)`` at ``z = 0``, the same ``z`` for all points, and a factor ``a`` of every value,

    ω = sum a v(x + z),        D_x v = ∂/∂a D_z ω,

so that all derivatives in space are those of one number by a few, and one further pass gives them
at all points of all functions. As ``ω`` is linear in each factor, a pass does for one operator of
every field at once. Source: Leng, Shankar & Thiyagalingam (2023), arXiv:2311.00860, equations 9 to
11. Products of derivatives are multiplied: by their equation 12 one is a second derivative by a
factor, an entry of the diagonal of a matrix, and reverse mode sums rows of it.

What of an operator has to be differentiated at all, `Tower` finds: with Euler's identity its part
``p`` of order ``k`` is ``p(ξ) = sum_i ξ_i ∂p/∂ξ_i / k``, so that one pass by all coordinates serves
for every polynomial, and what polynomials have in common is differentiated once.
"""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.jet import Field, Jet
from pinnsolve.diffop import DiffOp, Term

Polynomial: TypeAlias = tuple[tuple[tuple[int, ...], float], ...]
DIGITS = 9  # significant digits by which polynomials are told apart


class Tower:
    """Derivatives of values by what they are made of, in nested reverse mode.

    Parameters
    ----------
    values
        One, or one for each point.
    leaf
        The coordinates, the last axis: of all points together, or of each.
    """

    def __init__(self, values: Float[Tensor, "*n"], leaf: Float[Tensor, "*n d"]) -> None:
        self._values, self._leaf = values, leaf
        self._gradients: dict[Polynomial, Tensor] = {}

    def __call__(self, op: DiffOp) -> Float[Tensor, "*n"]:
        """Return the values of an operator on them."""
        return self._applied(op.terms)

    def _applied(self, p: Polynomial) -> Tensor:
        constant, parts = 0.0, dict[int, dict[tuple[int, ...], float]]()
        for alpha, c in p:
            order = sum(alpha)
            constant += c * (order == 0)
            for axis, n in enumerate(alpha):
                if n:
                    below = tuple(m - (i == axis) for i, m in enumerate(alpha))
                    own = parts.setdefault(axis, {})
                    own[below] = own.get(below, 0.0) + c * n / order
        total = constant * self._values if constant or not parts else None
        for axis, own in parts.items():
            scale = max(own.values(), key=abs)
            slope = self._gradient(tuple((a, c / scale) for a, c in sorted(own.items())))[..., axis]
            slope = slope if scale == 1 else scale * slope
            total = slope if total is None else total + slope
        assert total is not None
        return total

    def _gradient(self, p: Polynomial) -> Float[Tensor, "*n d"]:
        """Return the gradient of what a polynomial in derivatives makes of the values."""
        key = tuple((alpha, float(f"{c:.{DIGITS}g}")) for alpha, c in p)
        if key not in self._gradients:
            self._gradients[key] = _gradient(self._applied(p).sum(), self._leaf)
        return self._gradients[key]


def by_shift(
    field: Callable[[Tensor], Float[Tensor, "c *n"]], x: Float[Tensor, "N d"], terms: Iterable[Term]
) -> Callable[[], dict[Term, Float[Tensor, "*n"]]]:
    """Evaluate fields at points, of any number of functions at once; return their derivatives.

    Parameters
    ----------
    field
        Its values at points, pointwise in these.
    x, terms
        Where and which.
    """
    z = x.new_zeros(x.shape[1], requires_grad=True)
    u = field(x + z)

    def derive() -> dict[Term, Tensor]:
        found = {term: value_factor(term.op) * u[term.field] for term in terms if not term.op.order}
        passes: list[dict[int, Term]] = []  # of each field one
        for term in terms:
            if term not in found:
                free = next((one for one in passes if term.field not in one), None)
                if free is None:
                    passes.append(free := {})
                free[term.field] = term
        if not passes:
            return found
        a = torch.ones_like(u, requires_grad=True)
        fields = {term.field for one in passes for term in one.values()}
        towers = {i: Tower((a[i] * u[i]).sum(), z) for i in fields}
        for one in passes:
            total = torch.stack([towers[i](term.op) for i, term in one.items()]).sum()
            slopes = _gradient(total, a)
            found |= {term: slopes[i] for i, term in one.items()}
        return found

    return derive


def _gradient(root: Float[Tensor, ""], leaf: Tensor) -> Tensor:
    """Return the gradient of a number, zeros where it is that of a constant."""
    if not root.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(root, leaf, create_graph=True, materialize_grads=True)
    return found


def value_factor(op: DiffOp) -> float:
    """Return the factor of the value itself in an operator."""
    return sum(c for alpha, c in op.terms if not any(alpha))


@dataclass(frozen=True)
class ZeroCoordinateShift:
    """Differentiate pointwise; the cost grows exponentially with the order.

    Attributes
    ----------
    x
        Points, shape ``(N, d)``.
    """

    x: Float[Tensor, "N d"]

    def __call__(self, field: Field, terms: Set[Term]) -> Jet:
        """Return the jet of ``field`` at ``x``."""
        return by_shift(lambda x: field(x).mT, self.x, terms)()
