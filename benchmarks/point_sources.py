"""Errors of point sources outside of where they are spread, and what is estimated of them.

    python benchmarks/point_sources.py

A disk with a source away from its middle against Green's function, with and without a reaction; a
rod that is heated in one point; `problems/moving_laser.toml`.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.special import i0, k0

from pinnsolve import load, solve
from pinnsolve.problem.sources import is_far

LASER = Path(__file__).parents[1] / "problems" / "moving_laser.toml"
TEXT = """
[domain]
{domain}
[nodes]
count = 100
[unknowns]
fields = ["u"]
[pde]
equations = ["{equation}"]
[[boundary]]
on = "all"
condition = "u = 0"
[solver]
method = "rbf-fd"
"""
DISK = 'shape = "disk"\nradius = 1.0'
A = np.array([0.31, 0.12])
Exact = Callable[[Float[ndarray, "n d"]], Float[ndarray, " n"]]


def disk(x: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
    """Return Green's function of the disk."""
    mirrored = A / (A @ A)
    near, far = (np.linalg.norm(x - a, axis=1) for a in (A, mirrored))
    return (np.log(np.linalg.norm(A) * far) - np.log(near)) / (2 * np.pi)


def reaction(x: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
    """Return that of ``-laplace(u) + 9 u`` for its middle."""
    r = 3 * np.linalg.norm(x, axis=1)
    return (k0(r) - k0(3) / i0(3) * i0(r)) / (2 * np.pi)


def rod(x: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
    """Return that of a rod, for x = 0.3."""
    return np.minimum(0.7 * x[:, 0], 0.3 * (1 - x[:, 0]))


CASES: dict[str, tuple[str, str, Exact, tuple[int, ...]]] = {
    "rod": ('shape = "interval"\nbounds = [0, 1]', "-u_xx = delta(x - 0.3)", rod, (50, 100, 200)),
    "disk": (DISK, "-laplace(u) = delta(x - 0.31, y - 0.12)", disk, (500, 1000, 2000, 4000)),
    "disk, reaction": (DISK, "-laplace(u) + 9*u = delta(x, y)", reaction, (500, 1000, 2000, 4000)),
}


def main() -> None:
    """Print a row for each case and number of nodes."""
    print(f"{'case':<16}{'nodes':>6}{'width':>8}{'error':>10}{'estimate':>10}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        for name, (domain, equation, exact, counts) in CASES.items():
            path.write_text(TEXT.format(domain=domain, equation=equation))
            for count in counts:
                solution = solve(load(path, {"nodes.count": count}))
                far = is_far(solution.problem, solution.sample.x)
                with np.errstate(divide="ignore"):  # at the source, where nothing is measured
                    u, v = solution.sample.values[far, 0], exact(solution.sample.x)[far]
                error = float(np.linalg.norm(u - v) / np.linalg.norm(v - v.mean()))
                told = solution.metrics()
                width, total = told["sources"][0]["width"], told["error_estimate"]["u"]["total"]
                print(f"{name:<16}{count:>6}{width:>8.3f}{error:>10.1e}{total:>10.1e}", flush=True)
    for count in (50, 100, 200):
        told = solve(load(LASER, {"nodes.count": count})).metrics()
        error, total = told["relative_l2"]["u"], told["error_estimate"]["u"]["total"]
        width = told["sources"][0]["width"]
        print(
            f"{'moving laser':<16}{count:>6}{width:>8.3f}{error:>10.1e}{total:>10.1e}", flush=True
        )


if __name__ == "__main__":
    main()
