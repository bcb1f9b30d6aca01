"""Fields made of the outputs of a network: ``u = G + L N``, or ``u = exp(N)``.

The first satisfies conditions whatever the network is: ``G`` takes the given values where field
``u`` has some, ``L`` is zero there and positive inside, ``N`` is an output of the network. Put into
an equation, the product rule

    ∂^α u = ∂^α G + sum_(β ≤ α) C(α, β) ∂^(α-β) L ∂^β N

makes it an equation for ``N``, which everything downstream takes as it is: a linear one stays
linear, with coefficients that vary. Derivatives of ``G`` and ``L`` enter as functions known by
their values, so that no formula is multiplied out. The second is positive whatever the network is.
Source: Lagaris, Likas & Fotiadis (1998), Artificial neural networks for solving ordinary and
partial differential equations, doi:10.1109/72.712178.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product
from math import comb, prod

import numpy as np
import sympy
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.diffop import MultiIndex, Term
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.algebra import exact
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.symbols import Symbols, Tabulated
from pinnsolve.equations.variables import Data, Derivative, Symbol

derivative = lru_cache(maxsize=4096)(calculus.derivative)


@dataclass(frozen=True, eq=False)
class Part:
    """What one field is made of besides its network.

    Attributes
    ----------
    factor
        ``L``, in the coordinates.
    offset
        ``G``, in the coordinates and time.
    """

    factor: Expr
    offset: Expr


@dataclass(frozen=True)
class Exponential:
    """That a field is the exponential of its network."""


@dataclass(frozen=True, eq=False)
class Ansatz:
    """Fields in terms of the outputs of a network.

    Attributes
    ----------
    parts
        For each field ``L`` and ``G``, or that it is an exponential; None for one that is the
        output itself.
    symbols
        The coordinates.
    """

    parts: tuple[Part | Exponential | None, ...]
    symbols: Symbols

    def __call__(
        self, N: Float[ndarray, "*K n c"], x: Float[ndarray, "*K n D"]
    ) -> Float[ndarray, "*K n c"]:
        """Return the fields at points from the outputs of the network there."""
        if not any(self.parts):
            return N
        points = x.reshape(-1, x.shape[-1])
        u = N.copy()
        for i, part in enumerate(self.parts):
            if isinstance(part, Exponential):
                u[..., i] = np.exp(N[..., i])
            elif part is not None:
                L, G = evaluate([part.factor, part.offset], self.symbols, points)
                u[..., i] = (G + L * N[..., i].ravel()).reshape(u.shape[:-1])
        return u

    def posed(self, equation: Equation) -> Equation:
        """Return an equation for the fields as one for the outputs of the network.

        Raises
        ------
        ExpressionError
            If a derivative that it needs becomes too large a formula.
        """
        known: dict[str, Tabulated] = {}
        values = {}
        for symbol, own in variables.occurring(Derivative, equation.expression).items():
            part = self.parts[own.field]
            if isinstance(part, Exponential):
                values[symbol] = self._by_chain_rule(own)
            elif part is not None:
                values[symbol] = self._by_product_rule(own, part, known)
        symbols = replace(equation.symbols, data={**equation.symbols.data, **known})
        return replace(equation, expression=equation.expression.xreplace(values), symbols=symbols)

    def field(self, term: Term) -> Equation:
        """Return an operator applied to a field, as what an equation for the outputs leaves."""
        parts = (exact(c) * variables.derivative(term.field, alpha) for alpha, c in term.op.terms)
        return self.posed(Equation("", "", sympy.Add(*parts), self.symbols))

    def jet(
        self,
        outputs: Callable[[ndarray, Set[Term]], Mapping[Term, ndarray]],
        x: Float[ndarray, "n D"],
        terms: Set[Term],
    ) -> dict[Term, ndarray]:
        """Return derivatives of the fields at points from those of the outputs of the network.

        Parameters
        ----------
        outputs
            Gives these, at points.
        x, terms
            Where and which.
        """
        built = {t: self.field(t).bind(x) for t in terms if self.parts[t.field] is not None}
        needed = {term for term in terms if term not in built}
        needed |= {term for residual in built.values() for term in residual.terms}
        jet = outputs(x, needed)
        return {term: built[term](jet) if term in built else jet[term] for term in terms}

    def _by_product_rule(self, own: Derivative, part: Part, known: dict[str, Tabulated]) -> Expr:
        """Return a derivative of a field in terms of those of the network's output."""
        field, alpha = own.field, own.alpha
        total = [self._given(f"G{field}", part.offset, alpha, known)]
        for beta in _below(alpha):
            rest = tuple(a - b for a, b in zip(alpha, beta, strict=True))
            count = prod(comb(a, b) for a, b in zip(alpha, beta, strict=True))
            factor = self._given(f"L{field}", part.factor, rest, known)
            total.append(count * factor * variables.derivative(field, beta))
        return sympy.Add(*total)

    def _by_chain_rule(self, own: Derivative) -> Expr:
        """Return a derivative of an exponential in terms of those of the network's output."""
        output = variables.derivative(own.field, (0,) * len(own.alpha))
        return derivative(sympy.exp(output), own.alpha, self.symbols.coordinates)

    def _given(self, name: str, e: Expr, alpha: MultiIndex, known: dict[str, Tabulated]) -> Expr:
        """Return a derivative of ``L`` or ``G``: a number, or the symbol of a known function."""
        slope = derivative(e, alpha, self.symbols.coordinates)
        if not slope.free_symbols:
            return slope
        name = f"{name}:{','.join(map(str, alpha))}"
        known[name] = partial(_values, slope, self.symbols)
        return Symbol(Data(name))


def _values(e: Expr, symbols: Symbols, x: Float[ndarray, "N d"]) -> Float[ndarray, " N"]:
    (values,) = evaluate([e], symbols, x)
    return np.asarray(values)


def _below(alpha: MultiIndex) -> Iterator[MultiIndex]:
    """Yield all multi-indices that are nowhere larger."""
    return product(*(range(a + 1) for a in alpha))
