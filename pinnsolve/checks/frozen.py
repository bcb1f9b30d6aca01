"""The equations with their coefficients held fast at points: symbols, as functions of waves.

Applied to ``exp(i xi.x)`` an operator with the coefficients of one point is a polynomial in ``xi``,
its symbol; with derivatives in time it is ``sum_a lambda^a P_a(xi)``, of matrices with a row for
each equation and a column for each field. Their values for large ``xi``, and along normals of the
boundary, decide whether a problem is well posed: where it carries values, whether small ripples
stay small, how many conditions it needs.

Only coefficients that do not depend on the fields can be held fast; those of a nonlinear equation
that do are not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from pinnsolve.conditions.condition import terms_in_space
from pinnsolve.diffop import Term
from pinnsolve.equations.residual import Residual
from pinnsolve.errors import ProblemError
from pinnsolve.problem import Equation, Problem

MOMENTS = (0.0, 0.5, 1.0)  # shares of the time at which coefficients are looked at
PROBES = 2  # sets of values of the fields at which slopes must agree to count as fixed
SAME = 1e-12  # relative difference of slopes that do
SEED = 1


@dataclass(frozen=True)
class Frozen:
    """Equations with the coefficients that they have at points.

    Attributes
    ----------
    x
        The points, in time at several instants, one after the other.
    terms
        For each equation its terms in space, with their coefficients at the points.
    n_fields
        Number of fields.
    is_whole
        Whether the coefficients of the fields themselves are fixed, too; if not, they are left out.
    """

    x: Float[ndarray, "n D"]
    terms: Sequence[dict[Term, Float[ndarray, " n"]]]
    n_fields: int
    is_whole: bool = True

    @property
    def time_order(self) -> int:
        """Highest order of a derivative in time."""
        return max(term.time_order for terms in self.terms for term in terms)

    def symbol(
        self, xi: Float[ndarray, "n d"], time_order: int = 0, order: int | None = None
    ) -> Complex[ndarray, "n e c"]:
        """Return the symbol at each point for a wave of its own.

        Parameters
        ----------
        xi
            The waves' vectors, one for each point.
        time_order
            Of the derivatives in time of which it is the coefficient.
        order
            Of the only derivatives in space that are wanted; all by default.
        """
        found = np.zeros((len(xi), len(self.terms), self.n_fields), dtype=complex)
        for k, terms in enumerate(self.terms):
            for term, slope in terms.items():
                if term.time_order != time_order:
                    continue
                for alpha, c in term.op.terms:
                    if order is None or sum(alpha) == order:
                        power = np.prod((1j * xi) ** np.array(alpha), axis=1)
                        found[:, k, term.field] += slope * c * power
        return found


def frozen(problem: Problem, x: Float[ndarray, "n d"]) -> Frozen | None:
    """Return the equations with their coefficients at points; None if these depend on the fields.

    Parameters
    ----------
    problem
        Whose equations.
    x
        Points of space.
    """
    points = x
    if problem.time is not None:
        begin, end = problem.time
        moments = [begin + share * (end - begin) for share in MOMENTS]
        points = np.concatenate([np.column_stack([x, np.full(len(x), t)]) for t in moments])
    found = [_coefficients(problem, equation, points) for equation in problem.equations]
    known = [terms for terms in found if terms is not None]
    if len(known) < len(found):
        return None
    is_whole = all(
        set(terms) == set(terms_in_space(problem, equation))
        for terms, equation in zip(known, problem.equations, strict=True)
    )
    return Frozen(points, known, len(problem.fields), is_whole)


def _coefficients(
    problem: Problem, equation: Equation, x: Float[ndarray, "n D"]
) -> dict[Term, Float[ndarray, " n"]] | None:
    """Return the coefficients of an equation's derivatives; None if one is not fixed.

    Those of the fields themselves may depend on them: they carry nothing anywhere.
    """
    try:
        with np.errstate(all="ignore"):
            residual = equation.bind(x)
            slopes = _slopes(residual, len(x))
    except ProblemError:  # infinite somewhere
        return None
    terms = dict(zip(equation.terms, terms_in_space(problem, equation), strict=True))
    first, *others = slopes
    result = {}
    for term, there in terms.items():
        if np.isfinite(first[term]).all() and all(
            _agree(first[term], other[term]) for other in others
        ):
            result[there] = first[term]
        elif term.op.order > 0:
            return None
    return result


def _slopes(residual: Residual, n: int) -> list[dict[Term | str, Float[ndarray, " n"]]]:
    """Return the partial derivatives of a residual at one or several values of the fields."""
    rng = np.random.default_rng(SEED)
    probes = []
    for _ in range(1 if residual.is_linear else PROBES):
        jet = {term: rng.uniform(0.5, 1.5, n) for term in residual.terms}
        constants = {name: rng.uniform(0.5, 1.5, n) for name in residual.constants}
        probes.append(residual.partials(jet, constants))
    return probes


def _agree(a: Float[ndarray, " n"], b: Float[ndarray, " n"]) -> bool:
    """Return whether two sets of slopes are one."""
    return bool(np.abs(a - b).max(initial=0.0) <= SAME * np.abs(a).max(initial=0.0))
