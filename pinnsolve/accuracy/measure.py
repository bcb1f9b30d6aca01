"""How far a solution is from the exact one, where that is known.

Errors are measured on points that no method has seen, a low-discrepancy set inside the domain,
and again on the nodes, where the classical baseline is known too.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.accuracy.truth import exact_at, exact_values
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.solution.accuracy import Errors
from pinnsolve.solution.solution import Solution

VANISHED = 1e-12  # of the largest size, what rounding leaves of a solution that passes zero


def relative_l2(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return ``|u - exact| / |exact|``; where that is zero the root mean square of ``u``."""
    size = np.linalg.norm(exact)
    return float(np.linalg.norm(u - exact) / (size if size > 0 else np.sqrt(exact.size)))


def max_error(u: Float[ndarray, "*N"], exact: Float[ndarray, "*N"]) -> float:
    """Return the largest distance."""
    return float(np.max(np.abs(u - exact)))


def by_level(u: Float[ndarray, "K n"], exact: Float[ndarray, "K n"]) -> Float[ndarray, " K"]:
    """Return the relative L2 error at each time level.

    Where the exact solution vanishes, but for rounding, its size is that of the largest level.
    """
    size = np.linalg.norm(exact, axis=1)
    largest = size.max() if size.any() else np.sqrt(exact.shape[1])
    return np.linalg.norm(u - exact, axis=1) / np.where(size > VANISHED * largest, size, largest)


def test_points(problem: Problem, domain: Domain) -> Float[ndarray, "n d"]:
    """Return points that no method has seen: of space, or of space and time."""
    settings = problem.settings
    count, seed = settings.output.test_points, settings.nodes.seed
    if problem.time is None:
        return sample(domain, count, seed)
    return sample_in_time(domain, problem.time, count, seed)


def measure(solution: Solution, domain: Domain) -> Errors | None:
    """Return the errors of every field; None if no exact solution is known.

    Parameters
    ----------
    solution
        What to measure.
    domain
        Where to measure it, on as many points as the problem file asks for.
    """
    problem = solution.problem
    points = test_points(problem, domain)
    exact, exact_nodes = exact_values(problem, points), exact_at(problem, solution.nodes)
    if exact is None or exact_nodes is None:
        return None
    there = solution(points)

    def by_field(
        size: Callable[[ndarray, ndarray], float], u: ndarray, truth: ndarray
    ) -> dict[str, float]:
        return {
            name: size(u[..., i].ravel(), truth[..., i].ravel())
            for i, name in enumerate(problem.fields)
        }

    at_end = None
    if solution.times is not None:
        at_end = {
            name: float(by_level(solution.values[..., i], exact_nodes[..., i])[-1])
            for i, name in enumerate(problem.fields)
        }
    return Errors(
        relative_l2=by_field(relative_l2, there, exact),
        max_error=by_field(max_error, there, exact),
        relative_l2_nodes=by_field(relative_l2, solution.values, exact_nodes),
        test_points=len(points),
        relative_l2_at_end=at_end,
    )


def judged(solution: Solution) -> Solution:
    """Return a finished solution with its status by the accuracy that was asked for.

    Measured errors decide, and estimated ones only where none could be measured.
    """
    accuracy = solution.problem.settings.solver.accuracy
    if not accuracy or solution.status != "finished":
        return solution
    errors, estimate = solution.errors, solution.estimate
    estimated = None if estimate is None else estimate.worst
    worst = max(errors.relative_l2.values()) if errors else estimated
    if worst is None:
        message = "the accuracy asked for cannot be judged: no exact solution is given."
        return replace(solution, message=message)
    kind = "" if errors else "estimated "
    text = f"the {kind}relative error is {worst:.2e}, {accuracy:.2e} was asked for."
    if worst <= accuracy:
        return solution if errors else replace(solution, message=text)
    remedy = "Raise nodes.count or solver.order, or train longer."
    return replace(solution, status="accuracy missed", message=f"{text} {remedy}")
