"""The Burgers equation with a thin shock: Gauss-Newton on a small network, against the truth.

The solution is known by the Cole-Hopf transformation as a quotient of two integrals, which
Gauss-Hermite quadrature gives to rounding error (Basdevant et al., 1986,
doi:10.1016/0045-7930(86)90036-8, equation 2.5).

    python benchmarks/burgers.py [--seconds 110] [--seeds 1] [--set network.hidden=[20,20,20,20]]
        [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.polynomial.hermite import hermgauss
from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.problem.text.overrides import parse_override

PROBLEM = Path(__file__).parents[1] / "problems" / "burgers.toml"
VISCOSITY = 0.01 / np.pi
QUADRATURE = 200  # points; twice as many change nothing beyond rounding
TEST_POINTS = 20_000


def cole_hopf(x: ndarray, t: ndarray) -> ndarray:
    z, weights = hermgauss(QUADRATURE)
    y = x[:, None] - np.sqrt(4 * VISCOSITY * t)[:, None] * z
    exponent = -np.cos(np.pi * y) / (2 * np.pi * VISCOSITY)
    density = weights * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return -(density * np.sin(np.pi * y)).sum(axis=1) / density.sum(axis=1)


def runs(options: Namespace) -> Iterator[dict[str, Any]]:
    overrides = dict(parse_override(setting) for setting in options.settings)
    draw = np.random.default_rng(0)
    x, t = draw.uniform(-1, 1, TEST_POINTS), draw.uniform(0, 0.99, TEST_POINTS)
    truth = cole_hopf(x, t)
    for seed in range(options.seeds):
        budget = {"solver.seed": seed, "training.0.seconds": options.seconds}
        solution = solve(load(PROBLEM, {**budget, **overrides}))
        u = solution(np.column_stack([x, t]))[:, 0]
        yield {
            "seed": seed,
            "relative_l2": np.linalg.norm(u - truth) / np.linalg.norm(truth),
            "estimated": solution.accuracy.estimate and solution.accuracy.estimate.total["u"],
            "seconds": solution.course.seconds["training"],
            "iterations": solution.course.phases[-1].iterations,
            "loss": solution.course.phases[-1].loss_after,
            "direct": solution.accuracy.baseline and solution.accuracy.baseline.message,
        }


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--seconds", type=float, default=110.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    options = parser.parse_args()
    columns = {"seed": "d", "relative_l2": "8.2e", "estimated": "8.2e", "seconds": "7.1f"}
    columns |= {"iterations": "d", "loss": "8.1e", "direct": "40s"}
    report(options, (runs(options), columns))


if __name__ == "__main__":
    main()
