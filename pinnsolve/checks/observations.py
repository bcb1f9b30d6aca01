"""Whether observations can be those of the problem: where they lie, how many, what they say.

A file in other units, or with another origin of time, has its points elsewhere. What is outside of
the domain no equation tells anything about; if that is most of a file, it is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import sympy
from jaxtyping import Bool, Float
from numpy import ndarray

from pinnsolve.checks.statements import prescribed
from pinnsolve.conditions.condition import terms_in_space
from pinnsolve.conditions.data import ON_BOUNDARY, Observed, axes
from pinnsolve.equations import calculus, variables
from pinnsolve.equations.equation import Equation, equations
from pinnsolve.errors import Fault
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem

MOST_OUTSIDE = 0.5  # share of the rows outside from which on a file is about something else
NARROW = 0.01  # share of the domain that points span below which units are doubtful
FAR = 5.0  # standard errors between a value and a condition that contradict each other
LONGEST = 0.5  # share of the time in which no value of a field is given
LOOSE = 0.1  # the same, as a share of the spread, where no standard error is known


def faults(problem: Problem, domain: Domain, observed: Sequence[Observed]) -> list[Fault]:
    """Return the faults of observations that cannot tell what is sought.

    Parameters
    ----------
    problem, domain
        What is sought, and where.
    observed
        What was seen.
    """
    found = [*_homogeneous(problem), *_scale_free(problem)] if observed else []
    rows = sum(len(own.values) for own in observed)
    if observed and rows < len(problem.parameters):
        message = f"{rows} rows of data cannot tell {len(problem.parameters)} unknown parameters."
        remedy = "Give more rows, or fix parameters in [constants]."
        found.append(Fault(observed[0].stated.key, message, remedy))
    for own in observed:
        outside = _outside(problem, domain, own.x)
        if outside.mean() > MOST_OUTSIDE:
            row = int(np.argmax(outside))
            where = f"{own.places[row]}: " if own.places else ""
            message = f"{where}{outside.sum()} of {len(outside)} points lie outside of the domain, "
            message += f"the first at {_place(problem, own.x[row])}; {_ranges(problem, own.x)}, "
            message += f"but the domain has {_box(problem, domain)}."
            remedy = "Bring the columns to the units and the origin of [domain]."
            found.append(Fault((*own.stated.key, "file"), message, remedy))
    return found


def doubts(
    problem: Problem, domain: Domain, nodes: Nodes, observed: Sequence[Observed]
) -> Iterator[str]:
    """Yield a sentence on each thing that is suspicious about observations.

    Parameters
    ----------
    problem, domain, nodes
        What is sought, and where.
    observed
        What was seen.
    """
    for own in observed:
        outside = _outside(problem, domain, own.x)
        if outside.any():
            row = int(np.argmax(outside))
            where = f" ({own.places[row]})" if own.places else ""
            yield (
                f"{own.name}: {outside.sum()} of {len(outside)} points lie outside of the domain, "
                f"the first at {_place(problem, own.x[row])}{where}. No equation holds there."
            )
        _, counts = np.unique(np.column_stack([own.x, own.values]), axis=0, return_counts=True)
        if (counts > 1).any():
            yield (
                f"{own.name}: {int((counts - 1).sum())} rows repeat others. Repeated rows count as "
                "further observations, and make intervals too narrow if they are none."
            )
        if len(own.values) > 1 and np.ptp(own.values) == 0:
            yield f"{own.name}: all {len(own.values)} values are {own.values[0]:.6g}."
        yield from _narrow(problem, domain, own)
    yield from _levels(problem, observed)
    yield from _contradictions(problem, domain, nodes, observed)


def lines(problem: Problem, observed: Sequence[Observed]) -> list[str]:
    """Return observations as a person reads them, one to a line."""
    found = []
    for own in observed:
        text = f"{own.stated.text} at {len(own.values)} points, {_ranges(problem, own.x)}; "
        text += f"values from {own.values.min():.4g} to {own.values.max():.4g}"
        text += "" if own.sigma is None else f", sigma {own.sigma:.4g}"
        found.append(text)
    return found


def functions(problem: Problem, observed: Sequence[Observed]) -> list[str]:
    """Return a line for each unknown function on the data that tell of it.

    Parameters
    ----------
    problem
        Who asks for them.
    observed
        What was seen.
    """
    symbols, rows = problem.equations[0].symbols, sum(len(own.values) for own in observed)
    found = []
    for name, own in problem.functions.items():
        still = symbols.idle.get(problem.fields.index(name), ())
        of = [axis for i, axis in enumerate(symbols.coordinates) if i not in still]
        fixed = " and conditions on it" if _is_conditioned(problem, name) else ""
        smooth = "as smooth as these tell" if own.smooth is None else f"smooth = {own.smooth:g}"
        found.append(f"{name}({', '.join(of)}) from {rows} rows{fixed}, {smooth}")
    return found


def _is_conditioned(problem: Problem, name: str) -> bool:
    """Return whether a condition on the boundary, or at a point, is about a function alone."""
    field = problem.fields.index(name)
    stated = [c.equation for c in problem.boundary] + [c.equation for c in problem.constraints]
    return any({term.field for term in e.terms} == {field} for e in stated)


def _scale_free(problem: Problem) -> Iterator[Fault]:
    """Yield the fault of each function whose equation holds for any multiple of it.

    That is so if each term holds it, and no condition and no observation fixes its size: of
    div(k*grad(u)) = 0 any multiple of k is a solution.
    """
    for name in problem.functions:
        field = problem.fields.index(name)
        stated = [*(c.equation for c in problem.boundary), *(o.told for o in problem.data)]
        stated += [c.equation for c in problem.constraints]
        holding = [e for e in problem.equations if any(t.field == field for t in e.terms)]
        if any(term.field == field for e in stated for term in e.terms) or not holding:
            continue
        if all(_is_empty_without(e, field) for e in holding):
            key = ("unknowns", "functions", name)
            message = f"each term of the equations holds {name}, so that any multiple of it "
            message += "satisfies them: data tell it up to a factor only."
            remedy = f"Give {name} on a piece of the boundary or at a point, or observe a flux."
            yield Fault(key, message, remedy)


def _is_empty_without(stated: Equation, field: int) -> bool:
    """Return whether nothing is left of an equation where a function is zero."""
    symbols = replace(stated.symbols, inverses={})
    plain = equations(stated.text, symbols)[0]
    own = {
        symbol: sympy.S.Zero
        for symbol, meaning in variables.occurring(variables.Derivative, plain.expression).items()
        if meaning.field == field
    }
    return bool(calculus.substitute(plain.expression, own) == 0)


def _homogeneous(problem: Problem) -> Iterator[Fault]:
    """Yield the fault of equations that any data satisfy, if what nothing else tells of is zero.

    That may be parameters, and fields that are neither observed nor stated anywhere: as viscosity,
    density and pressure of a steady flow, of which velocities tell the ratios.
    """
    names, fields, empty = _untold(problem)
    found = set[tuple[str, ...]]()
    for i in empty:
        equation = problem.equations[i]
        own = tuple(name for name in equation.constants if name in names)
        unseen = tuple(problem.fields[k] for k in sorted(_fields_of(equation) & fields))
        is_told = len(unseen) == 1 and not own and unseen[0] in problem.functions  # its scale
        if (*own, *unseen) in found or is_told:
            continue
        found.add((*own, *unseen))
        *first, last = (*own, *unseen)
        both = f"{', '.join(first)} and {last}" if first else last
        holds = "an unknown parameter" + (" or a field that nothing tells of" if unseen else "")
        verb = "are" if first else "is"
        message = f"each term holds {holds}: if {both} {verb} zero, "
        message += "any data satisfy it. Only their ratios are determined."
        remedy = "Give one of them a number, in [constants]"
        remedy += f", or observe {' or '.join(unseen)} as [[data]]." if unseen else "."
        if len(own) == 1 and not unseen:
            message = f"{own[0]} stands before all of it, so that any value satisfies it."
        if not own:
            message = f"nothing tells how large {both} {verb}: if zero, any data satisfy it."
            remedy = f"Observe {' or '.join(unseen)} as [[data]], at a point at least."
        yield Fault(("pde", "equations", i), message, remedy)


def _untold(problem: Problem) -> tuple[set[str], set[int], list[int]]:
    """Return parameters and fields without a size, and the equations that vanish without them."""
    stated = [*problem.boundary, *problem.constraints, *problem.extra]
    told = [*(c.equation for c in stated), *(own.told for own in problem.data)]
    told += problem.begins.values()
    names, begun = set(problem.parameters), {k for k, own in enumerate(problem.initial) if own}
    fields = set(range(len(problem.fields))) - begun
    while True:
        names -= {name for own in told for name in own.constants}
        fields -= {field for own in told for field in _fields_of(own)}
        empty = [i for i, own in enumerate(problem.equations) if _vanishes(own, names, fields)]
        others = [own for i, own in enumerate(problem.equations) if i not in empty]
        if all(own in told for own in others):
            return names, fields, empty
        told = others  # which tell of what they hold


def _fields_of(equation: Equation) -> set[int]:
    """Return the numbers of the fields in an equation."""
    return {term.field for term in equation.terms}


def _vanishes(equation: Equation, names: set[str], fields: set[int]) -> bool:
    """Return whether nothing is left of an equation if some parameters and fields are zero."""
    constants = variables.occurring(variables.Constant, equation.expression).items()
    derivatives = variables.occurring(variables.Derivative, equation.expression).items()
    gone = [symbol for symbol, own in constants if own.name in names]
    gone += [symbol for symbol, own in derivatives if own.field in fields]
    if not gone:
        return False
    return calculus.substitute(equation.expression, dict.fromkeys(gone, sympy.S.Zero)) == 0


def _outside(problem: Problem, domain: Domain, x: Float[ndarray, "n D"]) -> Bool[ndarray, " n"]:
    """Return a mask of the points that lie outside of the domain, or of its time."""
    found = domain.distance(x[:, : domain.dim]) > ON_BOUNDARY * domain.size
    if problem.time is not None:
        first, last = problem.time
        margin = ON_BOUNDARY * (last - first)
        found |= (x[:, -1] < first - margin) | (x[:, -1] > last + margin)
    return found


def _ranges(problem: Problem, x: Float[ndarray, "n D"]) -> str:
    """Return the ranges of coordinates in words."""
    ends = zip(axes(problem), x.min(axis=0), x.max(axis=0), strict=True)
    return ", ".join(
        f"{name} = {low:.4g}" if low == high else f"{name} from {low:.4g} to {high:.4g}"
        for name, low, high in ends
    )


def _box(problem: Problem, domain: Domain) -> str:
    """Return the ranges of the domain in words."""
    corners = np.array([domain.lower, domain.upper])
    if problem.time is not None:
        corners = np.column_stack([corners, problem.time])
    return _ranges(problem, corners)


def _place(problem: Problem, x: Float[ndarray, " D"]) -> str:
    """Return a point in words."""
    return ", ".join(f"{name} = {v:.6g}" for name, v in zip(axes(problem), x, strict=True))


def _narrow(problem: Problem, domain: Domain, own: Observed) -> Iterator[str]:
    """Yield a sentence for each coordinate in which points span next to nothing of the domain."""
    if own.stated.on:
        return
    lower, upper = (list(corner) for corner in domain.bounds)
    if problem.time is not None:
        lower, upper = [*lower, problem.time[0]], [*upper, problem.time[1]]
    for axis, (name, low, high) in enumerate(zip(axes(problem), lower, upper, strict=True)):
        span = float(np.ptp(own.x[:, axis]))
        if 0 < span < NARROW * (high - low):
            yield (
                f"{own.name}: {name} spans {span:.3g} only, but {high - low:.3g} in the domain. "
                "Are the units the same?"
            )


def _levels(problem: Problem, observed: Sequence[Observed]) -> Iterator[str]:
    """Yield a sentence for each field that is sought or known, but whose level nothing tells.

    Where every statement differentiates a field in space, it may be larger by any function of time.
    Nobody misses the level of what is neither observed nor compared with anything.
    """
    if not problem.data:
        return
    stated = [*problem.boundary, *problem.constraints, *problem.extra]
    statements = [*problem.equations, *(condition.equation for condition in stated)]
    for field, name in enumerate(problem.fields):
        about = [t for e in statements for t in terms_in_space(problem, e) if t.field == field]
        if any(sum(alpha) == 0 for term in about for alpha, _ in term.op.terms):
            continue
        seen = [own for own in observed if _is_level(own.stated.told, field)]
        if not seen and problem.exact is None:
            continue
        if problem.time is None:
            if not seen:
                yield (
                    f"every statement holds for {name} plus any constant, and no data tell its "
                    "level. Give a value of it at a point as [[data]]."
                )
            continue
        instants = np.concatenate([[], *(own.x[:, -1] for own in seen)])
        begin, end = problem.time
        gap = float(np.diff(np.sort([begin, *instants, end])).max())
        if gap > LONGEST * (end - begin):
            but = "values of it are given at few instants" if seen else "no data tell its level"
            yield (
                f"every statement holds for {name} plus any function of t, and {but}. Give some "
                "over all of the time as [[data]], as at one point: at without t."
            )


def _is_level(told: Equation, field: int) -> bool:
    """Return whether an observation tells the level of a field."""
    return any(
        term.field == field and any(sum(alpha) == 0 for alpha, _ in term.op.terms)
        for term in told.terms
    )


def _contradictions(
    problem: Problem, domain: Domain, nodes: Nodes, observed: Sequence[Observed]
) -> Iterator[str]:
    """Yield a sentence for each condition on the boundary that values there contradict."""
    for condition in problem.boundary:
        found = prescribed(condition)
        if found is None:
            continue
        field, values = found
        for own in observed:
            if own.stated.text != problem.fields[field]:
                continue
            near = np.abs(domain.distance(own.x[:, : domain.dim])) <= ON_BOUNDARY * domain.size
            near[near] = _holds(condition.on, nodes, own.x[near, : domain.dim])
            if not near.any():
                continue
            gap = np.abs(own.values[near] - values(own.x[near]))
            limit = LOOSE * own.spread if own.sigma is None else FAR * own.sigma
            if np.median(gap) > limit:
                row = np.flatnonzero(near)[int(np.argmax(gap))]
                where = f" ({own.places[row]})" if own.places else ""
                yield (
                    f"{own.name}: on {', '.join(condition.on)} the values contradict "
                    f'"{condition.equation.text}", by {gap.max():.3g} at '
                    f"{_place(problem, own.x[row])}{where}. One of them is not that of this "
                    "problem."
                )


def _holds(on: Sequence[str], nodes: Nodes, x: Float[ndarray, "n d"]) -> Bool[ndarray, " n"]:
    """Return a mask of the points on the boundary that are nearest to some pieces of it."""
    from scipy.spatial import cKDTree  # 0.1 s that `pinnsolve --help` need not pay

    _, nearest = cKDTree(nodes.x[nodes.boundary]).query(x)
    here = [k for k, piece in enumerate(nodes.pieces) if piece in on or "all" in on]
    return np.isin(nodes.tags[nearest], here)
