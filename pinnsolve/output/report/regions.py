"""What the report tells of several regions: errors in each, fluxes through their interfaces."""

from collections.abc import Mapping
from typing import Any

from pinnsolve.output.numbers import instant, scientific
from pinnsolve.output.report.page import table
from pinnsolve.solution.solution import Solution

DIGITS = 5  # of fluxes


def regions(solution: Solution) -> str:
    """Return the section on regions as HTML; nothing of a problem without."""
    return "\n".join(part for part in (_errors(solution), _fluxes(solution)) if part)


def _errors(solution: Solution) -> str:
    """Return the errors in each region, measured and estimated, as far as they are known."""
    told: Mapping[str, Any] = solution.accuracy.metrics().get("regions", {})
    if not told:
        return ""
    columns = {
        "relative_l2": "relative L2 error",
        "max_error": "largest error",
        "relative_l2_nodes": "relative L2 error on nodes",
        "error_estimate": "estimated error",
    }
    known = [c for c in columns if any(own.get(c) is not None for own in told.values())]
    rows = [
        (region, name, *(scientific((own.get(c) or {}).get(name), 3) for c in known))
        for region, own in told.items()
        for name in solution.problem.fields
    ]
    caption = "Errors in each region, relative to the variation of the field in it."
    head = ["region", "field", *(columns[c] for c in known)]
    return table(head, rows, caption, numbers=range(2, len(head)))


def _fluxes(solution: Solution) -> str:
    """Return the fluxes through interfaces, from both sides."""
    if not solution.fluxes:
        return ""
    rows = [
        (
            " → ".join(own.between),
            own.field,
            *(scientific(float(v[-1]), DIGITS) for v in (own.leaving, own.entering)),
            scientific(float(own.imbalance[-1]), 2),
            scientific(float(own.passing[-1]), DIGITS),
        )
        for own in solution.fluxes
    ]
    times = solution.fluxes[0].times
    when = "" if times is None else f" at {instant(times[-1])}"
    caption = (
        f"What diffuses through each interface{when}, by the derivatives on one side and on the "
        "other, integrated. Both are the same but for errors, unless a condition makes the flux "
        "jump. The last column is the integral of its size: of what passes, in either direction."
    )
    head = ("through", "field", "leaves the first", "enters the second", "difference", "passes")
    return table(head, rows, caption, numbers=range(2, 6))
