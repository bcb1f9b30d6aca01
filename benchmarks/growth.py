"""Networks that grow, beside layers of fixed widths and the direct solution on the same nodes.

Each problem has parts of several sizes: small holes, a corner from which a field leaves with
infinite slope, layers, waves. Errors are relative, in L2, on points between the nodes; seconds are
those of the training alone, or of the direct solution.

With --weights also networks that may have no more than these, whose bumps move to their places.

    python benchmarks/growth.py [--only "hole 0.05" ...] [--methods pinn dt-pinn]
        [--features mlp grown] [--weights 600 ...] [--seeds 1] [--threads 1] [--json FILE]
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.problem import Problem

TEXT = """
[domain]
{domain}
[nodes]
count = {count}
refine = "{refine}"
[functions]
f = "manufactured"
[unknowns]
fields = ["u"]
[pde]
equations = ["{operator} = f"]
[[boundary]]
on = "all"
condition = "u = {u}"
[exact]
u = "{u}"
"""
FROM_HOLE = "sqrt((x - 0.3)**2 + (y - 0.2)**2)"
HOLE = """shape = "difference"
of = [{{ shape = "disk", name = "out", radius = 1.0 }},
      {{ shape = "disk", name = "hole", center = [0.3, 0.2], radius = {radius} }}]"""
SQUARE = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
LSHAPE = """shape = "polygon"
vertices = [[-1, -1], [0, -1], [0, 0], [1, 0], [1, 1], [-1, 1]]"""
CORNER = "(x**2 + y**2)**(1/3)*cos(2/3*(atan2(x + y, y - x)))"  # about the diagonal, r^(2/3)
CASES: dict[str, dict[str, Any]] = {
    f"hole {radius}": {
        "domain": HOLE.format(radius=radius),
        "count": 3000,
        "refine": f"min(1, {4 * float(radius)} + 1.2*({FROM_HOLE} - {radius}))",
        "operator": "laplace(u)",
        "u": f"log({FROM_HOLE}/{radius})/log(1/{radius}) + exp(x)*cos(y)/4",
    }
    for radius in ("0.05", "0.01")
} | {
    "corner": {
        "domain": LSHAPE,
        "count": 3000,
        "refine": "min(1, 0.02 + 1.5*sqrt(x**2 + y**2))",
        "operator": "laplace(u)",
        "u": CORNER,
    },
    "layer .01": {
        "domain": SQUARE,
        "count": 3000,
        "refine": "min(1, 0.06 + 1.0*(1 - x))",
        "operator": "-0.01*laplace(u) + u_x",
        "u": "(x - exp((x - 1)/0.01))*sin(pi*y)",
    },
    "eight waves": {
        "domain": SQUARE,
        "count": 6000,
        "refine": "1",
        "operator": "laplace(u)",
        "u": "sin(16*x + 8*y)*cos(10*y - 12*x)",
    },
}


def posed(case: dict[str, Any], method: str, features: str | int, seed: int) -> Problem:
    """Return a case as a problem, its network of a kind or with a number of weights."""
    kind: dict[str, Any] = {"network.features": features} if features else {}
    if isinstance(features, int):
        grow, move = {"optimizer": "grow", "weights": features}, "variable-projection"
        kind = {"training": [grow, {"optimizer": move}]}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        path.write_text(TEXT.format(**case))
        keys: dict[str, Any] = {"solver.method": method, "solver.seed": seed}
        return load(path, keys | kind)


def rows(options: Namespace) -> Iterator[dict[str, Any]]:
    """Yield the way and what it reaches, of each case."""
    ways: list[tuple[str, str | int]] = [("rbf-fd", "")]
    names = (*options.features, *options.weights)
    ways += [(method, name) for method in options.methods for name in names]
    for case in options.only or CASES:
        for method, features in ways:
            errors, seconds, weights = [], [], 0
            for seed in range(options.seeds if features else 1):
                solution = solve(posed(CASES[case], method, features, seed))
                (error,) = solution.accuracy.errors.relative_l2.values()
                errors.append(error)
                spent = solution.course.seconds
                seconds.append(spent["training"] if features else spent["solution"])
                weights = getattr(solution.answer, "size", 0)
            yield {
                "case": case,
                "method": f"{method} {features}".strip(),
                "error": float(np.median(errors)),
                "spread": max(errors) / min(errors),
                "weights": weights or None,
                "seconds": float(np.median(seconds)),
            }


COLUMNS = {
    "case": "<14",
    "method": "<14",
    "error": "9.1e",
    "spread": "7.1f",
    "weights": "9",
    "seconds": "8.1f",
}


def main() -> None:
    """Print the table."""
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--only", nargs="+", choices=CASES, help="cases")
    parser.add_argument("--methods", nargs="+", default=["pinn", "dt-pinn"], help="of networks")
    kinds = ("mlp", "grown")
    parser.add_argument("--features", nargs="*", choices=kinds, default=kinds, help="of networks")
    parser.add_argument("--weights", nargs="*", type=int, default=[], help="that it may have")
    parser.add_argument("--seeds", type=int, default=1, help="of networks: how many")
    options = parser.parse_args()
    report(options, (rows(options), COLUMNS))


if __name__ == "__main__":
    main()
