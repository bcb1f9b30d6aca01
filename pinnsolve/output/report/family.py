"""What the report tells of a family: errors of the functions held out, the best and the worst."""

from dataclasses import replace

from pinnsolve.geometry import Domain
from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.evolution import evolution_figure
from pinnsolve.output.figures.family import distribution_figure
from pinnsolve.output.figures.fields import field_figure
from pinnsolve.output.numbers import scientific
from pinnsolve.output.report.page import table
from pinnsolve.output.vtk.grid import grid
from pinnsolve.problem import Problem
from pinnsolve.problem.family_mode import mode
from pinnsolve.solution.fields import OfFamily
from pinnsolve.solution.held_out import HeldOut, in_short
from pinnsolve.solution.solution import Solution

CAPTION = (
    "Relative L2 errors of problems of the family with which nothing was trained, each relative to "
    "the variation of its own solution. The pictures above are of the one in the middle."
)

BY_FEATURES = (
    "The mean over the functions held out, relative to the field’s variation, in L2 on the nodes: "
    "the distance from solutions of the same equations with half as many features more, drawn "
    "anew, made larger where errors fall slowly with these. What the training left is how far a "
    "step of Newton’s method on each function leads. An estimate, never a bound."
)
BY_OTHERS = (
    "The mean over the functions held out, relative to the field’s variation: how far solutions of "
    "functions to train with are from what all others tell of them, times how little is known of "
    "a function. An estimate, never a bound."
)


def estimated(problem: Problem) -> str:
    """Return the sentences below estimated errors of a family; nothing of a single problem."""
    if problem.family is None:
        return ""
    is_told = problem.settings.network.features == "reference"
    return BY_OTHERS if is_told else BY_FEATURES


def family(solution: Solution, domain: Domain) -> str:
    """Return the errors of a family as HTML; nothing of a single problem."""
    held_out, of = solution.accuracy.held_out, solution.problem.family
    if of is None:
        return ""
    how = f"<p>Solved for all functions by {mode(solution.problem)}.</p>"
    if held_out is None:
        return how
    short = {name: in_short(errors) for name, errors in held_out.errors.items()}
    rows = [
        (name, *(scientific(own[k], 3) for k in ("mean", "median", "worst")), f"{own['count']:,}")
        for name, own in short.items()
    ]
    head = ["field", "mean", "median", "worst", "functions"]
    parts = [how, table(head, rows, CAPTION)]
    label = "The errors of the functions held out"
    parts.append(set_apart(distribution_figure(held_out), label, f"{label}."))
    for word, which in (("best", held_out.order[0]), ("worst", held_out.order[-1])):
        shown = _showing(solution, held_out, which)
        if shown is not None:
            draw = field_figure if shown.sample.times is None else evolution_figure
            name = solution.problem.fields[0]
            label = f"The field {name} of the {word} of these functions"
            figure = draw(shown, grid(shown, domain), domain, name)
            parts.append(set_apart(figure, label, f"{label}, and its error."))
    return "\n".join(parts)


def _showing(solution: Solution, held_out: HeldOut, which: int) -> Solution | None:
    """Return the solution with another of the functions shown; None if that is not known."""
    of, answer = solution.problem.family, solution.answer
    if of is None or which not in held_out.truths or not isinstance(answer, OfFamily):
        return None
    other = answer.showing([own.held_out.chosen([which]).codes() for own in of.inputs])
    x = solution.sample.x
    values = held_out.found[which]
    assert values.shape[-2] == len(x)
    truth = solution.accuracy.truth
    own = truth and replace(truth, values=held_out.truths[which])
    return replace(
        solution,
        answer=other,
        sample=replace(solution.sample, values=values),
        accuracy=replace(solution.accuracy, truth=own, estimate=None),
    )
