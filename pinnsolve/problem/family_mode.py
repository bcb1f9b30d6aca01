"""In what way a family of problems is solved, in words."""

from pinnsolve.problem.problem import Problem

FUNCTIONS = 50  # of one step on all weights, by default
STEPS = "adam"


def functions_of_a_step(problem: Problem) -> int:
    """Return on how many functions a step on all weights is taken."""
    asked, family = problem.settings.operator, problem.family
    assert asked is not None
    assert family is not None
    return min(asked.functions or FUNCTIONS, family.count)


def mode(problem: Problem) -> str:
    """Return the phases by which a family is solved, and on how much each step is taken."""
    asked, family = problem.settings.operator, problem.family
    assert asked is not None
    assert family is not None
    if problem.settings.network.features == "reference":
        return (
            f"the classical solver of the reference, for {family.count:,} functions, by whose "
            "solutions all others are told: not from the equations alone"
        )
    points = "all points" if asked.points is None else f"{asked.points:,} points of each condition"
    steps = (
        f"Adam on all weights, each step on {functions_of_a_step(problem):,} of {family.count:,} "
        f"functions and {points}, derivatives by {problem.settings.solver.derivatives}"
    )
    names = [str(phase.optimizer) for phase in problem.settings.training] or [""]
    return ", then ".join(steps if name == STEPS else "a head solve" for name in names)
