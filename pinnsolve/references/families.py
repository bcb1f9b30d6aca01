"""The solutions of many problems of a family, to measure errors against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeAlias

from jaxtyping import Float
from numpy import ndarray, stack

from pinnsolve.equations.expression import Function
from pinnsolve.families.coefficients import Coefficients, by_index
from pinnsolve.families.family import Functions, Members, number_of
from pinnsolve.geometry.domain import Domain
from pinnsolve.problem import Problem
from pinnsolve.progress import Watch
from pinnsolve.references import chebyshev, chebyshev_families, fourier_families
from pinnsolve.references.evolution import refused
from pinnsolve.references.of_functions import of_functions
from pinnsolve.references.together import Together

# of which problems, and at which points: the fields
OfSome: TypeAlias = Callable[[Sequence[int], Float[ndarray, "n D"]], Float[ndarray, "m n c"]]

SOLVERS: dict[str, Callable[..., Together]] = {  # of those in [reference], that solve for families
    "chebyshev": chebyshev_families.solved_together,
    "fourier": fourier_families.solved_together,
}
PLANS: dict[str, Callable[[Problem], object]] = {  # refuse what they do not take, at no cost
    "chebyshev": chebyshev.plan,
    "fourier": fourier_families.plan,
}


@dataclass(frozen=True)
class Truths:
    """Solutions of some problems of a family.

    Attributes
    ----------
    at
        The fields of some of the problems at points.
    title
        What they are; empty for a formula.
    described
        The same in the words of a sentence.
    error
        Their own relative error; 0 of a formula.
    seconds
        What it took to find them.
    """

    at: OfSome
    title: str
    described: str
    error: float
    seconds: float


def plan(problem: Problem) -> None:
    """Refuse a family whose reference cannot be solved for, at no cost.

    Raises
    ------
    ProblemError
        If its solver takes no families, or not this one.
    """
    stated = problem.family and problem.family.stated
    if not stated:
        return
    if stated.solver not in SOLVERS:
        what = f'solver "{stated.solver}" finds' if stated.solver else "a file holds"
        message = f"{what} the solution of one problem, and not those of a family."
        key = ("reference", "solver" if stated.solver else "file")
        remedy = f"Choose one of {', '.join(SOLVERS)}, or give [exact]."
        raise refused(problem, key, message, remedy)
    for name in ("time", "initial", "period"):
        if getattr(stated, name):
            message = f"the reference of a family has no {name} of its own: its functions are "
            message += "those of the problem, and live on its domain."
            raise refused(problem, ("reference", name), message, "Remove it.")
    PLANS[stated.solver](problem)


def truths(
    problem: Problem, domain: Domain, functions: Mapping[str, Functions], watch: Watch
) -> Truths | None:
    """Return the solutions of the problems that some functions pose; None if none are known.

    Parameters
    ----------
    problem, domain
        Of the family, and where it is posed.
    functions
        By name of the input.
    watch
        Told of the progress.

    Raises
    ------
    ProblemError
        If they are to be found by a solver that does not take the problem.
    """
    family = problem.family
    assert family is not None
    exact = family.exact
    if exact is not None:

        def at(which: Sequence[int], x: Float[ndarray, "n D"]) -> Float[ndarray, "m n c"]:
            some = {name: own.chosen(which) for name, own in functions.items()}
            return stack([_exact(f, some, x) for f in exact], axis=-1)

        return Truths(at, "", "the exact solution", 0.0, 0.0)
    if family.stated is None:
        return None
    began = perf_counter()
    found = SOLVERS[family.stated.solver](problem, domain, functions, watch)
    count, c = number_of(functions), len(problem.fields)
    own = f"the reference ({found.title}, own error {found.error:.0e})"

    def solved(which: Sequence[int], x: Float[ndarray, "n D"]) -> Float[ndarray, "m n c"]:
        return found.of(which, count)(x).reshape(len(x), len(which), c).swapaxes(0, 1)

    return Truths(solved, found.title, own, found.error, perf_counter() - began)


def _exact(
    formula: Function, functions: Mapping[str, Functions], x: Float[ndarray, "n D"]
) -> Float[ndarray, "M n"]:
    """Return the values of an exact solution for each of some functions."""
    (first, *_) = functions.values()
    is_by_index = len(formula.symbols.coordinates) > x.shape[1]
    if is_by_index:
        assert isinstance(first, Members)
        assert isinstance(first.family, Coefficients)
        return first.coefficients @ by_index(formula, first.family.indices, x)
    return of_functions(formula, functions, x)
