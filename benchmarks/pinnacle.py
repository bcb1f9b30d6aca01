"""The forward problems of PINNacle, by each method as it is, next to the best errors quoted.

PINNacle (Hao et al., 2023, arXiv:2306.08827) is a public collection of problems on which networks
have been compared. Errors are its own: `|u - v| / |v|` in L2 over all fields, at points that no
method has seen, in time at the levels. Where no solution is known in closed form, `v` is that by
waves, if there is one, or the direct solution on many nodes, and `doubt` its distance from that by
fewer: errors below it mean nothing.
Nothing is chosen but the number of nodes, which stands in the files of `problems/pinnacle`.

Errors of others are quoted second hand, the least of the paper's methods and of later studies: they
have not been compared with the papers' tables. Left out are problems whose coefficients or initial
values are in data files that are not at hand (Poisson 2d-MS, Heat 2d-VC, Wave 2d-CG, Burgers 2d-C).

    python benchmarks/pinnacle.py [--only NAME ...] [--methods pinn ...] [--seconds 300]
        [--references FOLDER] [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from burgers import cole_hopf
from numpy import ndarray
from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.errors import DivergedError, PinnsolveError, Stopped
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.sampling import sample
from pinnsolve.problem import Problem
from pinnsolve.progress import Progress
from pinnsolve.references.exact import exact_values
from pinnsolve.setup import Setup

FOLDER = Path(__file__).parents[1] / "problems" / "pinnacle"
METHODS = ("rbf-fd", "dt-pinn", "pinn")
POINTS = 5000


@dataclass(frozen=True)
class Case:
    """What is known of a problem beside its file.

    Attributes
    ----------
    title
        Its name in PINNacle.
    quoted
        The least relative L2 error of a network that is known of, second hand; None where the
        solution it was measured against is none.
    fewer, more
        Nodes of two direct solutions, to measure against; none where the solution is known.
    finer
        What else differs in their files.
    methods
        Those that can be asked to solve it.
    """

    title: str
    quoted: float | None
    fewer: int = 0
    more: int = 0
    finer: Mapping[str, Any] = field(default_factory=dict)
    methods: tuple[str, ...] = METHODS


AUTO = {"nodes.refine": "auto"}
CASES = {
    "burgers_1d_c": Case("Burgers 1d-C", 1.3e-2),
    "poisson_2d_c": Case("Poisson 2d-C", 1.2e-2, 20_000, 40_000),
    "poisson_2d_cg": Case("Poisson 2d-CG", 4.1e-3, 20_000, 40_000),
    "poisson_3d_cg": Case("Poisson 3d-CG", 5.7e-2, 10_000, 20_000, {"solver.order": 3}),
    "heat_2d_ms": Case("Heat 2d-MS", 4.4e-2),
    "heat_2d_cg": Case("Heat 2d-CG", 1.6e-2, 6_000, 9_000),
    "heat_2d_lt": Case("Heat 2d-LT", 1.0, 5_000, 10_000),
    "ns_2d_c": Case("NS 2d-C", 1.4e-2, 5_000, 10_000, AUTO),
    "ns_2d_cg": Case("NS 2d-CG", 8e-2, 6_000, 12_000, AUTO),
    "ns_2d_lt": Case("NS 2d-LT", 1.0, 1_500, 3_000),
    "wave_1d_c": Case("Wave 1d-C", 6.5e-2),
    "wave_2d_ms": Case("Wave 2d-MS", None, 2_500, 5_000),
    "kuramoto_sivashinsky": Case("KS", 9.5e-1, methods=("rbf-fd",)),
    "gray_scott": Case("Gray-Scott", 9.3e-2, methods=("rbf-fd",)),
    "pnd": Case("PNd", 2.4e-4, methods=("pinn",)),
    "hnd": Case("HNd", 1.2e-4, methods=("pinn",)),
}


@dataclass(frozen=True)
class Truth:
    """What errors are measured against.

    Attributes
    ----------
    points, values
        Where, in time with the time last, and the fields there.
    doubt
        How far the values may be off, as a relative error; zero if they are exact.
    """

    points: ndarray
    values: ndarray
    doubt: float = 0.0

    def error(self, values: ndarray) -> float:
        """Return how far values are from these, relative to their size."""
        known = np.isfinite(values).all(axis=1)  # a point may lie in a gap of the nodes
        assert known.mean() > 0.99
        off, own = (values - self.values)[known], self.values[known]
        return float(np.linalg.norm(off) / np.linalg.norm(own))


def points_of(problem: Problem) -> ndarray:
    """Return points of the domain, in time each at one of the levels after the first."""
    x = sample(build_domain(problem), POINTS)
    if problem.times is None:
        return x
    levels = problem.times[1:]
    return np.column_stack([x, levels[np.arange(POINTS) % len(levels)]])


def direct(name: str, finer: Mapping[str, Any], points: ndarray) -> ndarray:
    """Return a direct solution at points, which costs half as much without an estimate of it."""
    setup = Setup(load(FOLDER / f"{name}.toml", {"solver.method": "rbf-fd", **finer}))
    found = setup.reference("rbf-fd")
    if found is None or found.fields is None:
        raise DivergedError(found.message if found else "no direct solution")
    return found.fields(points)


def truth_of(name: str, case: Case, folder: Path | None) -> Truth:
    problem = load(FOLDER / f"{name}.toml")
    points = points_of(problem)
    exact = exact_values(problem, points)
    if name == "burgers_1d_c":
        exact = cole_hopf(points[:, 0], points[:, 1])[:, None]
    if exact is not None:
        return Truth(points, exact)
    if problem.stated is not None:
        found = Setup(problem).truth
        if found is None or found.fields is None or found.error is None:
            raise DivergedError("no reference of a known error")
        return Truth(points, found.fields(points), found.error)
    kept = folder / f"{name}.npz" if folder else None
    if kept and kept.exists():
        found = np.load(kept)
        if np.array_equal(found["points"], points):
            return Truth(points, found["values"], float(found["doubt"]))
    coarse, fine = (
        direct(name, {"nodes.count": count, **case.finer}, points)
        for count in (case.fewer, case.more)
    )
    truth = Truth(points, fine, Truth(points, fine).error(coarse))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, points=points, values=fine, doubt=truth.doubt)
    return truth


def row(name: str, method: str, truth: Truth, seconds: float) -> dict[str, Any]:
    case, began = CASES[name], perf_counter()
    found: dict[str, Any] = {"problem": case.title, "method": method}

    def watch(_: Progress) -> None:
        if perf_counter() - began > seconds:
            raise Stopped

    try:
        solution = solve(load(FOLDER / f"{name}.toml", {"solver.method": method}), watch=watch)
    except PinnsolveError as failure:
        status = str(failure).partition("\n")[0]
        return {**found, "seconds": perf_counter() - began, "status": status}
    estimates = solution.accuracy.estimate.total.values() if solution.accuracy.estimate else ()
    return {
        **found,
        "nodes": solution.sample.nodes.rows.stop,
        "weights": solution.answer.size,
        "error": truth.error(solution(truth.points, extrapolate=True)),
        "doubt": truth.doubt,
        "estimate": max((value for value in estimates if value is not None), default=None),
        "quoted": case.quoted,
        "seconds": solution.course.seconds["total"],
        "training": solution.course.seconds.get("training"),
        "status": solution.outcome.status,
        "phases": [vars(phase) for phase in solution.course.phases],
        "stages": dict(solution.course.seconds),
        "warnings": list(solution.outcome.warnings),
    }


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    for name in options.only:
        case = CASES[name]
        methods = [method for method in case.methods if method in options.methods]
        try:
            truth = truth_of(name, case, options.references)
        except PinnsolveError as failure:
            status = "no reference: " + str(failure).partition("\n")[0]
            yield {"problem": case.title, "method": "rbf-fd", "status": status}
            continue
        for method in methods:
            yield row(name, method, truth, options.seconds)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seconds", type=float, default=300.0, help="of each run, at most")
    parser.add_argument("--references", type=Path, help="folder that keeps direct solutions")
    options = parser.parse_args()
    columns = {"problem": "14s", "method": "8s", "nodes": "6d", "weights": "8d"}
    columns |= dict.fromkeys(("error", "doubt", "estimate", "quoted"), "9.1e")
    columns |= {"seconds": "7.1f", "status": "10s"}
    report(options, (rows(options), columns))


if __name__ == "__main__":
    main()
