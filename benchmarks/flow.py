"""Incompressible flows next to figures from the literature, or found on finer nodes.

Each figure is computed here from the solution as a function of points, apart from drag and lift,
which every run reports.

    python -m benchmarks.flow [NAME ...] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from benchmarks.reporting import options_of, report
from pinnsolve import Solution, load, solve
from pinnsolve.cli import shipped

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Case:
    """A shipped flow and what is known of it.

    Attributes
    ----------
    problem
        The name of its file.
    figures
        What to compute of a solution, by name.
    literature
        The values to compare with, by the same names.
    source
        Where they are from.
    overrides
        Keys of the file and their values.
    """

    problem: str
    figures: Callable[[Solution], Figures]
    literature: Figures
    source: str
    overrides: Mapping[str, Any] = field(default_factory=dict)


def solved(case: Case) -> Solution:
    """Return the solution of a case."""
    return solve(load(shipped.folder() / f"{case.problem}.toml", dict(case.overrides)))


def integral(
    of: Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]], lower: float, upper: float
) -> float:
    """Return the integral over an interval, by five Gauss points on each of forty panels."""
    points, weights = np.polynomial.legendre.leggauss(5)
    ends = np.linspace(lower, upper, 41)
    half = np.diff(ends)[:, None] / 2
    middle = (ends[:-1] + ends[1:])[:, None] / 2
    return float((half * weights).ravel() @ of((middle + half * points).ravel()))


def cylinder(solution: Solution) -> Figures:
    """Return drag and lift coefficients, and the difference of pressure across the cylinder."""
    assert solution.flow is not None
    drag, lift = 500 * solution.flow.forces["cylinder.surface"].force[0]
    ends = solution([[0.15, 0.2], [0.25, 0.2]], extrapolate=True)[:, 2]
    return {"drag": drag, "lift": lift, "pressure difference": ends[0] - ends[1]}


def sphere(solution: Solution) -> Figures:
    """Return the drag of the whole sphere, from that of an eighth of it."""
    assert solution.flow is not None
    return {"drag": 8 * solution.flow.forces["sphere.surface"].force[0, 0]}


def nusselt(solution: Solution) -> Figures:
    """Return the mean Nusselt number on the hot wall."""

    def flux(y: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        return -solution.derivative("T_x", np.c_[0 * y, y], extrapolate=True)

    return {"Nusselt number": integral(flux, 0.0, 1.0)}


def reattachment(solution: Solution) -> Figures:
    """Return where the wall shear on the floor behind the step turns from back to forth.

    Between close points it is taken as linear.
    """
    x = np.linspace(1.0, 8.0, 2000)  # upstream of it lies the small eddy in the corner
    shear = solution.derivative("u_y", np.c_[x, 0 * x], extrapolate=True)
    turns = np.flatnonzero((shear[:-1] < 0) & (shear[1:] >= 0))
    if not len(turns):
        return {"reattachment": np.nan}
    k = turns[-1]
    return {"reattachment": x[k] - shear[k] * (x[k + 1] - x[k]) / (shear[k + 1] - shear[k])}


def extremes(solution: Solution) -> Figures:
    """Return the extremes of u on the vertical centre line of the cavity, of v on the other one."""
    t = np.linspace(0.0, 1.0, 1001)[1:-1]
    half = np.full(len(t), 0.5)
    u, v = solution(np.c_[half, t])[:, 0], solution(np.c_[t, half])[:, 1]
    return {"least u": u.min(), "largest v": v.max(), "least v": v.min()}


VAHL_DAVIS = "de Vahl Davis (1983)"
CASES = {
    "cylinder_flow": Case(
        "cylinder_flow",
        cylinder,
        {"drag": 5.57953523384, "lift": 0.010618948146, "pressure difference": 0.11752016697},
        "Nabh (1998)",
    ),
    "stokes_sphere": Case("stokes_sphere", sphere, {"drag": 6 * np.pi}, "Stokes (1851)"),
    "heated_room": Case("heated_room", nusselt, {"Nusselt number": 2.243}, VAHL_DAVIS),
    "heated_room, 1e5": Case(
        "heated_room",
        nusselt,
        {"Nusselt number": 4.519},
        VAHL_DAVIS,
        {"constants.Ra": 1e5, "nodes.count": 2000},
    ),
    "heated_room, 1e6": Case(
        "heated_room",
        nusselt,
        {"Nusselt number": 8.800},
        VAHL_DAVIS,
        {
            "constants.Ra": 1e6,
            "nodes.count": 1500,
            "nodes.refine": "0.25 + min(0.75, 3*min(min(x, 1 - x), min(y, 1 - y)))",
            "solver.order": 2,
        },
    ),
    "backward_step": Case(
        "backward_step",
        reattachment,
        {"reattachment": 3.2246},
        "own, order 4, spacing 0.08",
    ),
    "lid_driven_cavity": Case(
        "lid_driven_cavity",
        extremes,
        {"least u": -0.163368, "largest v": 0.139291, "least v": -0.195346},
        "own, order 4, 4000 nodes",
    ),
    "lid_driven_cavity, 1000": Case(
        "lid_driven_cavity",
        extremes,
        {"least u": -0.38857, "largest v": 0.37694, "least v": -0.52707},
        "Botella & Peyret (1998)",
        {
            "constants.Re": 1000,
            "functions.lid": "1",
            "nodes.count": 8000,
            "nodes.refine": "auto",
            "solver.order": 2,
        },
    ),
}


def rows(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each figure."""
    for name in names:
        case = CASES[name]
        solution = solved(case)
        common = {
            "flow": name,
            "source": case.source,
            "nodes": solution.sample.nodes.rows.stop,
            "seconds": solution.course.seconds["total"],
        }
        for figure, reached in case.figures(solution).items():
            known = case.literature[figure]
            yield {
                **common,
                "figure": figure,
                "literature": known,
                "reached": float(reached),
                "difference": float(reached) / known - 1,
            }


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    options: Namespace = parser.parse_args()
    if unknown := set(options.names) - set(CASES):
        parser.error(f"no flow is called {', '.join(sorted(unknown))}. Known: {', '.join(CASES)}.")
    columns = {"flow": "20s", "figure": "20s", "literature": "11.7g", "reached": "11.7g"}
    columns |= {"difference": "+9.1e", "nodes": "6d", "seconds": "7.1f", "source": "s"}
    report(options, (rows(options.names or list(CASES)), columns))


if __name__ == "__main__":
    main()
