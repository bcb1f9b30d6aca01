"""What the report tells of unknown functions: pictures with bands, how smooth, how well known."""

from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.functions import band_figure
from pinnsolve.output.report.page import table
from pinnsolve.solution.solution import Solution


def functions(solution: Solution) -> str:
    """Return the section on unknown functions as HTML; nothing of a problem without any."""
    if not solution.functions:
        return ""
    rows = [
        (
            name,
            ", ".join(own.of),
            f"{own.smooth:.3g}",
            f"{own.edf:.1f}",
            f"{100 * own.half_width:.2g} %",
            "–" if own.held is None else f"{100 * own.held:.0f} %",
        )
        for name, own in solution.functions.items()
    ]
    head = ("function", "of", "smooth", "known numbers", "band, ±", "truth in it")
    caption = (
        "Smooth is the weight of the roughness, as given or as the data tell; known numbers are "
        "those of the function that data and equations determine. Smoothing bends a function "
        "towards straight lines, which no standard error tells. The band is that of Bayes, which "
        "allows for it: where the function is as rough as its weight makes it likely to be, the "
        "band holds it at 95 % of all places, in the mean over these, and least where it bends "
        "most."
    )
    parts = [table(head, rows, caption, numbers=range(2, 6))]
    for name, own in solution.functions.items():
        if len(own.of) == 1:
            caption = f"{name} as found, with its band; the inner one is two standard errors of "
            caption += "the noise alone" + ("." if own.truth is None else ", broken the truth.")
            parts.append(set_apart(band_figure(name, own), f"{name}, and its band", caption))
    return "\n".join(parts)
