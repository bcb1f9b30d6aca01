"""How long a trained family takes to give its solutions for many functions at many points.

    python benchmarks/evaluations.py [--problem reaction_diffusion_operator] [--run RUN]

solves a shipped family, or reads a run of it, draws functions that it has not seen and points of
its domain, and prints processor and wall time of the values alone, and of these with an estimated
error for each function, as `pinnsolve evaluate` gives them: the least of three calls each.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from reporting import options_of, report

import pinnsolve
from pinnsolve.families.family import Functions, Members
from pinnsolve.methods.evaluation import evaluate
from pinnsolve.problem.families import VaryingInput
from pinnsolve.solution.solution import Solution

PROBLEMS = Path(__file__).parents[1] / "problems"
CALLS = 3
COLUMNS = {"what": "32", "functions": "9", "points": "7", "cpu_s": "7.2f", "wall_s": "7.2f"}


def main() -> None:
    """Print a row for each way to ask."""
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--problem", default="reaction_diffusion_operator")
    parser.add_argument("--run", type=Path, help="a run of it, in place of solving it")
    parser.add_argument("--functions", type=int, default=1000)
    parser.add_argument("--points", type=int, default=10_000)
    options = parser.parse_args()
    solution = (
        pinnsolve.load_solution(options.run)
        if options.run
        else pinnsolve.solve(pinnsolve.load(PROBLEMS / f"{options.problem}.toml"))
    )
    report(options, (rows(solution, options.functions, options.points), COLUMNS))


def rows(solution: Solution, count: int, points: int) -> Iterator[dict[str, Any]]:
    """Yield the times of the values alone, and with their estimates."""
    problem, rng = solution.problem, np.random.default_rng(0)
    assert problem.family is not None
    lower, upper = (list(corner) for corner in problem.settings.domain.box)
    if problem.time is not None:
        lower, upper = [*lower, problem.time[0]], [*upper, problem.time[1]]
    x = lower + rng.random((points, len(lower))) * np.subtract(upper, lower)
    functions = {own.name: _drawn(own, count, rng) for own in problem.family.inputs}
    codes = [own.codes() for own in functions.values()]
    names = tuple(map(str, range(count)))
    ways: dict[str, Callable[[], object]] = {
        "values": lambda: solution.answer.evaluated(codes, x),  # type: ignore[attr-defined]
        "values and estimated errors": lambda: evaluate(solution, functions, names, x),
    }
    for name, way in ways.items():
        least = min(_took(way) for _ in range(CALLS))
        yield {
            "what": name,
            "functions": count,
            "points": points,
            "cpu_s": least[0],
            "wall_s": least[1],
        }


def _drawn(own: VaryingInput, count: int, rng: np.random.Generator) -> Functions:
    family = own.family
    assert not hasattr(family, "chosen"), "the functions of a file are all known"
    return Members(family, family.draw(count, rng))


def _took(way: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = process_time(), perf_counter()
    way()
    return process_time() - cpu, perf_counter() - wall


if __name__ == "__main__":
    main()
