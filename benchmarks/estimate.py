"""How close the estimated errors come: estimate over true error, problem by problem.

Every shipped stationary problem that has an exact solution, by every method, relative in L2 on the
nodes; of several fields the one with the worst ratio. The last row counts those within a factor
of 1.5.

    python benchmarks/estimate.py [--only NAME ...] [--methods dt-pinn ...] [--orders 4 ...]
        [--count N] [--iterations N] [--json FILE]

With `--iterations` a network of two layers of 32 is trained by so many steps of L-BFGS only.
"""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from reporting import options_of, report

from pinnsolve import load, run
from pinnsolve.cli import shipped
from pinnsolve.errors import PinnsolveError
from pinnsolve.problem import Problem
from pinnsolve.solution.solution import Solution

METHODS = ("rbf-fd", "dt-pinn", "pinn")
CLOSE = 1.5


def problems(names: list[str], overrides: dict[str, Any]) -> Iterator[Problem]:
    for name in names:
        problem = load(shipped.folder() / f"{name}.toml", overrides)
        if problem.exact is not None and problem.times is None:
            yield problem


def worst(solution: Solution) -> tuple[float, float, float]:
    """Return true error, estimate and ratio of the field that is estimated worst."""
    assert solution.accuracy.errors
    assert solution.accuracy.estimate
    rows = []
    for name, true in solution.accuracy.errors.relative_l2_nodes.items():
        total = solution.accuracy.estimate.total[name]
        if total is None:
            raise PinnsolveError(solution.accuracy.estimate.message)
        rows.append((true, total, total / true))
    return max(rows, key=lambda row: max(row[2], 1 / row[2]))


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    overrides: dict[str, Any] = {"output.test_points": 100}
    if options.count:
        overrides["nodes.count"] = options.count
    if options.iterations:
        overrides["network.hidden"] = [32, 32]
        overrides["training"] = [{"optimizer": "lbfgs", "iterations": options.iterations}]
    for problem in problems(options.only, overrides):
        for method in options.methods:
            for order in options.orders or [problem.settings.solver.order]:
                yield row(problem, method, order)


def row(problem: Problem, method: str, order: int) -> dict[str, Any]:
    found: dict[str, Any] = {"problem": problem.name, "method": method, "order": order}
    try:
        solution = run.solve(problem, method=method, order=order)
        true, total, ratio = worst(solution)
    except PinnsolveError as error:
        return {**found, "failed": str(error).partition("\n")[0]}
    assert solution.accuracy.estimate
    left = max(value or 0.0 for value in solution.accuracy.estimate.optimisation.values())
    seconds = solution.course.seconds["estimate"]
    figures = {"true": true, "estimate": total, "ratio": ratio, "training": left}
    return {**found, **figures, "seconds": seconds}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--only", nargs="+", choices=shipped.names(), default=shipped.names())
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--orders", nargs="+", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--iterations", type=int)
    options = parser.parse_args()
    columns = {"problem": "26s", "method": "8s", "order": "d", "true": "9.2e", "estimate": "9.2e"}
    columns |= {"ratio": "6.2f", "training": "8.1e", "seconds": "7.2f", "failed": "10s"}
    found = [row["ratio"] for row in report(options, (rows(options), columns)) if "ratio" in row]
    close = sum(1 / CLOSE <= ratio <= CLOSE for ratio in found)
    print(f"{close} of {len(found)} within a factor of {CLOSE}")


if __name__ == "__main__":
    main()
