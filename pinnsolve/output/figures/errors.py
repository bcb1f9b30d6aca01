"""The picture of errors against time, which shows whether they grow."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from pinnsolve.output.figures.figures import COLOURS, WIDTH, logarithmic, styled
from pinnsolve.references.truth import truth_at_nodes
from pinnsolve.solution.norms import by_level
from pinnsolve.solution.solution import Solution

DASHED = (0, (4, 3))
FEW = 40  # levels that are marked by dots


@styled
def error_figure(solution: Solution) -> Figure | None:
    """Draw the relative L2 error on the nodes at each time level, the direct solution's dashed.

    Parameters
    ----------
    solution
        A solution in time. Without an exact solution its distance from the direct one is drawn;
        without that there is no figure.
    """
    direct = solution.accuracy.baseline.values if solution.accuracy.baseline else None
    exact = truth_at_nodes(solution)
    reference = direct if exact is None else exact
    if reference is None or solution.sample.times is None:
        return None
    figure = Figure(figsize=(WIDTH, 2.4))
    axes = figure.add_axes((0.08, 0.19, 0.66, 0.67))
    drawn = []
    for i, name in enumerate(solution.problem.fields):
        colour = COLOURS[i % len(COLOURS)]
        error = by_level(solution.sample.values[..., i], reference[..., i])
        _curve(axes, solution.sample.times, error, label=name, color=colour)
        drawn.append(error)
        if exact is not None and direct is not None:
            error = by_level(direct[..., i], exact[..., i])
            label = f"{name}, direct solution"
            _curve(axes, solution.sample.times, error, label=label, color=colour, ls=DASHED)
            drawn.append(error)
    logarithmic(axes, np.concatenate(drawn))
    what = "difference from the direct solution" if exact is None else "error"
    axes.set(title=f"relative L2 {what} on the nodes at each time level", xlabel="t")
    axes.legend(loc="upper left", bbox_to_anchor=(1.03, 1.0), borderaxespad=0)
    return figure


def _curve(
    axes: Axes, times: Float[ndarray, " K"], error: Float[ndarray, " K"], **style: Any
) -> None:
    """Draw a curve without its zeros, which a logarithmic scale does not reach."""
    heights = np.where((error > 0) & np.isfinite(error), error, np.nan)
    axes.plot(times, heights, lw=1.4, marker="o" if len(times) <= FEW else None, ms=3, **style)
