"""What engineers ask every day: no formula is known, and networks stand beside the direct solution.

A clamped beam in the plane, a cooling fin, waves around a cylinder, and others: small, smooth but
for a corner here and there. Each is solved by networks and directly on the same nodes; `estimate`
is what a run says of itself, the largest over the fields, `apart` the distance of a network from
the direct solution at the nodes, relative to how that varies, `between` the same at points between
them, of which `dt-pinn` knows nothing. A network that is far apart although the direct
solution is estimated to be right is wrong.

    python benchmarks/everyday.py [--only fin ...] [--methods pinn dt-pinn] [--seeds 3]
        [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.sampling import sample

POINTS = 2000

# domain, nodes, fields, equations, conditions by piece, more
CASES: dict[str, tuple[str, int, str, list[str], list[tuple[str, str]], str]] = {
    "cantilever": (
        'shape = "rectangle"\nlower = [0, 0]\nupper = [4, 1]', 900, '["u", "v"]',
        ["d(E/(1-nu^2)*(u_x + nu*v_y), x) + d(E/(2*(1+nu))*(u_y + v_x), y) = 0",
         "d(E/(2*(1+nu))*(u_y + v_x), x) + d(E/(1-nu^2)*(v_y + nu*u_x), y) = 0"],
        [('"left"', "u = 0"), ('"left"', "v = 0"),
         ('["top", "bottom"]', "E/(2*(1+nu))*(u_y + v_x) = 0"),
         ('["top", "bottom"]', "E/(1-nu^2)*(v_y + nu*u_x) = 0"),
         ('"right"', "E/(1-nu^2)*(u_x + nu*v_y) = 0"),
         ('"right"', "E/(2*(1+nu))*(u_y + v_x) = -4e6*y*(1-y)")],
        "[constants]\nE = 200e9\nnu = 0.3",
    ),
    "fin": (
        'shape = "rectangle"\nlower = [0, 0]\nupper = [0.1, 0.02]', 1500, '["T"]',
        ["div(200*grad(T)) = 0"],
        [('"left"', "T = 373.15"),
         ('["right", "top", "bottom"]', "200*dn(T) + 50*(T - 293.15) = 0")], "",
    ),
    "waves": (
        'shape = "annulus"\ninner = 0.3\nouter = 1', 1500, '["u"]', ["laplace(u) + 144*u = 0"],
        [('"inner"', "u = x"), ('"outer"', "dn(u) + 3*u = 0")], "",
    ),
    "carried": (
        'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]', 1500, '["c"]',
        ["-0.02*laplace(c) + (1 + y)*c_x + 0.5*c_y = sin(3*x*y)"],
        [('["left", "bottom"]', "c = 0"), ('["right", "top"]', "dn(c) = 0")], "",
    ),
    "pipe": (
        'shape = "difference"\nof = [{ shape = "disk", name = "out", radius = 1 }, '
        '{ shape = "disk", name = "in", center = [0.4, 0], radius = 0.3 }]', 1500, '["T"]',
        ["laplace(T) = 0"],
        [('"in.surface"', "T = 100"), ('"out.surface"', "dn(T) + 0.2*(T - 20) = 0")], "",
    ),
    "duct": (
        'shape = "rectangle"\nlower = [0, 0]\nupper = [2, 1]', 1200, '["w"]',
        ["laplace(w) = -1"], [('"all"', "w = 0")], "",
    ),
    "block": (
        'shape = "box"\nlower = [0, 0, 0]\nupper = [1, 0.5, 0.2]', 1500, '["T"]',
        ["laplace(T) = -10*exp(-20*((x - 0.3)^2 + (y - 0.25)^2))"],
        [('"x-low"', "T = 0"),
         ('["x-high", "y-low", "y-high", "z-low", "z-high"]', "dn(T) + 0.5*T = 0")], "",
    ),
}  # fmt: skip


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row for each problem, method and seed, the direct solution first."""
    for name in options.only or CASES:
        problem, direct, first = posed(name), None, None
        points = sample(build_domain(problem), POINTS)
        runs = [("rbf-fd", 0), *product(options.methods, range(options.seeds))]
        for method, seed in runs:
            solution = solve(problem, method=method, seed=seed)
            values = solution.sample.values
            direct = values if direct is None else direct
            apart = np.linalg.norm(values - direct, axis=0)
            apart /= np.linalg.norm(direct - direct.mean(axis=0), axis=0)
            inside = solution(points, extrapolate=True)
            first = inside if first is None else first
            between = np.linalg.norm(inside - first, axis=0)
            between /= np.linalg.norm(first - first.mean(axis=0), axis=0)
            estimate = solution.accuracy.estimate
            totals = () if estimate is None else estimate.total.values()
            yield {
                "problem": name,
                "method": method,
                "seed": seed,
                "verdict": solution.verdict.word,
                "estimate": max((e for e in totals if e is not None), default=None),
                "apart": float(apart.max()),
                "between": float(between.max()),
                "seconds": sum(solution.course.seconds.values()),
            }


def posed(name: str) -> Any:
    """Return a problem."""
    domain, count, fields, equations, conditions, more = CASES[name]
    text = f"[domain]\n{domain}\n[nodes]\ncount = {count}\n[unknowns]\nfields = {fields}\n{more}\n"
    text += "[pde]\nequations = [" + ", ".join(f'"{e}"' for e in equations) + "]\n"
    for on, condition in conditions:
        text += f'[[boundary]]\non = {on}\ncondition = "{condition}"\n'
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        path.write_text(text, encoding="utf-8")
        return load(path)


COLUMNS = {
    "problem": "<11",
    "method": "<8",
    "seed": "4",
    "verdict": "<13",
    "estimate": "9.1e",
    "apart": "9.1e",
    "between": "9.1e",
    "seconds": "8.1f",
}


def main() -> None:
    """Print the table."""
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--only", nargs="+", choices=CASES, help="problems")
    parser.add_argument("--methods", nargs="+", default=["dt-pinn", "pinn"], help="of networks")
    parser.add_argument("--seeds", type=int, default=1, help="of networks, how many")
    options = parser.parse_args()
    report(options, (rows(options), COLUMNS))


if __name__ == "__main__":
    main()
