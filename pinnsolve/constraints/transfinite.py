"""``L`` and ``G`` of an ansatz ``u = G + L N`` (`constraints.ansatz`), from a boundary's pieces.

``L`` is the product of a function for each piece on which a field has a given value
(`distance_functions`). ``G`` is that value, which as a formula makes sense inside too. If there
are different ones, on pieces that do not meet, it is

    G = sum_j g_j w_j,      w_j = prod_(k ≠ j) L_k / sum_i prod_(k ≠ i) L_k,

``L_k`` the product for the pieces of value ``k``: ``w_j`` is one where ``L_j`` is zero, zero where
another one is. From the sides of a box, which meet, it grows axis by axis from zero,

    G <- G + P_a (g - G),

with ``P_a`` the interpolation along axis ``a`` between the sides across it. The values must agree
where sides meet; what their formulas are inside plays no part.

Sources: Rvachev & Sheiko (1995), R-functions in boundary value problems in mechanics,
doi:10.1115/1.3005099; Gordon & Hall (1973), Construction of curvilinear co-ordinate systems and
applications to mesh generation, doi:10.1002/nme.1620070405.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import sympy
from jaxtyping import Bool, Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.constraints.ansatz import Part
from pinnsolve.constraints.distance_functions import sides, vanishing
from pinnsolve.equations import variables
from pinnsolve.equations.expression import evaluate
from pinnsolve.equations.symbols import Symbols
from pinnsolve.errors import Fault, KeyPath
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import BoundaryCondition, Problem

HIGHEST_BOX = 3  # dimensions: ``G`` has up to 3^d terms
ZERO = 1e-9  # of functions of size one: less is zero
REMEDY = "Leave out hard there."


class Refusal(Exception):
    """A field has no ansatz; carries the fault."""

    def __init__(self, key: KeyPath, message: str, remedy: str = REMEDY) -> None:
        self.fault = Fault(key, message, remedy)


@dataclass(frozen=True)
class Walls:
    """The boundary of a problem's domain, as far as its functions tell.

    Attributes
    ----------
    problem, nodes
        What is to be solved, and where.
    formulas
        For each piece of the shape a function that is zero there.
    inside
        Their values at the interior nodes.
    is_on
        At which boundary nodes they are zero.
    """

    problem: Problem
    nodes: Nodes
    formulas: Mapping[str, Expr]
    inside: Mapping[str, Float[ndarray, " I"]]
    is_on: Mapping[str, Bool[ndarray, " B"]]

    @classmethod
    def of(cls, problem: Problem, nodes: Nodes) -> "Walls":
        """Return the boundary of a problem on its nodes."""
        formulas = vanishing(problem.settings.domain, problem.coordinates)
        symbols = Symbols(problem.coordinates)
        values = evaluate(list(formulas.values()), symbols, nodes.x[nodes.rows])
        pairs = list(zip(formulas, values, strict=True))
        return cls(
            problem,
            nodes,
            formulas,
            {piece: f[nodes.interior] for piece, f in pairs},
            {piece: np.abs(f[nodes.boundary]) <= ZERO for piece, f in pairs},
        )

    def surfaces(self, condition: BoundaryCondition) -> Iterator[str]:
        """Yield the pieces of the shape that make up those on which a condition holds."""
        pieces: Sequence[str] = condition.on
        if "all" in pieces:
            pieces = [self.nodes.pieces[k] for k in np.unique(self.nodes.tags)]
        for piece in pieces:
            if piece in self.formulas:
                yield piece
                continue
            here = self.nodes.tags == self.nodes.pieces.index(piece)
            found = [surface for surface, is_on in self.is_on.items() if is_on[here].all()]
            if not found:
                message = f"there is no formula for a function that is zero on {piece} alone."
                raise Refusal((*condition.key, "hard"), message)
            yield found[0]

    def part(self, values: Mapping[Expr, Sequence[BoundaryCondition]]) -> Part:
        """Return ``L`` and ``G`` from the values of one field and the conditions that give them."""
        factors, given = [], dict[str, Expr]()
        for value, conditions in values.items():
            pieces: dict[str, BoundaryCondition] = {}
            for condition in conditions:
                pieces |= dict.fromkeys(self.surfaces(condition), condition)
            for piece, condition in pieces.items():
                self._check_inside(piece, condition)
            factors.append(pieces)
            given |= dict.fromkeys(pieces, value)
        self._check_whole({k: v for pieces in factors for k, v in pieces.items()}, values)
        ends = sides(self.problem.settings.domain)
        is_box = set(given) <= set(ends) and self.nodes.dim <= HIGHEST_BOX
        self._check_agree(factors, given, is_box)
        G = self._across_box(given) if is_box else self._blended(factors, list(values))
        self._check_finite(G, next(iter(values.values()))[0])
        L = sympy.Mul(*dict.fromkeys(self.formulas[p] for pieces in factors for p in pieces))
        return Part(L, G)

    def _blended(self, factors: Sequence[Iterable[str]], values: Sequence[Expr]) -> Expr:
        """Return ``G`` from values on groups of pieces that do not meet."""
        products = [sympy.Mul(*map(self.formulas.__getitem__, pieces)) for pieces in factors]
        others = [sympy.Mul(*products[:j], *products[j + 1 :]) for j in range(len(products))]
        blended = (g * w for g, w in zip(values, others, strict=True))
        return sympy.Add(*blended) / sympy.Add(*others)

    def _across_box(self, values: Mapping[str, Expr]) -> Expr:
        """Return ``G`` from the values on sides of a box."""
        ends = sides(self.problem.settings.domain)
        G = sympy.S.Zero
        for axis, name in enumerate(self.problem.coordinates):
            x, steps = variables.coordinate(name), []
            given = {
                end: values[piece]
                for piece, (a, end) in ends.items()
                if a == axis and piece in values
            }
            for end, value in given.items():
                far = [other for other in given if other != end]
                weight = (x - far[0]) / (end - far[0]) if far else sympy.S.One
                steps.append(weight * (value - G).subs(x, end))
            G += sympy.Add(*steps)
        return G

    def _check_inside(self, piece: str, condition: BoundaryCondition) -> None:
        """Refuse a function that is not positive at all interior nodes."""
        bad = np.flatnonzero(self.inside[piece] <= ZERO)
        if bad.size:
            where = _where(self.problem, self.nodes.x[bad[0]])
            message = f"the function that is zero on {piece} is zero inside of the domain too: "
            message += f"it is not positive at {where}."
            raise Refusal((*condition.key, "hard"), message)

    def _check_whole(
        self,
        pieces: Mapping[str, BoundaryCondition],
        values: Mapping[Expr, Sequence[BoundaryCondition]],
    ) -> None:
        """Refuse functions that are zero where no hard condition holds, but for corners."""
        names = {name for conditions in values.values() for c in conditions for name in c.on}
        tags = [k for k, piece in enumerate(self.nodes.pieces) if {"all", piece} & names]
        free = ~np.isin(self.nodes.tags, tags)
        for surface, is_on in self.is_on.items():
            if surface not in pieces:
                free &= ~is_on
        for surface, condition in pieces.items():
            bad = np.flatnonzero(self.is_on[surface] & free)
            if bad.size:
                other = self.nodes.pieces[self.nodes.tags[bad[0]]]
                message = f"a function that is zero there is zero on {other} too."
                remedy = f"Leave out hard, or give the field a value on {other} too."
                raise Refusal((*condition.key, "hard"), message, remedy)

    def _check_agree(
        self,
        factors: Sequence[Mapping[str, BoundaryCondition]],
        values: Mapping[str, Expr],
        is_box: bool,
    ) -> None:
        """Refuse pieces that meet and have different values, unless those of a box agree there."""
        meeting = [
            (one, condition, other, its_own)
            for first, second in combinations(factors, 2)
            for one, condition in first.items()
            for other, its_own in second.items()
            if np.any(self.is_on[one] & self.is_on[other])
        ]
        for one, condition, other, its_own in meeting:
            key, text = (*its_own.key, "hard"), f'"{condition.equation.text}" holds on {one}'
            if not is_box:
                message = f"{text}, which meets {other}: one formula is needed for both."
                remedy = "Write both values as one formula, or leave out hard at one."
                raise Refusal(key, message, remedy)
            here = self.nodes.x[self.nodes.boundary][self.is_on[one] & self.is_on[other]]
            x = instants(self.problem, here)
            f, g = evaluate([values[one], values[other]], place(self.problem), x)
            bad = np.flatnonzero(np.abs(f - g) > ZERO * (1 + np.abs(f)))
            if bad.size:
                where = _where(self.problem, x[bad[0]])
                message = f"{text}, but another value on {other}, which meets it at {where}."
                remedy = "A network is continuous: leave out hard at one of them."
                raise Refusal(key, message, remedy)

    def _check_finite(self, G: Expr, condition: BoundaryCondition) -> None:
        """Refuse a value that does not go on inside."""
        x = instants(self.problem, self.nodes.x[self.nodes.rows])
        (values,) = evaluate([G], place(self.problem), x)
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            where = _where(self.problem, x[bad[0]])
            message = f"the value of a hard condition is needed inside, but not finite at {where}."
            raise Refusal((*condition.key, "condition"), message, "Rewrite it, or leave out hard.")


def place(problem: Problem) -> Symbols:
    """Return the coordinates of a problem, time included."""
    return Symbols(problem.equations[0].symbols.coordinates)


def instants(problem: Problem, x: Float[ndarray, "n d"]) -> Float[ndarray, "m D"]:
    """Return points, of a problem in time at its first instant, at its last and between."""
    if problem.time is None:
        return x
    begin, end = problem.time
    return np.concatenate(
        [np.column_stack([x, np.full(len(x), t)]) for t in (begin, (begin + end) / 2, end)]
    )


def _where(problem: Problem, x: Float[ndarray, " D"]) -> str:
    pairs = zip(place(problem).coordinates, x, strict=False)
    return ", ".join(f"{name} = {value:.4g}" for name, value in pairs)
