"""Equations for families of functions, whose steps of training are measured.

Source: Leng, Shankar & Thiyagalingam (2023), arXiv:2311.00860, figure 2 and table 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb

import torch
from torch import Tensor

from pinnsolve.diffop import DiffOp, Term, identity

KINDS = ("functions", "points", "order")
SCALING = {
    "functions": (5, 10, 20, 40, 80, 160, 320, 640, 1280),
    "points": (500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000),
    "order": tuple(range(1, 10)),
}


@dataclass(frozen=True)
class Case:
    """An equation for functions and points.

    Attributes
    ----------
    name
        As a table calls it.
    functions, points, order
        How many, and the highest order of a derivative.
    terms
        What the equation needs.
    residual
        The equation, from these and the values of the input.
    inputs
        Numbers that the branch is given of a function.
    sides
        Points at which the fields themselves vanish, without derivatives.
    factor
        Multiplies the field; None for one.
    stencil
        Order of accuracy of RBF-FD.
    """

    name: str
    functions: int
    points: int
    order: int
    terms: tuple[Term, ...]
    residual: Callable[[Sequence[Tensor], Tensor], Tensor]
    inputs: int
    sides: int = 0
    factor: Callable[[Tensor], Tensor] | None = None
    stencil: int = 4

    def at(self, functions: int, points: int) -> "Case":
        """Return the same for other numbers."""
        sides = min(self.sides, points)
        return replace(self, functions=functions, points=points, sides=sides)


def scaling(functions: int, points: int, order: int) -> Case:
    """Return the equation of figure 2."""
    pairs = [(k, i) for k in range(order + 1) for i in range(k + 1)]
    op = DiffOp(tuple(((k - i, i), float(comb(k, i))) for k, i in pairs))
    name = "equation 15"
    return Case(name, functions, points, order, (Term(0, op),), lambda u, _: u[0], 50)


def _reacting(u: Sequence[Tensor], f: Tensor) -> Tensor:
    return u[0] + 0.01 * u[1] * u[1] - f


def _sines(x: Tensor) -> Tensor:
    return torch.sin(torch.pi * x[..., 0]) * torch.sin(torch.pi * x[..., 1])


HEAT = DiffOp((((0, 1), 1.0), ((2, 0), -0.01)))
BIHARMONIC = DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0)))
VALUE = identity(2)
PROBLEMS = {
    "reaction-diffusion": Case(
        "reaction-diffusion", 50, 1000, 2, (Term(0, HEAT), Term(0, VALUE)), _reacting, 50, 300
    ),
    "kirchhoff-love": Case(
        "kirchhoff-love",
        36,
        2000,
        4,
        (Term(0, BIHARMONIC),),
        lambda u, q: u[0] - q,
        100,
        factor=_sines,
    ),
}


def studied(
    study: str, base: tuple[int, int, int], axes: Mapping[str, Sequence[int]]
) -> list[Case]:
    """Return the cases of a study.

    Parameters
    ----------
    study
        ``scaling`` or ``problems``.
    base
        Functions, points and order that stay where another one varies.
    axes
        Values of each.
    """
    if study == "problems":
        return list(PROBLEMS.values())
    found = dict[tuple[int, ...], Case]()
    for k, kind in enumerate(KINDS):
        for value in axes.get(kind, SCALING[kind]):
            at = (*base[:k], value, *base[k + 1 :])
            found[at] = scaling(*at)
    return list(found.values())
