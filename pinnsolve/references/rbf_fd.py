"""The classical solution of the same discretisation: sparse factorisation, stepped through time."""

from time import perf_counter
from typing import TYPE_CHECKING

from pinnsolve.errors import DivergedError, SingularError
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.rbffd.solve import solve, unsolvable
from pinnsolve.references.exact import exact_at
from pinnsolve.solution.norms import by_field, max_by_field, overall_l2
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup


def reference(setup: "Setup") -> Reference | None:
    """Return the direct solution; None if unknown constants leave it no room.

    Raises
    ------
    ProblemError
        If a linear problem has no unique solution on the nodes, and the method needs one.
    """
    problem = setup.problem
    if problem.parameters:
        return None
    system = setup.discretisation()
    start = perf_counter()
    try:
        found, message = solve(problem, system, setup.placement, setup.watch), ""
    except SingularError as error:
        if system.is_linear and "operators" in ABILITIES[problem.settings.solver.method].needs:
            raise unsolvable(problem, error) from None
        found, message = None, str(error)
    except DivergedError as error:
        found, message = None, str(error)
    seconds = setup.seconds["operators"] + perf_counter() - start
    if found is None or not found.converged:
        message, condition = (found.message, found.condition) if found else (message, None)
        return Reference("", None, seconds=seconds, message=message, condition=condition)
    values = found.fields.values[..., system.nodes.rows, :]
    exact = exact_at(problem, system.nodes)
    return Reference(
        "",
        found.fields,
        values,
        relative_l2=None if exact is None else by_field(problem.fields, values, exact),
        overall_l2=None if exact is None else overall_l2(values, exact),
        max_error=None if exact is None else max_by_field(problem.fields, values, exact),
        seconds=seconds,
        error_in_time=found.error_in_time,
        message=found.message,
        condition=found.condition,
    )
