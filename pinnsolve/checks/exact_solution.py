"""Whether the exact solution that a problem file gives satisfies the problem.

Its derivatives are taken in symbols, so that what is left of an equation is rounding error, or a
mistake in the file. Rounding is measured against the largest term of the equation, which the
derivative matrices give well enough.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from sympy import Expr

from pinnsolve.conditions.condition import Condition
from pinnsolve.conditions.points import in_time
from pinnsolve.constraints.ansatz import Part
from pinnsolve.constraints.build import hard
from pinnsolve.constraints.transfinite import instants
from pinnsolve.equations import calculus
from pinnsolve.equations.expression import ExpressionError, Function, evaluate
from pinnsolve.equations.jumps import Jump
from pinnsolve.equations.sources import Delta
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.regional import divided
from pinnsolve.problem import Problem, Residual
from pinnsolve.problem.sources import is_far
from pinnsolve.problem.time_dependence import at_instant
from pinnsolve.rbffd.discretisation import Discretisation
from pinnsolve.setup import Setup

INEXACT = 1e-8  # of the largest term, left over: more than rounding
UNLIKE = 1e-3  # of the terms of a constraint, which the nodes give no more exactly
SAME = 1e-12  # of a solution's size: two functions closer than that are one
ROUNDING = 1e-14  # of what a term could be, where all terms vanish, as on a clamped edge


def doubts(problem: Problem, system: Discretisation) -> list[str]:
    """Return a sentence for each equation and condition that the exact solution does not satisfy.

    Parameters
    ----------
    problem
        Whose ``[exact]`` is examined; in time at the first level, the last and one between.
    system
        The problem on nodes: there its residual is taken.
    """
    if problem.exact is None:
        return []
    times = problem.times
    levels = [None] if times is None else sorted({0, len(times) // 2, len(times) - 1})
    found: dict[str, str] = {}
    for level in levels:
        try:
            found = _doubts_at(problem, system, level) | found
        except ExpressionError:  # known by its values only, or too long to be differentiated
            return []
    return list(found.values()) + _doubts_of_start(problem, system.nodes)


def given_away(setup: Setup) -> list[str]:
    """Return a sentence for each field whose hard conditions hand the network the solution."""
    problem, nodes = setup.problem, setup.nodes
    if problem.exact is None or not hard(problem):
        return []
    ansatz, x = setup.ansatz(), instants(problem, nodes.x[nodes.interior])
    found = []
    for name, part, exact in zip(problem.fields, ansatz.parts, problem.exact, strict=True):
        if not isinstance(part, Part):
            continue
        with np.errstate(all="ignore"):
            (G,), u = evaluate([part.offset], ansatz.symbols, x), exact(x)
        if np.any(u) and np.max(np.abs(G - u)) <= SAME * np.max(np.abs(u)):
            found.append(
                f"the value that the hard condition gives {name} is [exact] inside too: the "
                f"network has nothing left to find of {name}, and its error says nothing."
            )
    return found


def _doubts_at(problem: Problem, system: Discretisation, level: int | None) -> dict[str, str]:
    """Return the doubts about the exact solution at a time level, by the equation's text."""
    nodes, x = system.nodes, system.nodes.x
    if level is not None and problem.times is not None:
        x = in_time(x, problem.times[level : level + 1])[0]
    exact = _exact(problem, nodes, x)
    if problem.exact is None or exact is None:
        return {}
    bad = ~np.isfinite(exact[nodes.rows]).all(axis=1) & is_far(problem, x[nodes.rows])
    if bad.any():
        names = problem.coordinates if level is None else (*problem.coordinates, "t")
        place = zip(names, x[np.argmax(bad)], strict=True)
        words = ", ".join(f"{name} = {value:.4g}" for name, value in place)
        return {"": f"[exact] is not finite at {words}, so no error can be measured there."}
    fields = exact if level is None else _with_rates(problem, nodes, exact, x)
    equations = [*problem.equations, *(condition.equation for condition in problem.boundary)]
    found = {}
    for k, equation in enumerate(equations):
        condition = system.conditions[k]
        rows = condition.rows
        has_normals = k >= len(problem.equations) and condition.across is None
        normals = nodes.normals[rows - nodes.n_interior] if has_normals else None
        with np.errstate(all="ignore"):
            if condition.across is not None:
                left = _jump(problem, condition, x[rows], equation.terms[0].field)
            else:
                try:
                    left = equation.defect(
                        _expressions(problem, nodes, condition), x[rows], normals
                    )
                except Jump as error:
                    doubt = f'[exact] cannot be held against "{equation.text}": {error.message}'
                    if not equation.expression.has(Delta):  # which lets it jump
                        found[equation.text] = doubt
                    continue
        left = left[is_far(problem, x[rows])] if equation.expression.has(Delta) else left
        residual = (condition if level is None else condition.at(level)).residual
        most = _largest(left)
        share = most / (_largest_term(residual, system, k, fields) or 1.0)
        if share > INEXACT:
            found[equation.text] = (
                f'[exact] does not satisfy "{equation.text}": it leaves {most:.2g}, '
                f"{share:.1g} of the largest term. Errors will not fall much below that."
            )
    return found | _unlike(problem, system, fields, level)


