"""Unknown constants of the equations as found, and what is known of them.

A search returns some number for every constant, also for one that nothing determines. So the
equations are linearised once more where it has ended (`pinnsolve.leastsquares.determination`),
and of each constant is said whether they tell it at all, how well, and if only together with
others, in which combination.
"""

from collections.abc import Callable, Mapping, Sequence
from math import copysign
from typing import TYPE_CHECKING, TypeAlias

from pinnsolve.problem.schema.unknowns import Parameter
from pinnsolve.setup import Setup
from pinnsolve.solution.fields import Fields
from pinnsolve.solution.found import FoundConstant

if TYPE_CHECKING:
    from pinnsolve.leastsquares.determination import Determination
    from pinnsolve.networks.several import AnyNetwork
    from pinnsolve.objectives.pointwise import PointwiseObjective

    ObjectiveOf: TypeAlias = Callable[[AnyNetwork, Setup], PointwiseObjective]

STILL = 1e-6  # of the size of a constant: closer to its first value it has not moved
NEAR = 1e-3  # the same of a bound
POOR = 1e-2  # of the equations: where more is left, that is why nothing is known
OUTWARD = 3.0  # standard errors: how far a step leads at least that a bound has kept back
LEAST_SHARE = 0.05  # of a constant in a combination: less is not worth a word
UNDETERMINED = "not determined by the data"


def found_constants(
    setup: Setup, answer: Fields, objective_of: "ObjectiveOf"
) -> Mapping[str, FoundConstant]:
    """Return the unknown constants of the equations as found, by name.

    Parameters
    ----------
    setup, answer
        Of the problem, and the fields of a network that has been trained.
    objective_of
        Builds what has been lowered.
    """
    from pinnsolve.objectives.network_fields import NetworkFields
    from pinnsolve.objectives.told import told_of_constants

    parameters = setup.problem.parameters
    if not isinstance(answer, NetworkFields) or answer.net.unknowns is None:
        return {}
    values = answer.net.unknowns().detach().double().cpu().tolist()
    objective, n_data = objective_of(answer.net, setup), len(setup.problem.extra)
    firsts = [parameter.start for parameter in parameters.values()]
    told = told_of_constants(objective, firsts, n_data)
    found, sizes, misfit = told.determination, told.sizes, told.misfit
    constants = {}
    for k, (name, parameter) in enumerate(parameters.items()):
        error, is_determined, is_kept = None, None, False
        bound = bound_at(parameter, values[k], NEAR * sizes[k])
        if found is not None:
            error, step = float(found.standard_errors[k]), float(found.step[k])
            is_kept = abs(step) > OUTWARD * error and bool(
                bound_at(parameter, values[k] + step * sizes[k], 0.0)
            )
            is_determined = bool(found.is_determined[k]) and not is_kept
        remarks = [doubt_of(tuple(parameters), values, k, found, is_determined, is_kept, misfit)]
        if abs(values[k] - parameter.start) <= STILL * sizes[k]:
            remarks.append("it has not moved")
        if bound:
            remarks.append(f"it lies at its {'upper' if bound > 0 else 'lower'} bound")
        constants[name] = FoundConstant(
            parameter.start,
            values[k],
            parameter.true,
            standard_error=error * sizes[k] if error is not None and is_determined else None,
            is_determined=is_determined,
            misfit=misfit,
            remark="; ".join(filter(None, remarks)),
        )
    return constants


def bound_at(parameter: Parameter, value: float, distance: float) -> int:
    """Return 1 for a value beyond or at the upper bound, -1 for the lower, 0 between them.

    Parameters
    ----------
    parameter, value
        A parameter, and what might be its value.
    distance
        How far from a bound counts as at it.
    """
    lower, upper = parameter.bounds
    if value >= upper - distance:
        return 1
    return -1 if value <= lower + distance else 0


def combination(names: Sequence[str], row: Sequence[float]) -> str:
    """Return a combination of relative changes in words.

    >>> combination(["a", "b", "c"], [0.8, 0.0, -0.6])
    '0.80 δa/a - 0.60 δc/c'
    """
    terms = [(c, name) for c, name in zip(row, names, strict=True) if abs(c) >= LEAST_SHARE]
    (first, name), *rest = terms
    text = f"{'-' if first < 0 else ''}{abs(first):.2f} δ{name}/{name}"
    return text + "".join(f" {'-' if c < 0 else '+'} {abs(c):.2f} δ{n}/{n}" for c, n in rest)


def doubt_of(
    names: Sequence[str],
    values: Sequence[float],
    k: int,
    found: "Determination | None",
    is_determined: bool | None,
    is_kept: bool,
    misfit: float | None,
) -> str:
    """Return the doubt about a constant, with what is known all the same; empty if it is known.

    Parameters
    ----------
    names, values, k
        The constants as found, and which of them.
    found
        What is known; None if that could not be told.
    is_determined, is_kept
        Whether it is known, and whether a bound keeps it where it is.
    misfit
        What is left of equations and data, relative to their size; None if that is not known.
    """
    if found is None:
        return "whether it is determined cannot be told"
    if is_determined:
        return ""
    if is_kept:
        return f"{UNDETERMINED}, which point beyond its bounds"
    # relative changes are measured in sizes, which have no sign; the largest share shall have none
    signs = [copysign(1.0, value) for value in values]
    rows = [[s * c for s, c in zip(signs, r, strict=True)] for r in found.combinations.tolist()]
    known = [
        combination(names, [copysign(1.0, max(row, key=abs)) * c for c in row])
        for row in rows
        if abs(row[k]) >= LEAST_SHARE
    ]
    if known:
        return f"{UNDETERMINED}, which tell only {' and '.join(known)}"
    is_poor = misfit is not None and misfit > POOR
    return f"{UNDETERMINED} as far as they are met" if is_poor else UNDETERMINED
