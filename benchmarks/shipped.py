"""Every shipped problem as it is, by its own method and by the others that can solve it.

The error is relative, in L2, on the nodes, against [exact] or [reference], of families the mean
over functions held out; next to it that of the direct solution on the same nodes. Of several fields
and unknown constants the one farthest from the truth is shown, as is the largest estimate. The
tests solve the same problems on few nodes.

    python benchmarks/shipped.py [--only NAME ...] [--methods pinn ...] [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.cli import shipped
from pinnsolve.errors import PinnsolveError, ProblemError
from pinnsolve.problem import Problem
from pinnsolve.solution.solution import Solution

METHODS = ("rbf-fd", "dt-pinn", "pinn")


def ways(name: str, methods: list[str] | None) -> Iterator[Problem]:
    """Yield the problem with its own method, then with each other that takes it."""
    problem = load(shipped.folder() / f"{name}.toml")
    own = problem.settings.solver.method
    for method in dict.fromkeys((own, *METHODS)):
        if methods and method not in methods:
            continue
        try:
            yield problem.replace({"solver.method": method})
        except ProblemError:  # unknown constants, say, need a network
            continue


def error(solution: Solution) -> float | None:
    """Return the largest error of a field; None if none is known."""
    errors, held_out = solution.accuracy.errors, solution.accuracy.held_out
    if held_out is not None and held_out.errors:
        return held_out.decisive
    return None if errors is None else max(errors.relative_l2_nodes.values())


def row(problem: Problem) -> dict[str, Any]:
    found: dict[str, Any] = {"problem": problem.name, "method": problem.settings.solver.method}
    try:
        solution = solve(problem)
    except PinnsolveError as failure:
        return {**found, "status": str(failure).partition("\n")[0]}
    estimates = solution.accuracy.estimate.total.values() if solution.accuracy.estimate else ()
    constants = [constant.error for constant in solution.constants.values()]
    return {
        **found,
        "nodes": solution.sample.nodes.rows.stop,
        "error": error(solution),
        "direct": solution.accuracy.baseline and solution.accuracy.baseline.overall_l2,
        "estimate": max((value for value in estimates if value is not None), default=None),
        "constant": max((value for value in constants if value is not None), default=None),
        "seconds": solution.course.seconds["total"],
        "status": solution.outcome.status,
    }


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    for name in options.only:
        for problem in ways(name, options.methods):
            yield row(problem)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--only", nargs="+", choices=shipped.names(), default=shipped.names())
    parser.add_argument("--methods", nargs="+")
    options = parser.parse_args()
    columns = {"problem": "26s", "method": "8s", "nodes": "6d"}
    columns |= dict.fromkeys(("error", "direct", "estimate", "constant"), "8.1e")
    report(options, (rows(options), columns | {"seconds": "7.2f", "status": "10s"}))


if __name__ == "__main__":
    main()
