"""Small holes by `refine = "auto"`: uniform nodes, all that holes ask for, what is left to them.

Features gather nodes, and what they take the rest lacks; beyond twice the uniform spacing there
features ask for less (`pinnsolve.geometry.features`). The solution is a sum of logarithms of the
distance from the middles of the holes, so that it is steep where they are; errors are relative to
it, without its mean, medians over seeds of the nodes with the smallest and the largest.

    python benchmarks/refinement.py [--seeds 3] [--json FILE]
"""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from reporting import options_of, report

from pinnsolve import load, solve
from pinnsolve.geometry import features

TEXT = """\
[domain]
shape = "difference"
of = [{{ shape = "disk", radius = 1 }}, {holes}]
[nodes]
count = {count}
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) = 0"]
[[boundary]]
on = "all"
condition = "u = {exact}"
[exact]
u = "{exact}"
[solver]
method = "rbf-fd"
"""
SIX = [(0.5 * np.cos(t), 0.5 * np.sin(t)) for t in np.arange(6) * np.pi / 3]
CASES = {
    "six holes, 0.04": (SIX, 0.04, 2500),
    "six holes, 0.04, few": (SIX, 0.04, 1000),
    "a hole, 0.01": ([(0.3, 0.2)], 0.01, 1500),
}
# refinement, and the longest spacing elsewhere, in uniform ones
WAYS = {"uniform": ("", inf), "all": ("auto", inf), "left": ("auto", features.STRETCHED)}


def text_of(middles: list[tuple[float, float]], radius: float, count: int) -> str:
    """Return the problem file of a disk with holes."""
    holes = ", ".join(
        f'{{ shape = "disk", name = "h{i}", radius = {radius}, center = [{x:.6f}, {y:.6f}] }}'
        for i, (x, y) in enumerate(middles)
    )
    exact = " + ".join(f"log((x - ({x:.6f}))^2 + (y - ({y:.6f}))^2)/2" for x, y in middles)
    return TEXT.format(holes=holes, count=count, exact=exact)


def rows(seeds: int) -> Iterator[dict[str, Any]]:
    """Return errors for each case and way."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.toml"
        for case, (middles, radius, count) in CASES.items():
            path.write_text(text_of(middles, radius, count), encoding="utf-8")
            for way, (refine, most) in WAYS.items():
                errors = []
                for seed in range(seeds):
                    given = {"nodes.refine": refine} if refine else {}
                    features.STRETCHED = most  # the one thing that differs
                    try:
                        solution = solve(load(path, {**given, "nodes.seed": seed}))
                    except Exception as error:  # uniform nodes may not see a hole at all
                        yield {"case": case, "way": way, "note": type(error).__name__}
                        break
                    errors.append(solution.accuracy.errors.relative_l2["u"])
                else:
                    found = {"error": median(errors), "least": min(errors), "largest": max(errors)}
                    yield {"case": case, "way": way, "nodes": count, **found}


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    columns = {"case": "22s", "way": "8s", "nodes": "6d"}
    columns |= dict.fromkeys(("error", "least", "largest"), "9.1e")
    report(options, (rows(options.seeds), {**columns, "note": "16s"}))


if __name__ == "__main__":
    main()
