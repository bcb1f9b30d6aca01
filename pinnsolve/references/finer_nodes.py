"""A reference on more nodes: the direct solution of the same problem, twice.

Its own error is the distance of the two, on twice and on four times as many nodes, where the finer
one, which is given, is closer.
"""

from typing import TYPE_CHECKING

from pinnsolve.geometry.sampling import sample, sample_in_time
from pinnsolve.problem import Problem
from pinnsolve.references import rbf_fd
from pinnsolve.references.evolution import refused
from pinnsolve.references.refinement import SAMPLES, distance
from pinnsolve.solution.reference import Reference

if TYPE_CHECKING:
    from pinnsolve.setup import Setup

SOLVER = ("reference", "solver")


def plan(problem: Problem) -> Problem:
    """Return a problem that can be solved on other nodes.

    Raises
    ------
    ProblemError
        If its nodes are given, or it has unknown constants, or the reference is to begin otherwise.
    """
    stated, nodes = problem.stated, problem.settings.nodes
    name = stated.solver if stated else ""
    if problem.parameters:
        message = f"{name} solves with known constants only."
        raise refused(problem, SOLVER, message, "Choose another solver.")
    if stated is not None and (stated.time or stated.initial or stated.period):
        message = f"{name} solves the problem as it is posed, without a time, initial values or "
        message += "period of its own."
        raise refused(problem, SOLVER, message, "Remove them, or choose another solver.")
    if nodes.file is not None or problem.settings.domain.shape == "points":
        message = f"{name} needs more nodes than the file has."
        raise refused(problem, SOLVER, message, "Give nodes.count, or choose another solver.")
    return problem


def reference(setup: "Setup") -> Reference:
    """Return the direct solution on four times as many nodes.

    Raises
    ------
    ProblemError
        If the problem cannot be solved on other nodes, or no solution is found.
    """
    problem = plan(setup.asked)
    name = problem.stated.solver if problem.stated else ""
    first = problem.stated.resolution if problem.stated else None
    count = first**setup.nodes.dim if first else 2 * setup.nodes.rows.stop
    where = (
        sample(setup.domain, SAMPLES)
        if problem.time is None
        else sample_in_time(setup.domain, problem.time, SAMPLES)
    )
    found = []
    for more in (count, 2 * count):
        changes = {"nodes.count": more, "solver.method": name}
        if problem.settings.nodes.spacing is not None:
            spacing = setup.nodes.spacing * (setup.nodes.rows.stop / more) ** (1 / setup.nodes.dim)
            changes = {"nodes.spacing": spacing, "solver.method": name}
        own = type(setup)(problem.replace(changes), setup.watch)
        direct = rbf_fd.reference(own)
        if direct is None or direct.fields is None:
            why = direct.message if direct else "there is none"
            message = f"{name} finds no solution on {more} nodes: {why}"
            raise refused(problem, SOLVER, message, "Choose another solver.")
        found.append((direct.fields, direct.fields(where), own.nodes.rows.stop))
    (_, coarse, _), (fields, fine, nodes) = found
    return Reference(
        "",
        fields,
        error=distance(problem.fields, coarse, fine),
        message=f"The direct solution on {nodes:,} nodes, next to that on half as many.",
        title=f"{name}, {nodes:,} nodes",
    )
