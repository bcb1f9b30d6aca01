"""Pictures of the errors of a family: their distribution, and where the functions lie."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from numpy import ndarray

from pinnsolve.output.figures.figures import COLOURS, WIDTH, logarithmic, styled
from pinnsolve.solution.held_out import HeldOut


@styled
def distribution_figure(held_out: HeldOut) -> Figure:
    """Draw the share of functions whose error is below a size, and errors against distances.

    Parameters
    ----------
    held_out
        The errors; without distances the first picture stands alone.
    """
    figure, errors_of = Figure(figsize=(WIDTH, 2.7)), _positive(held_out.errors)
    shown = np.concatenate([*errors_of.values()])
    left = figure.add_axes((0.09, 0.2, 0.38, 0.68))
    for colour, (name, errors) in zip(COLOURS, errors_of.items(), strict=False):
        shares = 100 * np.arange(1, len(errors) + 1) / len(errors)
        left.step(np.sort(errors), shares, where="post", color=colour, lw=1.4, label=name)
    left.set(xlabel="relative L2 error", ylabel="% of the functions are below")
    left.set(title="errors of functions held out", ylim=(0, 102))
    logarithmic(left, shown, "x")
    if len(held_out.errors) > 1:
        left.legend(loc="lower right")
    if held_out.distance is not None:
        right = figure.add_axes((0.59, 0.2, 0.38, 0.68))
        for colour, (_, errors) in zip(COLOURS, errors_of.items(), strict=False):
            right.plot(held_out.distance, errors, "o", ms=3, color=colour)
        right.set(xlabel="distance from the middle of the family", title="relative L2 error")
        logarithmic(right, shown)
    return figure


def _positive(errors: Mapping[str, Float[ndarray, " M"]]) -> dict[str, Float[ndarray, " M"]]:
    """Return errors that a logarithmic scale can show."""
    tiny = np.finfo(float).eps
    return {
        name: np.where(np.isfinite(e), np.maximum(e, tiny), np.nan) for name, e in errors.items()
    }
