"""Series of a product, where one factor is a known function of position.

Along a direction the coefficients of ``s v`` are sums over those of ``s`` and of ``v``,

    (s v)_k = sum_i s_(k-i) v_i,

so that what an operator reads off the channels of ``s v`` is a sum of those of ``v``, with factors
that vary from point to point. There are no more channels than for ``v`` alone, where the product
rule asks for all derivatives of lower order by themselves.
"""

from collections.abc import Callable, Iterable
from itertools import product
from math import factorial, prod

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pinnsolve.derivatives.autograd import derivative
from pinnsolve.derivatives.passes import reading
from pinnsolve.derivatives.plan import Plan, plan
from pinnsolve.diffop import DiffOp, identity


def factored(
    factor: Callable[[Tensor], Float[Tensor, "*N"]], x: Float[Tensor, "N d"], ops: Iterable[DiffOp]
) -> tuple[dict[DiffOp, Float[Tensor, "C N"]], dict[DiffOp, Float[Tensor, " N"]]]:
    """Return the factors of channels by which operators on a product are read off them.

    Parameters
    ----------
    factor
        The function of position, pointwise.
    x, ops
        Where and which, in channels as of their `plan`.

    Returns
    -------
    tuple
        The factors of the channels in each operator, and each operator on the function alone.
    """
    chosen, on_factor = plan(ops), _OnFunction(factor, x)
    T = _channels(chosen, on_factor)
    rows = torch.einsum("oc,cdn->odn", reading(chosen, x), T)
    operators = [op for op, _ in chosen.readings]
    found = dict(zip(operators, rows.unbind(), strict=True))
    return found, {op: on_factor(op) for op in operators}


class _OnFunction:
    """Operators on a function at points.

    Parameters
    ----------
    f, x
        The function, and where.
    """

    def __init__(self, f: Callable[[Tensor], Float[Tensor, "*N"]], x: Float[Tensor, "N d"]) -> None:
        self._f, self.x = f, x
        self._along = dict[tuple[tuple[float, ...], int], Tensor]()

    def __call__(self, op: DiffOp) -> Float[Tensor, " N"]:
        """Return the values of an operator on the function."""
        return derivative(lambda y: self._f(y)[..., None], op)(self.x)[:, 0]

    def along(self, v: tuple[float, ...], k: int) -> Float[Tensor, " N"]:
        """Return the coefficient of order ``k`` along a direction."""
        if (v, k) not in self._along:
            self._along[v, k] = self(_power(v, k)) / factorial(k)
        return self._along[v, k]


def _channels(chosen: Plan, s: _OnFunction) -> Float[Tensor, "C C N"]:
    """Return the channels of a product by those of its other factor."""
    layout, V = chosen.layout, chosen.directions
    starts = np.cumsum([0, *layout.sizes]).tolist()
    T = s.x.new_zeros(layout.channels, layout.channels, len(s.x))
    T[range(layout.channels), range(layout.channels)] = s(identity(s.x.shape[1]))
    rows = [
        (starts[k] + j, k, {j: 1.0})
        for k, count in enumerate(layout.counts, start=1)
        for j in range(count)
    ]
    rows += [
        (starts[1 + len(layout.counts) + i], n, dict(enumerate(weights)))
        for i, (n, weights) in enumerate(layout.sums)
    ]
    for row, n, weights in rows:
        for j, w in weights.items():
            T[row, 0] += w * s.along(V[j], n)
            for i in range(1, n):
                T[row, starts[i] + j] += w * s.along(V[j], n - i)
    for drift, (row, _, _) in zip(chosen.drifts, rows[sum(layout.counts) :], strict=True):
        T[row, 0] += s(_power(drift, 1))
    return T


def _power(v: tuple[float, ...], k: int) -> DiffOp:
    """Return the derivative of order ``k`` along a direction, ``(v · ∂)^k``."""
    terms = []
    for alpha in product(range(k + 1), repeat=len(v)):
        if sum(alpha) == k:
            count = factorial(k) // prod(map(factorial, alpha))
            terms.append((alpha, count * prod(c**n for c, n in zip(v, alpha, strict=True))))
    return DiffOp(tuple(terms))
