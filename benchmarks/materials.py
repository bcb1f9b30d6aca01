"""Materials side by side: error and condition by contrast, order and number of nodes.

    python -m benchmarks.materials [--networks METHOD]

Solves the shipped problems `two_materials` (a straight interface) and `circle_inclusion` (a round
one) by `rbf-fd`, steady and exact, for conductivities that differ by up to a million both ways,
and prints relative errors at the nodes, the observed order in the spacing, and the condition of
the matrix. With ``--networks dt-pinn`` or ``pinn`` it prints the errors of networks and of the
direct solution beside them, and what their errors were estimated to be, on 2,400 nodes.
"""

import sys
from pathlib import Path

import numpy as np

from pinnsolve import load
from pinnsolve import solve as solve_by_method
from pinnsolve.rbffd.solve import solve
from pinnsolve.references.exact import exact_at
from pinnsolve.setup import Setup
from pinnsolve.solution.norms import overall_l2

PROBLEMS = Path(__file__).parents[1] / "problems"
CONTRASTS = [(2, 1), (10, 1), (1, 10), (1e3, 1), (1, 1e3), (1e6, 1), (1, 1e6)]
COUNTS = [600, 2400]
KEYS = {
    "two_materials": ("region.0.constants.k", "region.1.constants.k"),
    "circle_inclusion": ("constants.k0", "constants.k1"),
}


def main() -> None:
    """Print the table."""
    print("problem            k         order   error at 600, 2400 nodes   observed   condition")
    for name, keys in KEYS.items():
        for contrast in CONTRASTS:
            for order in (2, 4, 6):
                errors = []
                for count in COUNTS:
                    settings = {"nodes.count": count, **dict(zip(keys, contrast, strict=True))}
                    setup = Setup(load(PROBLEMS / f"{name}.toml", settings))
                    found = solve(setup.problem, setup.discretisation(order), setup.placement)
                    values = found.fields.values[setup.nodes.rows]
                    exact = exact_at(setup.problem, setup.nodes)
                    assert exact is not None
                    errors.append(overall_l2(values, exact))
                observed = 2 * np.log(errors[0] / errors[1]) / np.log(COUNTS[1] / COUNTS[0])
                label = f"{contrast[0]:g}:{contrast[1]:g}"
                print(
                    f"{name:18} {label:9} {order}       {errors[0]:.1e}, {errors[1]:.1e}"
                    f"          {observed:4.1f}       {found.condition:.0e}",
                    flush=True,
                )


def of_networks(method: str) -> None:
    """Print the table of a method that trains networks."""
    print("problem            k         error      estimated  rbf-fd     seconds")
    for name, keys in KEYS.items():
        for contrast in CONTRASTS:
            settings = {"solver.method": method, **dict(zip(keys, contrast, strict=True))}
            solution = solve_by_method(load(PROBLEMS / f"{name}.toml", settings))
            found = solution.accuracy
            assert found.errors is not None
            assert found.estimate is not None
            assert found.baseline is not None
            assert found.baseline.relative_l2 is not None
            label = f"{contrast[0]:g}:{contrast[1]:g}"
            print(
                f"{name:18} {label:9} {found.errors.relative_l2_nodes['u']:.1e}"
                f"    {found.estimate.total['u'] or np.nan:.1e}"
                f"    {found.baseline.relative_l2['u']:.1e}"
                f"    {solution.course.seconds.get('training', np.nan):.1f}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--networks"]:
        of_networks(sys.argv[2])
    else:
        main()
