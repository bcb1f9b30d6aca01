"""Pictures of data and what a solution makes of them, and of the intervals of constants."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pinnsolve.output.figures.figures import COLOURS, DENSE, PALE, WIDTH, styled
from pinnsolve.solution.found import Fit, FoundConstant

SIGMAS = 2.0  # half the width of the band in which 95 % of noise lies


@styled
def fit_figure(fit: Fit) -> Figure:
    """Draw data against the solution, and what is left of them along a coordinate.

    Parameters
    ----------
    fit
        The data. What is left is drawn along time, or else along the first coordinate.
    """
    figure = Figure(figsize=(WIDTH, 2.7))
    seen = figure.add_axes((0.08, 0.18, 0.34, 0.69))
    left = figure.add_axes((0.54, 0.18, 0.43, 0.69))
    dots: Any = {"s": 7, "lw": 0, "alpha": 0.6, "rasterized": len(fit.values) > DENSE}
    seen.scatter(fit.fitted, fit.values, color=COLOURS[0], **dots)
    ends = np.array([fit.values.min(), fit.values.max()])
    seen.plot(ends, ends, color=PALE, lw=0.8)
    seen.set(title="seen", xlabel="solution")
    axis = len(fit.axes) - 1 if fit.axes[-1] == "t" else 0
    left.scatter(fit.x[:, axis], fit.residuals, color=COLOURS[1], **dots)
    left.axhline(0, color=PALE, lw=0.8)
    sigma = fit.estimate if fit.sigma is None else fit.sigma
    if np.isfinite(sigma):
        left.axhspan(-SIGMAS * sigma, SIGMAS * sigma, color=PALE, alpha=0.15, lw=0)
    left.set(title="seen minus solution", xlabel=fit.axes[axis])
    return figure


@styled
def interval_figure(constants: dict[str, FoundConstant]) -> Figure | None:
    """Draw intervals relative to the values found, true values as crosses; None without any."""
    known = {name: c for name, c in constants.items() if c.interval and c.found}
    if not known:
        return None
    figure = Figure(figsize=(WIDTH, 0.75 + 0.3 * len(known)))
    height = figure.get_figheight()
    axes = figure.add_axes((0.2, 0.45 / height, 0.6, 1 - 0.75 / height))
    for k, constant in enumerate(known.values()):
        low, high = (100 * (end / constant.found - 1) for end in constant.interval or ())
        axes.plot([low, high], [k, k], color=COLOURS[0], lw=2.5, solid_capstyle="butt")
        axes.plot([0], [k], "o", color=COLOURS[0], ms=5)
        if constant.true is not None:
            axes.plot([100 * (constant.true / constant.found - 1)], [k], "x", color=COLOURS[1])
    axes.set_yticks(range(len(known)), list(known))
    axes.set(ylim=(len(known) - 0.5, -0.5), xlabel="% from the value found")
    axes.set_title("95 % intervals" + (", true values crossed" if _has_truth(known) else ""))
    return figure


@styled
def profile_figure(constants: dict[str, FoundConstant]) -> Figure | None:
    """Draw how much worse data are followed at other values of constants; None without any."""
    known = [(name, c, c.profile) for name, c in constants.items() if c.profile]
    if not known:
        return None
    figure = Figure(figsize=(WIDTH, 2.4 * len(known)))
    for k, (name, constant, profile) in enumerate(known):
        bottom = 1 - (k + 0.82) / len(known)
        axes = figure.add_axes((0.2, bottom, 0.6, 0.68 / len(known)))
        axes.plot(profile.values, profile.rises, "o-", color=COLOURS[0], ms=4)
        even = np.linspace(profile.values[0], profile.values[-1], 99)
        error = constant.standard_error or np.inf
        axes.plot(even, ((even - constant.found) / error) ** 2, color=PALE, lw=0.8)
        axes.axhline(profile.RISE, color=COLOURS[1], lw=0.8)
        axes.set(xlabel=name, ylabel="rise of the misfit")
    return figure


def _has_truth(constants: dict[str, FoundConstant]) -> bool:
    """Return whether a true value is known."""
    return any(c.true is not None for c in constants.values())
