"""Whether given functions are infinite within the domain, and coefficients keep their sign.

Nodes rarely hit a point where ``1/x`` is infinite, so it is sought. From the sample with the
largest value on, boxes around the best point are halved again and again. The largest value of a
smooth function grows ever less, by a quarter of the last time; that of a power or logarithm of the
distance from a point goes on growing as much, or more.

Where the highest derivatives of an equation have coefficients of both signs it is of one type here
and of another there, or, if all change together, has solutions that are infinite where they vanish.
"""

import re
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from sympy import Expr

from pinnsolve.checks.frozen import Frozen, frozen
from pinnsolve.equations.expression import Symbols, evaluate
from pinnsolve.equations.sources import Delta
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.problem.sources import is_far

SAMPLES = 2000  # points at which the search begins, beside as many nodes at most
TRIED = 64  # points in each box
HALVINGS = 30
STEADY = 0.5  # ratio of the last steps to earlier ones that a bounded function does not have
PART = 1e-6  # of the value, that a step of an infinite function is at least
DIRECTIONS = 16  # of waves in which the highest derivatives are looked at

Values = Callable[[Float[ndarray, "n D"]], Float[ndarray, " n"]]


def doubts(problem: Problem, domain: Domain, nodes: Nodes) -> list[str]:
    """Return a sentence on each function that is infinite, and each operator of changing sign.

    Parameters
    ----------
    problem, domain, nodes
        What is to be solved, and where.
    """
    if domain.nodes is not None:  # it is known at these only
        return []
    drawn = np.random.default_rng(0).uniform(*domain.bounds, (SAMPLES, domain.dim))
    drawn = drawn[domain.distance(drawn) < 0]
    own = nodes.x[nodes.interior][:: max(1, nodes.n_interior // SAMPLES)]
    inside = np.concatenate([drawn, own])
    return [*_infinite(problem, domain, inside), *_changing(problem, inside)]


def pole(
    values: Values, x: Float[ndarray, "n D"], domain: Domain, *, seed: int = 0
) -> Float[ndarray, " D"] | None:
    """Return the point near which a function grows without bound; None if none was found.

    Parameters
    ----------
    values
        The function, of points of space, and of time as their last coordinate.
    x
        Points inside at which the search begins.
    domain
        Where it is sought.
    """
    rng = np.random.default_rng(seed)
    best, most, steps = x[0], -np.inf, []
    low, high = x.min(axis=0), x.max(axis=0)
    tried, width = x, (high - low) / 2
    for _ in range(HALVINGS):
        found = np.abs(values(tried))
        if np.isinf(found).any():
            return tried[np.argmax(np.isinf(found))]
        k = int(np.argmax(np.where(np.isfinite(found), found, -1.0)))
        steps.append(max(0.0, float(found[k]) - most))
        if found[k] > most:
            best, most = tried[k], float(found[k])
        width = width / 2
        tried = np.clip(best + width * rng.uniform(-1, 1, (TRIED, len(best))), low, high)
        tried = tried[domain.distance(tried[:, : domain.dim]) < 0]
        if not len(tried):
            tried = best[None]
    early, late = sum(steps[10:20]), sum(steps[20:])
    return best if late > STEADY * early and late > PART * most else None


def _infinite(problem: Problem, domain: Domain, inside: Float[ndarray, "n d"]) -> Iterator[str]:
    """Yield a sentence for each given function that is infinite somewhere inside."""
    points = inside
    if problem.time is not None:
        moments = np.random.default_rng(0).uniform(*problem.time, len(inside))
        points = np.column_stack([inside, moments])
    known: dict[str, tuple[Values, str]] = {}
    exact = zip(problem.fields, problem.exact or (), strict=False)
    for name, function in exact:
        effect = "no error can be measured there, and none falls as it should around it. "
        known[f"[exact] {name}"] = function, f"{effect}Leave that place out of the domain."
    symbols = problem.equations[0].symbols
    for name in _inside(problem):
        value = symbols.functions[name]
        effect = "no discretisation resolves that. Leave that place out of the domain, or cut "
        for k, part in enumerate(value if isinstance(value, tuple) else (value,)):
            if part.has(Delta):
                continue
            label = f"{name}[{k}]" if isinstance(value, tuple) else name
            known[f"the function {label}"] = _function(part, symbols), f"{effect}it off."
    for label, (values, effect) in known.items():
        with np.errstate(all="ignore"):
            found = pole(values, points, domain)
        if found is not None and is_far(problem, found):  # of sources, that may make it so
            yield f"{label} is infinite near {_place(problem, found)}: {effect}"


def _inside(problem: Problem) -> list[str]:
    """Return the names of the functions, given as formulas, that the equations use."""
    pde, functions = problem.settings.pde, problem.settings.functions
    known = problem.equations[0].symbols.functions
    found, texts = dict[str, None](), [*pde.equations, *pde.definitions.values()]
    while texts:
        words = set(re.findall(r"\w+", texts.pop()))
        for name in sorted((words & set(known)) - set(found)):
            found[name] = None
            value = functions[name]
            texts += [value] if isinstance(value, str) else []
            texts += value if isinstance(value, tuple) else []
    return list(found)


def _function(expression: Expr, symbols: Symbols) -> Values:
    """Return an expression of the coordinates as a function of points."""
    return lambda x: evaluate([expression], symbols, x)[0]


def _changing(problem: Problem, inside: Float[ndarray, "n d"]) -> Iterator[str]:
    """Yield a sentence for each equation whose highest derivatives change their sign."""
    held = None if problem.time is not None else frozen(problem, inside)
    if held is None:
        return
    for k, equation in enumerate(problem.equations):
        signs = _signs(held, k)
        if signs is None or not ((signs > 0).any() and (signs < 0).any()):
            continue
        places = [_place(problem, held.x[np.argmax(sign * signs)]) for sign in (1, -1)]
        yield (
            f'the coefficient of the highest derivatives of "{equation.text}" is positive at '
            f"{places[0]}, but negative at {places[1]}. Where it vanishes the solution may be "
            "infinite, or not unique. Let it keep its sign, or pose the parts as problems of their "
            "own."
        )


def _signs(held: Frozen, k: int) -> Float[ndarray, " n"] | None:
    """Return the sign of the highest derivatives at points, zero where it depends on the direction.

    None if they are of odd order, or of several fields.
    """
    terms = held.terms[k]
    order = max((term.op.order for term in terms), default=0)
    fields = {term.field for term in terms if term.op.order == order}
    if order == 0 or order % 2 or len(fields) > 1:
        return None
    (field,) = fields
    dim = next(iter(terms)).op.dim
    waves = np.concatenate([np.eye(dim), np.random.default_rng(0).normal(size=(DIRECTIONS, dim))])
    found = np.stack(
        [held.symbol(np.tile(wave, (len(held.x), 1)), 0, order)[:, k, field].real for wave in waves]
    )
    signs = np.sign(found * (-1.0) ** (order // 2))
    return np.where((signs == signs[0]).all(axis=0), signs[0], 0.0)


def _place(problem: Problem, x: Float[ndarray, " D"]) -> str:
    """Return a point in words."""
    names, smallest = (*problem.coordinates, "t"), 1e-6
    return ", ".join(
        f"{name} = {0.0 if abs(value) < smallest else value:.4g}"
        for name, value in zip(names, x, strict=False)
    )