def _with_rates(
    problem: Problem, nodes: Nodes, exact: Float[ndarray, "N c"], x: Float[ndarray, "N D"]
) -> Float[ndarray, "N s"]:
    """Return the exact solution at an instant, with its derivatives in time as further fields."""
    slopes = np.empty((len(x), problem.time_order * len(problem.fields)))
    for functions, here in _by_region(problem, nodes):
        names = functions[0].symbols.coordinates
        rates = [
            calculus.derivative(e.expression, (*(0 for _ in names[:-1]), order), names)
            for order in range(1, problem.time_order + 1)
            for e in functions
        ]
        slopes[here] = np.column_stack(evaluate(rates, functions[0].symbols, x[here]))
    return np.column_stack([exact, slopes])


def _by_region(
    problem: Problem, nodes: Nodes
) -> list[tuple[tuple[Function, ...], Int[ndarray, " n"]]]:
    """Return the exact solution of each region, and its nodes, ghosts included."""
    assert problem.exact is not None
    if nodes.regions is None:
        return [(problem.exact, np.arange(len(nodes.x)))]
    parts = [region.problem.exact or () for region in problem.regions]
    return [(own, np.flatnonzero(nodes.regions.of == r)) for r, own in enumerate(parts)]


def _exact(
    problem: Problem, nodes: Nodes, x: Float[ndarray, "N D"]
) -> Float[ndarray, "N c"] | None:
    """Return the exact solution at all nodes, ghosts included, at an instant if there is time."""
    if problem.exact is None:
        return None
    found = np.empty((len(x), len(problem.fields)))
    with np.errstate(all="ignore"):
        for functions, here in _by_region(problem, nodes):
            found[here] = np.column_stack([function(x[here]) for function in functions])
    return found


def _expressions(problem: Problem, nodes: Nodes, condition: Condition) -> list[Expr]:
    """Return the exact fields where a condition holds, then across an interface."""
    assert problem.exact is not None
    if nodes.regions is None or not len(condition.rows):
        return [function.expression for function in problem.exact]
    of = [nodes.regions.of[condition.rows[0]]]
    if condition.partners is not None:
        of.append(nodes.regions.of[condition.partners[0]])
    parts = [problem.regions[r].problem.exact or () for r in of]
    return [function.expression for own in parts for function in own]


def _unlike(
    problem: Problem, system: Discretisation, U: Float[ndarray, "N c"], level: int | None
) -> dict[str, str]:
    """Return the doubts about the exact solution's means, integrals, and values at points."""
    found = {}
    first = len(problem.equations) + len(problem.boundary)
    for k, stated in enumerate(problem.constraints, start=first):
        condition, matrices = system.conditions[k], system.matrices[k]
        residual = (condition if level is None else condition.at(level)).residual
        jet = {t: D @ U[:, system.slot(t.field, t.time_order)] for t, D in matrices.items()}
        with np.errstate(all="ignore"):
            left = _largest(condition.summed(residual(jet)))
            slopes = residual.partials(jet)
        size = sum(float(np.sum(np.abs(slopes[t] * jet[t]))) for t in jet)
        if condition.points is not None:  # a value may vanish there
            size += float(np.abs(U).max())
        if left > UNLIKE * size:
            text = stated.equation.text
            found[text] = f'[exact] does not satisfy "{text}": it leaves {left:.2g}.'
    return found


def _jump(
    problem: Problem, condition: Condition, x: Float[ndarray, "R D"], field: int
) -> Float[ndarray, " R"]:
    """Return the change of the exact solution from points to those across."""
    assert problem.exact is not None
    assert condition.across is not None
    across = np.column_stack([condition.across, x[:, condition.across.shape[1] :]])  # at its time
    return problem.exact[field](x) - problem.exact[field](across)


def _doubts_of_start(problem: Problem, nodes: Nodes) -> list[str]:
    """Return a sentence for each initial value that is not that of the exact solution."""
    if problem.time is None or problem.exact is None:
        return []
    if problem.regions and nodes.regions is not None:
        parts = zip(problem.regions, divided(nodes), strict=True)
        found = [d for region, (_, own) in parts for d in _doubts_of_start(region.problem, own)]
        return list(dict.fromkeys(found))
    x = nodes.x[nodes.rows]
    found = []
    for field, functions in enumerate(problem.initial):
        for order, given in enumerate(functions):
            exact = at_instant(problem.exact[field], order, problem.time[0])
            with np.errstate(all="ignore"):
                u, truth = given(x), exact(x)
            most = _largest(u - truth)
            if most > INEXACT * (_largest(truth) or 1.0):
                name = problem.fields[field] + ("_" + "t" * order if order else "")
                found.append(
                    f"[exact] differs from the initial value of {name} by up to {most:.2g}. "
                    "Errors will not fall much below that."
                )
    return found


def _largest_term(
    residual: Residual, system: Discretisation, k: int, U: Float[ndarray, "N c"]
) -> float:
    """Return the size of a condition's largest term for nodal values, its source included.

    Where all terms vanish, it is the size at which what is left would be more than rounding.
    """
    matrices = system.matrices[k]
    values = {term: U[:, system.slot(term.field, term.time_order)] for term in matrices}
    jet = {term: D @ values[term] for term, D in matrices.items()}
    with np.errstate(all="ignore"):
        slopes = residual.partials(jet)
        source = residual({term: np.zeros_like(there) for term, there in jet.items()})
        possible = [
            _largest(slopes[term]) * float(abs(D).sum(axis=1).max()) * _largest(values[term])
            for term, D in matrices.items()
        ]
        largest = _largest(np.array([source, *(slopes[term] * jet[term] for term in jet)]))
        return max(largest, ROUNDING / INEXACT * max(possible, default=0.0))


def _largest(values: Float[ndarray, "*_"]) -> float:
    """Return the size of the largest finite value."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
