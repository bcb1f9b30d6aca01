"""The Burgers equation with a thin shock: Gauss-Newton on a small network, against the truth.

The solution is known by the Cole-Hopf transformation as a quotient of two integrals, which
Gauss-Hermite quadrature gives to rounding error (Basdevant et al., 1986,
doi:10.1016/0045-7930(86)90036-8, equation 2.5).

    python benchmarks/burgers.py [--seconds 110] [--seeds 1] [--set network.hidden=[20,20,20,20]]
"""

import argparse
from pathlib import Path

import numpy as np
from numpy import ndarray
from numpy.polynomial.hermite import hermgauss

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=110.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    options = parser.parse_args()
    overrides = dict(parse_override(setting) for setting in options.settings)
    draw = np.random.default_rng(0)
    x, t = draw.uniform(-1, 1, TEST_POINTS), draw.uniform(0, 0.99, TEST_POINTS)
    truth = cole_hopf(x, t)
    for seed in range(options.seeds):
        budget = {"solver.seed": seed, "training.0.seconds": options.seconds}
        solution = solve(load(PROBLEM, {**budget, **overrides}))
        u = solution(np.column_stack([x, t]))[:, 0]
        error = np.linalg.norm(u - truth) / np.linalg.norm(truth)
        phase = solution.course.phases[-1]
        accuracy, seconds = solution.accuracy, solution.course.seconds["training"]
        estimate = accuracy.estimate and accuracy.estimate.total["u"]
        print(
            f"seed {seed}: relative L2 {error:.2e} after {seconds:.0f} s, "
            f"{phase.iterations} iterations, loss {phase.loss_after:.1e}, "
            f"estimated {estimate}, baseline: {accuracy.baseline and accuracy.baseline.message}",
            flush=True,
        )


if __name__ == "__main__":
    main()
