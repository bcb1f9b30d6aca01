"""Stiff systems of ordinary equations by `rbf-fd`, beside SciPy's Radau at tight tolerances.

Robertson's reaction over nine powers of ten of time, and Van der Pol's oscillation, slow for
hundreds of seconds and then from one branch to the other in a moment (Hairer & Wanner, 1996,
doi:10.1007/978-3-642-05221-7, section IV.1): the largest relative error of a field over the time
levels, its estimate, and seconds of processor time of the solution with its estimate.

    python benchmarks/ordinary.py [--only robertson] [--json FILE]
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
from reporting import options_of, report
from scipy.integrate import solve_ivp

from pinnsolve import load, solve

TEXT = """\
[domain]
time = [0, {end}]
[nodes]
time_levels = {levels}
[unknowns]
fields = {fields}
[pde]
equations = {equations}
[initial]
{initial}
[solver]
method = "rbf-fd"
"""
Slopes = Callable[[float, Any], list[float]]


def robertson(_: float, u: Any) -> list[float]:
    """Return the slopes of Robertson's reaction."""
    back, on = 1e4 * u[1] * u[2], 3e7 * u[1] ** 2
    return [back - 0.04 * u[0], 0.04 * u[0] - back - on, on]


def van_der_pol(_: float, u: Any) -> list[float]:
    """Return the slopes of Van der Pol's oscillation."""
    return [u[1], 1000 * (1 - u[0] ** 2) * u[1] - u[0]]


# end, time levels, equations, initial values, slopes
CASES: dict[str, tuple[float, int, list[str], dict[str, float], Slopes]] = {
    "robertson": (
        1e6,
        5,
        ["x_t = -0.04*x + 1e4*y*z", "y_t = 0.04*x - 1e4*y*z - 3e7*y^2", "z_t = 3e7*y^2"],
        {"x": 1.0, "y": 0.0, "z": 0.0},
        robertson,
    ),
    "van_der_pol": (
        3000,
        61,
        ["x_t = y", "y_t = 1000*(1 - x^2)*y - x"],
        {"x": 2.0, "y": 0.0},
        van_der_pol,
    ),
}


def row(name: str, path: Path) -> dict[str, Any]:
    """Return what a system came out at."""
    end, levels, equations, initial, slopes = CASES[name]
    values = "\n".join(f'{field} = "{value}"' for field, value in initial.items())
    text = TEXT.format(
        end=end, levels=levels, fields=list(initial), equations=equations, initial=values
    )
    path.write_text(text.replace("'", '"'), encoding="utf-8")
    began = process_time()
    solution = solve(load(path))
    seconds = process_time() - began
    t = np.linspace(0, end, levels)
    start = list(initial.values())
    truth = solve_ivp(slopes, (0, end), start, "Radau", t, rtol=1e-11, atol=1e-18).y.T
    errors = np.linalg.norm(solution(t) - truth, axis=0) / np.linalg.norm(truth, axis=0)
    told = solution.metrics()["error_estimate"].values()
    estimate = max(own["total"] for own in told)
    return {"system": name, "error": errors.max(), "estimate": estimate, "seconds": seconds}


def rows(names: list[str]) -> Iterator[dict[str, Any]]:
    """Return a row for each system."""
    with TemporaryDirectory() as folder:
        for name in names:
            yield row(name, Path(folder) / "problem.toml")


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    options = parser.parse_args()
    columns = {"system": "12s", "error": "9.1e", "estimate": "9.1e", "seconds": "7.1f"}
    report(options, (rows(options.only), columns))


if __name__ == "__main__":
    main()
