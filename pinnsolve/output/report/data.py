"""What the report tells of data: intervals of what was found by them, fit, what is left."""

from pinnsolve.output.figures.apart import set_apart
from pinnsolve.output.figures.data import fit_figure, interval_figure, profile_figure
from pinnsolve.output.numbers import scientific
from pinnsolve.output.report.page import table
from pinnsolve.solution.solution import Solution

MOST = 4  # sets of data that get a figure


def data(solution: Solution) -> str:
    """Return the section on data as HTML; nothing of a problem without any."""
    if not solution.data:
        return ""
    rows = [
        (
            fit.name.removeprefix("data "),
            f"{len(fit.values):,}",
            scientific(fit.spread, 3),
            "–" if fit.sigma is None else scientific(fit.sigma, 3),
            scientific(fit.estimate, 3),
            f"{fit.freedom:.0f}",
            "looks like noise" if fit.is_white else "is no noise: neighbours are alike",
        )
        for fit in solution.data
    ]
    head = ("seen", "rows", "spread", "sigma given", "by the misfit", "freedom", "what is left")
    caption = (
        "Spread is the standard deviation of the values, sigma that of their errors: as given, and "
        "as the misfit tells it over the rows less what the fit takes up of their noise."
    )
    parts = [table(head, rows, caption, numbers=range(1, 6))]
    for fit in solution.data[:MOST]:
        caption = f"{fit.name}: what was seen against the solution, and what is left of it; the "
        caption += "band holds 95 % of noise."
        parts.append(set_apart(fit_figure(fit), f"Fit to {fit.name}", caption))
    return "\n".join(parts)


def intervals(solution: Solution) -> str:
    """Return the intervals of constants as a picture, and their correlations as a table."""
    figure = interval_figure(dict(solution.constants))
    if figure is None:
        return ""
    caption = "Where the true values lie with a confidence of 95 %, relative to those found."
    parts = [set_apart(figure, "Intervals of the parameters", caption)]
    profiles = profile_figure(dict(solution.constants))
    if profiles is not None:
        caption = "How much worse data are followed at other values, all else sought anew, in the "
        caption += "variance of the misfit; thin what standard errors say. Noise exceeds the line "
        caption += "in one case of twenty."
        parts.append(set_apart(profiles, "Profiles of the parameters", caption))
    names = [name for name, c in solution.constants.items() if c.correlations]
    if len(names) > 1:
        rows = [
            (a, *("1" if a == b else _correlation(solution, a, b) for b in names)) for a in names
        ]
        parts.append(table(("", *names), rows, "Correlations of their errors."))
    return "\n".join(parts)


def _correlation(solution: Solution, a: str, b: str) -> str:
    """Return the correlation of two constants."""
    return f"{solution.constants[a].correlations.get(b, float('nan')):.3f}"
