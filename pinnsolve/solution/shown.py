"""A solution in a few lines, as an interpreter or a notebook shows it."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinnsolve.solution.solution import Solution


def lines_of(solution: "Solution") -> list[str]:
    """Return lines on problem, method, verdict, errors by field, constants and warnings."""
    problem, outcome, accuracy = solution.problem, solution.outcome, solution.accuracy
    lines = [
        f"Solution of {problem.name}: {problem.title or 'untitled'}",
        f"{solution.method} on {solution.sample.nodes.rows.stop} nodes: {outcome.status}",
        str(solution.verdict),
    ]
    for name in problem.fields:
        known = []
        if accuracy.errors is not None:
            known.append(f"relative error {accuracy.errors.relative_l2[name]:.2e}")
            known.append(f"largest {accuracy.errors.max_error[name]:.2e}")
        estimate = accuracy.estimate and accuracy.estimate.total[name]
        if estimate is not None:
            known.append(f"estimated {estimate:.2e}")
        lines.append(f"  {name}: {', '.join(known) or 'error unknown'}")
    lines += [f"  {name} = {constant.found:.10g}" for name, constant in solution.constants.items()]
    if outcome.warnings:
        lines.append(f"warnings: {len(outcome.warnings)}, in outcome.warnings")
    return lines


def html_of(solution: "Solution") -> str:
    """Return these lines for a notebook."""
    first, *others = (escape(line.strip()) for line in lines_of(solution))
    return "<br>".join([f"<b>{first}</b>", *others])
