"""Fields for which others were solved (`pinnsolve.problem.potentials`).

The values are those of ``u = U(w)``, derivatives those of the chain rule: of potentials ``u_x =
w_x/k(u)``, beside the surface where ``k`` jumps, as do the derivatives.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.diffop import MultiIndex, Term
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import Equation
from pinnsolve.equations.program import program
from pinnsolve.problem import Problem
from pinnsolve.process import State
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.localised import Supports, supports_of
from pinnsolve.solution.solution import Sample


@dataclass(frozen=True)
class Inverted:
    """Fields, made of their potentials.

    Attributes
    ----------
    problem
        Names the fields, and knows the conductivities of some.
    potentials
        What was found: of those fields the potentials, of others themselves.
    """

    problem: Problem
    potentials: Fields

    @property
    def size(self) -> int:
        """How many numbers determine them."""
        return self.potentials.size

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points."""
        return fields_of(self.problem, self.potentials(x))

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points, beside the surfaces where these bend."""
        symbols = self.problem.equations[0].symbols
        bound = {}
        for term in terms:
            name = self.problem.fields[term.field]
            w = variables.derivative(term.field, (0,) * len(symbols.coordinates))
            known = self.problem.potentials
            u = known[name].of(w) if name in known else w
            e = sum(c * _derivative(u, alpha, symbols.coordinates) for alpha, c in term.op.terms)
            bound[term] = Equation(name, name, e, symbols, is_mixed=True).bind(x)
        needed = {own for residual in bound.values() for own in residual.terms}
        jet = self.potentials.jet(x, needed)
        return {term: np.broadcast_to(r(jet), len(x)) for term, r in bound.items()}

    def state(self) -> State:
        """Return the state of the potentials."""
        return self.potentials.state()

    def supports(self) -> Supports | None:
        """Return the places of the bumps of the potentials; None if there are none."""
        return supports_of(self.potentials)


def fields_of(problem: Problem, values: Float[ndarray, "*K n c"]) -> Float[ndarray, "*K n c"]:
    """Return the values of fields, where those of their potentials are given.

    Parameters
    ----------
    problem
        Names the fields, and knows the conductivities of some.
    values
        Of potentials; of fields without conductivity their own.
    """
    found = np.array(values)
    for name, k in problem.potentials.items():
        i, w = problem.fields.index(name), variables.derivative(0, ())
        (found[..., i],) = program([k.of(w)], [w])(values[..., i])
    return found


def inverted(problem: Problem, answer: Fields, sample: Sample) -> tuple[Fields, Sample]:
    """Return the fields that a problem asks for, and where they are shown, of what was found."""
    if not problem.potentials:
        return answer, sample
    shown = replace(sample, values=fields_of(problem, sample.values))
    return Inverted(problem, answer), shown


def _derivative(u: Expr, alpha: MultiIndex, coordinates: Sequence[str]) -> Expr:
    for axis, count in enumerate(alpha):
        for _ in range(count):
            u = calculus.beside_jumps(u, axis, coordinates)
    return u
