"""Pictures of unknown functions with the bands in which they lie."""

from matplotlib.figure import Figure

from pinnsolve.output.figures.figures import COLOURS, PALE, WIDTH, styled
from pinnsolve.solution.functions import FoundFunction


@styled
def band_figure(name: str, found: FoundFunction) -> Figure:
    """Draw a function of one coordinate, its band, and two standard errors of the noise alone.

    Parameters
    ----------
    name, found
        The function.
    """
    figure = Figure(figsize=(WIDTH, 2.7))
    axes = figure.add_axes((0.12, 0.18, 0.8, 0.7))
    x, error = found.x[:, 0], found.standard_error
    axes.fill_between(x, found.low, found.high, color=PALE, alpha=0.3, lw=0)
    around = (found.values - 2 * error, found.values + 2 * error)
    axes.fill_between(x, *around, color=COLOURS[0], alpha=0.2, lw=0)
    axes.plot(x, found.values, color=COLOURS[0])
    if found.truth is not None:
        axes.plot(x, found.truth, "--", color=COLOURS[1], lw=1)
    axes.set(title=name, xlabel=found.of[0])
    return figure
