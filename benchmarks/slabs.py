"""Slabs of time, beside one network for all of it.

They are transport over ten turns of a ring, a wave over ten periods, the chaos of the equation of
Kuramoto and Sivashinsky, and one half of the shock of the Burgers equation.

Errors are relative, in L2, over all of space and time, against an exact solution or a reference;
seconds are those of the training alone.

    python benchmarks/slabs.py [--only transport ...] [--slabs none 100 auto] [--features waves mlp]
        [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.problem import Problem

TEXT = """
[domain]
shape = "interval"
bounds = ["{low}", "{high}"]
time = [0, {end}]
[nodes]
count = {count}
time_levels = {levels}
[unknowns]
fields = ["u"]
[pde]
equations = ["{equation}"]
[[boundary]]
{boundary}
[initial]
{initial}
{truth}
[solver]
method = "pinn"
baseline = "never"
device = "cpu"
"""
RING = 'on = ["left", "right"]\nperiodic = true\nhard = true'
PULSE = "exp(cos(pi*x)) - 1.266"
CASES: dict[str, dict[str, Any]] = {
    "transport": {
        "end": 20, "count": 50, "levels": 161, "equation": "u_t + u_x = 0",
        "initial": f'u = "{PULSE}"', "truth": '[exact]\nu = "exp(cos(pi*(x - t))) - 1.266"',
    },
    "wave": {
        "end": 20, "count": 50, "levels": 161, "equation": "u_tt = u_xx",
        "initial": f'u = "{PULSE}"\nu_t = "0"',
        "truth": '[exact]\nu = "(exp(cos(pi*(x - t))) + exp(cos(pi*(x + t))))/2 - 1.266"',
    },
    "chaos": {
        "low": 0, "high": "32*pi", "end": 20, "count": 128, "levels": 161,
        "equation": "u_t + u*u_x + u_xx + u_xxxx = 0",
        "initial": 'u = "cos(x/16)*(1 + sin(x/16))"', "truth": '[reference]\nsolver = "fourier"',
    },
    "shock": {
        "low": 0, "high": 1, "end": 0.99, "count": 100, "levels": 100,
        "equation": "u_t + u*u_x = 0.01/pi*u_xx", "boundary": 'on = "all"\ncondition = "u = 0"',
        "initial": 'u = "-sin(pi*x)"', "truth": '[reference]\nsolver = "cole-hopf"',
    },
}  # fmt: skip


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row for each problem, kind of features and number of slabs."""
    for name in options.only or CASES:
        for features in options.features:
            for slabs in options.slabs:
                chosen: dict[str, Any] = {"network.features": features}
                if slabs != "none":
                    chosen["solver.slabs"] = slabs if slabs == "auto" else int(slabs)
                solution = solve(posed(CASES[name], chosen))
                errors = solution.accuracy.errors
                yield {
                    "problem": name,
                    "features": features,
                    "slabs": slabs,
                    "error": None if errors is None else errors.relative_l2["u"],
                    "uncertain": None if errors is None else errors.uncertainty,
                    "weights": solution.answer.size,
                    "seconds": solution.course.seconds["training"],
                }


def posed(case: dict[str, Any], overrides: dict[str, Any]) -> Problem:
    """Return a problem with some settings."""
    text = TEXT.format(**{"low": -1, "high": 1, "boundary": RING, **case})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, overrides)


COLUMNS = {
    "problem": "<22",
    "features": "<9",
    "slabs": "<6",
    "error": "9.1e",
    "uncertain": "9.1e",
    "weights": "9",
    "seconds": "8.1f",
}


def main() -> None:
    """Print the table."""
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--only", nargs="+", choices=CASES, help="problems")
    parser.add_argument("--slabs", nargs="+", default=["none", "100", "auto"], help="how many")
    parser.add_argument("--features", nargs="+", default=["waves", "mlp"], help="of the network")
    options = parser.parse_args()
    report(options, (rows(options), COLUMNS))


if __name__ == "__main__":
    main()
